"""Cycles in which nothing happens may be passed over: nobody can tell."""

import re
from pathlib import Path

import pytest

from sim.machine import End
from sim.output.waves import CycleRange, Trace
from tests.programs.expected import Expected
from tests.sim.engines.native.machine.machines import bare, kernel

LAZY = Expected("lazy", "")
TIMER_SWEEP = Path(__file__).with_name("timer_sweep.S")


@pytest.mark.parametrize("latency", [1, 3, 40])
def test_waiting_for_the_kernel_is_passed_over_unseen(latency):
    forward, whole = (
        kernel(LAZY, engine="native", latency=latency, fast_forward=wanted, max_cycles=2_000_000)
        for wanted in (True, False)
    )

    assert forward.result[0] is End.FINISHED
    assert forward.result == whole.result
    assert whole.skipped == 0
    # Twelve faults, each of more than a thousand cycles of kernel.
    assert forward.skipped > 12_000


@pytest.mark.parametrize("name", ["counters", "interrupts", "rv64m", "svadu"])
@pytest.mark.parametrize("latency", [1, 50])
def test_programs_that_wait_or_count_run_alike(name, latency):
    forward, whole = (
        bare(name, engine="native", latency=latency, fast_forward=wanted)
        for wanted in (True, False)
    )

    assert forward.result[0] is End.FINISHED
    assert forward.result == whole.result


def test_sleep_until_the_timer_is_passed_over(tmp_path):
    forward, whole = (
        sleeper(tmp_path, engine="native", fast_forward=wanted) for wanted in (True, False)
    )

    assert forward.result == whole.result
    assert forward.skipped > 49_000


@pytest.mark.parametrize("latency", [1, 2, 7])
def test_the_timer_wakes_at_every_distance_from_a_look(latency):
    forward, whole = (
        bare(TIMER_SWEEP, engine="native", latency=latency, fast_forward=wanted)
        for wanted in (True, False)
    )

    # RAM is part of the result, and with it the table of when each sleep ended.
    assert forward.result == whole.result
    assert forward.result[0] is End.FINISHED
    assert forward.skipped > 1_000
    if latency == 1:
        assert forward.cycles == 51_472


@pytest.mark.parametrize("limit", [49_000, 49_001, 49_015, 49_016, 49_017])
def test_a_limit_inside_of_a_sleep_is_kept_to_the_cycle(tmp_path, limit):
    forward, whole = (
        sleeper(tmp_path, engine="native", fast_forward=wanted, max_cycles=limit)
        for wanted in (True, False)
    )

    assert forward.result == whole.result
    assert (forward.result[0], forward.cycles) == (End.LIMIT, limit)


def test_a_sleep_without_end_ends_at_the_budget(tmp_path):
    outcome = sleeper(tmp_path, wake=False, engine="native")

    assert outcome.result[0] is End.LIMIT
    assert outcome.cycles == 150_000


def test_the_waveform_is_the_same(tmp_path):
    forward, whole = (waveform(tmp_path / f"{wanted}.vcd", wanted) for wanted in (True, False))

    assert len(whole) > 100_000
    assert forward == whole


def waveform(path, fast_forward):
    """A window that opens and closes while the hart waits for the kernel."""
    trace = Trace(path, CycleRange(4_500, 6_500))
    kernel(LAZY, engine="native", traced=True, fast_forward=fast_forward, watchers=[trace])
    return re.sub(r"\$date.*?\$end", "", path.read_text(), count=1, flags=re.DOTALL)


SLEEPER = """
    .section .text._start, "ax"
    .globl _start
_start:
    li t0, 1 << 63          // menvcfg.STCE
    csrw menvcfg, t0
    li t0, 1 << 5           // STI, which M-mode does not take but wakes up for
    csrw mie, t0
    li t0, -1
    csrw stimecmp, t0
#if WAKE
    rdtime t0
    li t1, 50000
    add t0, t0, t1
    csrw stimecmp, t0
#endif
    wfi
    rdtime s0
    rdcycle s1
    li t0, 1
    la t1, tohost
    sd t0, 0(t1)
1:  j 1b
    .section .tohost, "aw"
    .globl tohost
tohost: .dword 0
"""


def sleeper(folder, *, wake=True, max_cycles=150_000, **config):
    source = folder / "sleeper.S"
    source.write_text(SLEEPER)
    return bare(source, defines={"WAKE": int(wake)}, max_cycles=max_cycles, **config)
