"""What a point's row says is what a run says, and a failure is a row."""

import pytest

from sim import run
from sim.sweep.measure import Runs
from sim.sweep.spec import Point, read_spec
from sim.sweep.sweep import find_programs
from tests.sim.sweep.specs import written


@pytest.fixture(scope="module")
def work(tmp_path_factory):
    return Runs(find_programs(read_spec(written(tmp_path_factory.mktemp("sweep")))))


def test_a_row_is_that_of_a_run(work):
    row = work.do(Point(1, {"memory_mib": 8, "svadu": True}, "lazy", (), 10**6), {})

    result = run("lazy", memory_mib=8, svadu=True)
    assert row["error"] == ""
    assert (row["end"], row["exit_status"]) == ("finished", 0)
    assert (row["cycles"], row["instructions"]) == (result.cycles, result.instructions)
    assert row["page_faults_first_touches"] == len(result.faults)
    assert row["memory_frames_at_most"] == result.frames_used
    assert row["translation_data_TLB_misses"] > 0


def test_a_row_says_what_has_become_of_faults_on_command(work):
    def do(**faults):
        return work.do(Point(1, {"memory_mib": 8, **faults}, "lazy", (), 10**6), {})

    row = do(fail=("kalloc:9", "kalloc:900"))
    assert row["error"] == ""
    assert row["exit_status"] == 255
    happened, late = row["injected"].split(" | ")
    assert happened.startswith("--fail kalloc:9: cycle ")
    assert happened.endswith("the page fault at 0x24ff8 is refused (no frame)")
    assert late.startswith("--fail kalloc:900: only ")
    assert "injected" not in do(fail=())


@pytest.mark.parametrize(
    "parameters, max_cycles, error",
    [
        ({}, 1000, "not finished after 1,000 cycles"),
        ({"policy": "no"}, 10**6, "ConfigError: policy "),
        ({"memory_mib": 0}, 10**6, "ConfigError: memory_mib "),
    ],
)
def test_a_failure_is_a_row(work, parameters, max_cycles, error):
    point = Point(1, {"memory_mib": 8, **parameters}, "lazy", (), max_cycles)
    assert work.do(point, {})["error"].startswith(error)


def test_a_panic_is_a_failure(work, monkeypatch):
    from kernel_model.facts.panic import KernelPanic
    from kernel_model.mm import lazy

    def panic(*arguments, **options):
        raise KernelPanic("at the first touch")

    monkeypatch.setattr(lazy.Lazy, "fault", panic)
    row = work.do(Point(1, {"memory_mib": 8}, "lazy", (), 10**6), {})
    assert row["error"] == "panic: at the first touch"


def test_points_are_of_a_kind_if_they_share_what_is_compiled(work):
    def kind(**parameters):
        return work.kind(Point(1, parameters, "lazy", (), 1))

    assert kind(dtlb_entries=4) != kind(dtlb_entries=8)
    assert kind(memory_mib=8) != kind(memory_mib=16)
    assert kind(check=True) != kind(check=False)
    assert kind(latency=1, policy="cow", svadu=True) == kind(latency=9)
