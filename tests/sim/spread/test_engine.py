"""Tasks in this process: as any engine carries them."""

import pytest

from sim.spread.engine import Alone, Lost, reason
from tests.sim.spread.errands import Errands


def test_each_task_has_its_result_and_a_kind_is_made_once(tmp_path):
    tasks = [("a red", 1), ("a blue", 2), ("a red", 3), ("a", 4)]

    found = list(Alone().results(Errands(tmp_path), tasks, kinds=["red"]))

    assert found == [
        (("a red", 1), (1, "RED")),
        (("a blue", 2), (2, "BLUE")),
        (("a red", 3), (3, "RED")),
        (("a", 4), (4, None)),
    ]
    assert (tmp_path / "red").read_text() == "x"


def test_what_cannot_be_made_is_the_matter_of_its_tasks_alone(tmp_path):
    tasks = [("a unmakable", 1), ("a", 2)]

    found = [result for _, result in Alone().results(Errands(tmp_path), tasks)]

    assert found == [Lost("ValueError: cannot be made"), (2, None)]


def test_what_a_task_raises_is_raised(tmp_path):
    with pytest.raises(KeyError):
        list(Alone().results(Errands(tmp_path), [("failing", 1)]))


def test_an_exception_is_one_line():
    assert reason(ValueError("a\nb")) == "ValueError: a"
    assert reason(TimeoutError()) == "TimeoutError"
