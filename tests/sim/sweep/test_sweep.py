"""A sweep that is interrupted goes on, and does nothing twice."""

from contextlib import contextmanager

import pytest

from sim.host.toolchain import ToolchainError
from sim.spread.engine import Alone, Lost, SpreadError
from sim.sweep.ledger import Ledger
from sim.sweep.spec import read_spec
from sim.sweep.sweep import complete, find_programs, plan
from tests.sim.sweep.specs import SMALL, written


class Interrupted(Alone):
    """An engine that carries so many tasks, and then no more."""

    def __init__(self, most):
        self.left, self.carried = most, []

    def results(self, work, tasks, **options):
        for task, result in super().results(work, tasks, **options):
            if not self.left:
                raise SpreadError("all are gone")
            self.left -= 1
            self.carried.append(task.number)
            yield task, result


def swept(spec, programs, path, engine, **options):
    """Goes on with the sweep in `path`; returns its rows."""

    @contextmanager
    def opened(count):
        yield engine

    with Ledger.opened(path) as ledger:
        planned = plan(spec, programs, ledger, **options)
        try:
            complete(planned, ledger, opened)
        except SpreadError:
            return None
        return planned.rows(ledger)


def test_what_is_interrupted_goes_on_and_has_the_same_table(tmp_path):
    spec = read_spec(written(tmp_path))
    programs = find_programs(spec)
    first, second, third = Interrupted(2), Interrupted(9), Interrupted(9)

    assert swept(spec, programs, tmp_path / "1.jsonl", first) is None
    rows = swept(spec, programs, tmp_path / "1.jsonl", second)
    whole = swept(spec, programs, tmp_path / "2.jsonl", third)

    assert rows == whole
    assert [row["point"] for row in rows] == [1, 2, 3, 4]
    assert {row["error"] for row in rows} == {""}
    assert sorted(first.carried + second.carried) == sorted(third.carried) == [1, 2, 3, 4]


class Deadly(Alone):
    """Each task takes its workers with it."""

    def results(self, work, tasks, **options):
        return ((task, Lost("3 workers have died of it")) for task in tasks)


def test_a_failure_is_done_until_it_is_to_be_retried(tmp_path):
    spec = read_spec(written(tmp_path))
    programs, path = find_programs(spec), tmp_path / "points.jsonl"

    rows = swept(spec, programs, path, Deadly())
    assert [row["error"] for row in rows] == ["3 workers have died of it"] * 4
    assert "cycles" not in rows[0]
    assert swept(spec, programs, path, Interrupted(0)) == rows
    again = swept(spec, programs, path, Alone(), retry=True)
    assert {row["error"] for row in again} == {""}


def test_points_of_one_hart_stand_together(tmp_path):
    text = SMALL.replace("[hart]\nlatency = [4, 8]\n", "").replace(
        "[[run]]", "[hart]\ndtlb_entries = [4, 8]\n[[run]]"
    )
    spec = read_spec(written(tmp_path, text))
    with Ledger.opened(tmp_path / "points.jsonl") as ledger:
        planned = plan(spec, find_programs(spec), ledger)
    assert planned.harts == 2
    assert [point.parameters["dtlb_entries"] for _, point in planned.todo] == [4, 4, 8, 8]


def test_programs_are_sought_beside_the_file_and_called_by_their_names(tmp_path):
    (tmp_path / "mine.c").write_text('#include "user.h"\nint main(void) { return 3; }\n')
    spec = read_spec(written(tmp_path, '[[run]]\nprogram = "mine.c"\n[[run]]\nprogram = "echo"\n'))

    programs = find_programs(spec)

    assert {key: each.name for key, each in programs.items()} == {"mine.c": "mine", "echo": "echo"}
    absent = read_spec(written(tmp_path, '[[run]]\nprogram = "nothere"\n'))
    with pytest.raises(ToolchainError, match="nothere"):
        find_programs(absent)
