"""What machine.cpp keeps of the retire port, and when it is full."""

import ctypes
import random

import pytest

from hdl.arch import PAGE_FAULTS
from sim.engines.native.machine.structs import BUDGET, LOG, RETIRED
from sim.engines.traps import MOST_EXPECTED, TrapLog
from tests.sim.engines.native.machine.handmade import Bench

CYCLES = 9_000
#: Causes after which an instruction is expected to retire, a bit each.
EXPECTING = sum(1 << cause for cause in PAGE_FAULTS)


def script(entries):
    """A hart that retires `entries[cycle]` in its cycle."""

    def hart(bench):
        if bench.cycle in entries:
            bench.retire(**entries[bench.cycle])

    return hart


def fault(pc, cause=13, mode=0):
    return {"trap": 1, "pc": pc, "cause": cause, "mode": mode, "tval": pc ^ 0xFF}


def log(bench):
    """The entries of the log; (cycle, pc) of instructions that were expected."""
    for entry in bench.machine.log[: bench.machine.logged]:
        if entry.cause == RETIRED:
            yield entry.cycle, entry.pc
        else:
            yield entry.cycle, entry.pc, entry.cause, entry.tval, entry.mode


def expected(bench):
    """Where an instruction is expected to retire."""
    return list(bench.machine.expected[: bench.machine.expected_count])


def reached(bench):
    return [entry for entry in log(bench) if len(entry) == 2]


def bench_of(entries, **fields):
    return Bench(script(entries), expecting=EXPECTING, **fields)


def test_instructions_are_counted_and_traps_recorded():
    entries = {2: {"pc": 4}, 3: fault(8, cause=2, mode=1), 5: {"pc": 12, "mode": 3}, 6: fault(16)}
    bench = bench_of(entries)

    bench.run(10)

    assert (bench.machine.instructions, bench.machine.user_instructions) == (2, 1)
    assert bench.machine.trap_count == 2
    assert list(log(bench)) == [(3, 8, 2, 8 ^ 0xFF, 1), (6, 16, 13, 16 ^ 0xFF, 0)]


@pytest.mark.parametrize("cause", [*range(17), 64 + 13])
@pytest.mark.parametrize("mode", [0, 1, 3])
def test_after_certain_causes_in_user_mode_the_instruction_is_expected(cause, mode):
    waits = mode == 0 and cause in (12, 13, 15)
    bench = bench_of({1: fault(0x40, cause, mode), 5: {"pc": 0x40}})
    bench.run(3)
    assert expected(bench) == ([0x40] if waits else [])
    bench.run(5)
    assert reached(bench) == ([(5, 0x40)] if waits else [])
    assert expected(bench) == []


def test_only_that_instruction_is_told_of_and_only_in_user_mode():
    # 128 bytes on the filter, which has a bit for every second byte, knows no difference.
    others = {2: {"pc": 0x40 + 128}, 3: {"pc": 0x42}, 4: {"pc": 0x40, "mode": 1}, 5: fault(0x40, 2)}
    bench = bench_of({1: fault(0x40), **others, 6: {"pc": 0x40}, 7: {"pc": 0x40}})
    bench.run(6)
    assert (reached(bench), expected(bench)) == ([], [0x40])
    bench.run(2)
    assert (reached(bench), expected(bench)) == ([(6, 0x40)], [])


def test_each_is_told_of_once_and_the_others_are_still_expected():
    pcs = [0x10, 0x20, 0x10, 0x90, 0x30]
    entries = {number: fault(pc) for number, pc in enumerate(pcs)}
    bench = bench_of({**entries, 10: {"pc": 0x10}, 11: {"pc": 0x90}, 12: {"pc": 0x20}})
    bench.run(11)
    assert reached(bench) == [(10, 0x10)]
    assert expected(bench) == [0x20, 0x90, 0x30]
    bench.run(2)
    assert reached(bench)[1:] == [(11, 0x90), (12, 0x20)]
    assert expected(bench) == [0x30]


@pytest.mark.parametrize("bit", range(64))
def test_the_filter_has_a_bit_for_every_place(bit):
    pc = 2 * bit
    bench = bench_of({0: fault(pc), 1: fault(pc + 2), 2: {"pc": pc + 2}, 3: {"pc": pc}})
    bench.run(1)
    assert bench.machine.expected_filter == 1 << bit
    bench.run(1)
    assert bench.machine.expected_filter == 1 << bit | 1 << (bit + 1) % 64
    bench.run(1)
    assert bench.machine.expected_filter == 1 << bit
    bench.run(1)
    assert bench.machine.expected_filter == 0
    assert len(reached(bench)) == 2


def test_a_full_log_ends_the_run():
    bench = Bench(lambda bench: bench.retire(**fault(4 * bench.cycle, cause=2)))
    assert bench.run(5000) == BUDGET
    assert (bench.cycle, bench.machine.logged) == (LOG, LOG)
    bench.machine.logged = 0
    bench.run(10)
    assert next(log(bench))[:2] == (LOG, 4 * LOG)
    assert bench.machine.trap_count == LOG + 10


def test_every_record_is_handed_on_in_its_cycle():
    told = []
    taker = ctypes.CFUNCTYPE(None, ctypes.c_void_p)(lambda machine: told.append(bench.cycle))
    bench = Bench(script({1: {"pc": 4}, 3: fault(8), 4: {"pc": 12, "mode": 3}}))
    bench.machine.record = ctypes.cast(taker, ctypes.c_void_p).value
    bench.run(6)
    assert told == [1, 3, 4]


@pytest.mark.parametrize("more", [0, 1, 3])
def test_the_oldest_of_too_many_are_not_expected_any_more(more):
    last = MOST_EXPECTED + more
    bench = Bench(lambda bench: bench.retire(**fault(4 * bench.cycle)), expecting=EXPECTING)
    while bench.cycle < last:
        bench.run(last - bench.cycle)
        bench.machine.logged = 0
    assert expected(bench) == [4 * n for n in range(more, last)]


@pytest.mark.parametrize("places", [100, 5000])
def test_random_traps_are_logged_as_in_python(places):
    choose, direct = random.Random(3), TrapLog()
    entries = {}
    for cycle in range(CYCLES):
        pc, mode = 2 * choose.randrange(places), choose.choice((0, 0, 0, 1, 3))
        if choose.random() < 0.5:
            entry = entries[cycle] = fault(pc, choose.choice((2, 12, 13, 15)), mode)
            direct.trapped(cycle, pc, entry["cause"], entry["tval"], mode)
        elif choose.random() < 0.5:
            entries[cycle] = {"pc": pc, "mode": mode}
            direct.retired(cycle, pc, mode)
    bench, found = bench_of(entries), TrapLog()
    while bench.cycle < CYCLES:
        bench.run(CYCLES - bench.cycle)
        for entry in log(bench):
            (found.reached if len(entry) == 2 else found.trapped)(*entry)
        bench.machine.logged = 0
    assert found.traps == direct.traps
    assert found.expected == direct.expected
    assert list(found.expected) == expected(bench)
    assert (len(found.expected) == MOST_EXPECTED) == (places > MOST_EXPECTED)
    assert bench.machine.user_instructions == direct.user_instructions
    assert bench.machine.instructions == direct.instructions
