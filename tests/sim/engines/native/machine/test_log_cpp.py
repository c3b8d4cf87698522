"""What machine.cpp keeps of the retire port, and when it is full."""

import random

import pytest

from sim.engines.base import TrapLog
from sim.engines.native.machine.structs import BUDGET
from tests.sim.engines.native.machine.handmade import Bench

LOG = WAITING = 1024


def script(entries):
    """A hart that retires `entries[cycle]` in its cycle."""

    def hart(bench):
        if bench.cycle in entries:
            bench.retire(**entries[bench.cycle])

    return hart


def fault(pc, cause=13, mode=0):
    return {"trap": 1, "pc": pc, "cause": cause, "mode": mode, "tval": pc ^ 0xFF}


def traps(bench):
    machine = bench.machine
    return [(trap.cycle, trap.pc, trap.cause, trap.tval, trap.mode)
            for trap in machine.traps[: machine.trap_count]]  # fmt: skip


def retries(bench):
    """(number of the trap, cycle) of each."""
    machine = bench.machine
    return [(retry.number, retry.cycle) for retry in machine.retries[: machine.retry_count]]


def waiting(bench):
    """(pc, number of the trap) of the faults whose instruction has not retired."""
    machine = bench.machine
    return [(entry.pc, entry.number) for entry in machine.waiting[: machine.waiting_count]]


def test_instructions_are_counted_and_traps_recorded():
    entries = {2: {"pc": 4}, 3: fault(8, cause=2, mode=1), 5: {"pc": 12, "mode": 3}, 6: fault(16)}
    bench = Bench(script(entries))

    bench.run(10)

    assert (bench.machine.instructions, bench.machine.user_instructions) == (2, 1)
    assert bench.machine.trap_number == 2
    assert traps(bench) == [(3, 8, 2, 8 ^ 0xFF, 1), (6, 16, 13, 16 ^ 0xFF, 0)]


@pytest.mark.parametrize("cause", range(17))
@pytest.mark.parametrize("mode", [0, 1, 3])
def test_page_faults_of_user_mode_wait_for_their_instruction(cause, mode):
    waits = mode == 0 and cause in (12, 13, 15)
    bench = Bench(script({1: fault(0x40, cause, mode), 5: {"pc": 0x40}}))
    bench.run(3)
    assert waiting(bench) == ([(0x40, 0)] if waits else [])
    bench.run(5)
    assert retries(bench) == ([(0, 5)] if waits else [])
    assert waiting(bench) == []


def test_only_their_own_instruction_ends_it_and_only_in_user_mode():
    # 128 bytes on the filter, which has a bit for every second byte, knows no difference.
    others = {2: {"pc": 0x40 + 128}, 3: {"pc": 0x42}, 4: {"pc": 0x40, "mode": 1}, 5: fault(0x40, 2)}
    bench = Bench(script({1: fault(0x40), **others, 6: {"pc": 0x40}}))
    bench.run(6)
    assert (retries(bench), waiting(bench)) == ([], [(0x40, 0)])
    bench.run(1)
    assert (retries(bench), waiting(bench)) == ([(0, 6)], [])


def test_all_that_wait_for_an_instruction_end_with_it_and_the_others_wait_on():
    pcs = [0x10, 0x20, 0x10, 0x90, 0x30]
    entries = {number: fault(pc) for number, pc in enumerate(pcs)}
    bench = Bench(script({**entries, 10: {"pc": 0x10}, 11: {"pc": 0x90}, 12: {"pc": 0x20}}))
    bench.run(11)
    assert retries(bench) == [(0, 10), (2, 10)]
    assert waiting(bench) == [(0x20, 1), (0x90, 3), (0x30, 4)]
    bench.run(2)
    assert retries(bench)[2:] == [(3, 11), (1, 12)]
    assert waiting(bench) == [(0x30, 4)]


@pytest.mark.parametrize("bit", range(64))
def test_the_filter_has_a_bit_for_every_place(bit):
    pc = 2 * bit
    bench = Bench(script({0: fault(pc), 1: fault(pc + 2), 2: {"pc": pc + 2}, 3: {"pc": pc}}))
    bench.run(1)
    assert bench.machine.waiting_filter == 1 << bit
    bench.run(1)
    assert bench.machine.waiting_filter == 1 << bit | 1 << (bit + 1) % 64
    bench.run(1)
    assert bench.machine.waiting_filter == 1 << bit
    bench.run(1)
    assert bench.machine.waiting_filter == 0
    assert len(retries(bench)) == 2


def test_a_full_log_ends_the_run():
    bench = Bench(lambda bench: bench.retire(**fault(4 * bench.cycle, cause=2)))
    assert bench.run(5000) == BUDGET
    assert (bench.cycle, bench.machine.trap_count) == (LOG, LOG)
    bench.machine.trap_count = 0
    bench.run(10)
    assert traps(bench)[0][:2] == (LOG, 4 * LOG)
    assert bench.machine.trap_number == LOG + 10


def test_so_does_a_log_of_retries_that_is_half_full():
    def hart(bench):
        pc = bench.cycle // 2 * 4
        bench.retire(**({"pc": pc} if bench.cycle % 2 else fault(pc)))

    bench = Bench(hart)
    bench.run(5000)
    assert bench.machine.retry_count == LOG // 2 + 1
    assert retries(bench)[-1] == (LOG // 2, bench.cycle - 1)
    assert bench.cycle == LOG + 2


@pytest.mark.parametrize("more", [0, 1, 3])
def test_the_oldest_of_too_many_that_wait_are_forgotten(more):
    bench = Bench(lambda bench: bench.retire(**fault(4 * bench.cycle)))
    while bench.cycle < WAITING + more:
        bench.run(WAITING + more - bench.cycle)
        bench.machine.trap_count = 0
    assert waiting(bench) == [(4 * n, n) for n in range(more, WAITING + more)]


def test_more_retries_at_once_than_there_is_room_for_come_with_the_next_time():
    """Every one that waits is for the same instruction; half a log of others is there already."""
    bench = Bench(script({0: {"pc": 0x40}, 1: {"pc": 0x40}}))
    machine = bench.machine
    for number in range(WAITING):
        machine.waiting[number].pc, machine.waiting[number].number = 0x40, number
    machine.waiting_count, machine.waiting_filter = WAITING, 1 << 32
    machine.retry_count = 500

    bench.run(100)

    assert (bench.cycle, machine.retry_count) == (1, LOG)
    assert retries(bench)[500:] == [(number, 0) for number in range(LOG - 500)]
    assert waiting(bench) == [(0x40, number) for number in range(LOG - 500, WAITING)]
    machine.retry_count = 0
    bench.run(1)
    assert retries(bench) == [(number, 1) for number in range(LOG - 500, WAITING)]


def test_random_traps_are_logged_as_in_python():
    choose, log = random.Random(3), TrapLog()
    entries = {}
    for cycle in range(3000):
        pc, mode = 2 * choose.randrange(100), choose.choice((0, 0, 0, 1, 3))
        if choose.random() < 0.3:
            entry = entries[cycle] = fault(pc, choose.choice((2, 12, 13, 15)), mode)
            log.trapped(cycle, pc, entry["cause"], entry["tval"], mode)
        elif choose.random() < 0.5:
            entries[cycle] = {"pc": pc, "mode": mode}
            log.retired(cycle, pc, mode)
    bench, found = Bench(script(entries)), TrapLog()
    while bench.cycle < 3000:
        bench.run(3000 - bench.cycle)
        for trap in traps(bench):
            found.add(*trap)
        for number, cycle in retries(bench):
            found.traps[number].retried_at = cycle
        bench.machine.trap_count = bench.machine.retry_count = 0
    assert found.traps == log.traps
    assert bench.machine.user_instructions == log.user_instructions
    assert bench.machine.instructions == log.instructions
