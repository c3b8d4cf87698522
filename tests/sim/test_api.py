import pytest

import sim
from sim import End, RunConfig, run, start, start_bare
from sim.config import ConfigError
from tests.hdl.programs import ASM, build


def test_a_program_is_run_by_a_call():
    result = run("wc", stdin="one two\n", memory_mib=8)
    assert (result.end, result.exit_status, result.output) == (End.FINISHED, 0, b"1 2 8 \n")


def test_parameters_may_come_from_a_configuration_and_by_name():
    slow = RunConfig(latency=3, memory_mib=8)
    by_name = run("hello", latency=3, memory_mib=8)
    assert run("hello", config=slow).cycles == by_name.cycles
    assert run("hello", config=slow, kernel_cost="zero").cycles < by_name.cycles


def test_a_kernel_that_is_eager_has_no_page_faults_and_takes_more_frames():
    lazy, eager = (run("args", "a", policy=policy, memory_mib=8) for policy in ("lazy", "eager"))
    assert (eager.exit_status, eager.output) == (lazy.exit_status, lazy.output)
    assert (len(eager.faults), eager.heap_frames_used) == (0, 0)
    assert run("lazy", policy="eager", memory_mib=8).frames_used > 64


def test_a_hart_with_memory_protection_runs_what_one_without_does():
    """The trampoline opens all of memory to the kernel and its processes."""
    without, protected = (run("hello", pmp_entries=entries, memory_mib=8) for entries in (0, 8))
    assert (protected.exit_status, protected.output) == (0, without.output)
    assert protected.cycles - without.cycles == 6, "four CSR writes in place of a trap"


def test_a_run_without_end_is_bounded():
    assert run("lazy", max_cycles=1_000, memory_mib=8).end is End.LIMIT


@pytest.mark.parametrize("tick, ticks", [(2_000_000_001, 1), (10**9, 1000), (1 << 60, 7)])
def test_long_sleeps_are_passed_over(tick, ticks):
    result = run("sleep", str(ticks), tick=tick, memory_mib=8)
    assert (result.end, result.exit_status) == (End.FINISHED, 0)
    assert tick * (ticks - 1) < result.idle_cycles < tick * (ticks + 1)


def test_a_run_may_be_driven():
    with start("lazy", memory_mib=8) as session:
        session.run(5_000)
        assert len(session.result().faults) == 2


def test_so_may_a_bare_one():
    with start_bare(build(ASM / "rv64a.S")) as session:
        assert session.run(100_000) is End.FINISHED
        assert session.result().exit_status == 0


def test_a_name_that_is_no_parameter_is_refused():
    with pytest.raises(ConfigError, match="^dtlb must be one of memory_mib"):
        run("hello", dtlb=4)


def test_the_package_has_what_it_says():
    for name in sim.__all__:
        assert getattr(sim, name) is not None
    with pytest.raises(AttributeError, match="has no attribute 'nothing'"):
        _ = sim.nothing
