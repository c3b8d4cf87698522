"""Runs of benchmark programs: they end well, or the benchmark says that they did not."""

import pytest

from sim.bench.runs import BenchError, bare_run, kernel_run
from sim.config import MachineConfig, RunConfig
from sim.host.programs import build_bare, build_user, programs_directory

CONFIG = MachineConfig(memory_mib=4, fast_forward=False)


@pytest.fixture(scope="module")
def loop():
    return build_bare(programs_directory() / "bench" / "speed.S", {"TURNS": 50})


def test_a_run_to_the_end_is_timed(loop):
    run = bare_run(loop, CONFIG)

    assert run.start() is run
    assert run.session.exit_code == 0
    assert run.hz == pytest.approx(run.machine.engine.cycle / run.seconds)


def test_a_run_for_some_cycles_stops_there(loop):
    run = bare_run(loop, CONFIG)

    run.start(300, finish=False)

    assert run.machine.engine.cycle == 300


def test_a_program_that_does_not_end_in_time_is_an_error(loop):
    run = bare_run(loop, CONFIG)

    with pytest.raises(BenchError, match=r"^speed.* ended at cycle 300: limit"):
        run.start(300)


def test_a_program_under_the_kernel_tells_its_status():
    config = RunConfig(memory_mib=4, kernel_cost="zero", programs=False)
    run = kernel_run(build_user(programs_directory() / "hello.c"), config).start()

    assert run.session.exit_code == 0
    assert run.session.guest.finished
