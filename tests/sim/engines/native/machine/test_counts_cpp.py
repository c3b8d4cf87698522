"""counts.cpp counts the bits of a word of the state in every cycle, also in those passed over."""

import random

import pytest

from sim.engines.native.machine import structs
from tests.sim.engines.native.machine.handmade import COMPARE, EVENTS, OTHER, Bench

CYCLES = 500
WIDTH = 33


def counts(bench):
    return list(bench.machine.counts.of[: structs.EVENTS])


@pytest.mark.parametrize("seed", range(3))
def test_every_bit_of_every_cycle_is_counted(seed):
    rng = random.Random(seed)
    words = [rng.getrandbits(WIDTH) & rng.getrandbits(WIDTH) for _ in range(CYCLES)]
    shown = iter(words)

    def hart(bench):
        bench.state[EVENTS] = next(shown)

    bench = Bench(hart, counts=True)
    bench.run(CYCLES)

    expected = [sum(word >> bit & 1 for word in words) for bit in range(structs.EVENTS)]
    assert counts(bench) == expected
    assert sum(expected) > CYCLES


def test_nothing_is_counted_unasked():
    def hart(bench):
        bench.state[EVENTS] = ~0

    bench = Bench(hart)
    bench.run(CYCLES)

    assert not any(counts(bench))


@pytest.mark.parametrize("forward", [False, True])
def test_what_stands_still_happens_in_every_cycle_that_is_passed_over(forward):
    """As a stall does while memory takes its time."""

    def hart(bench):
        bench.state[OTHER] = bench.cycle >= 900
        bench.state[EVENTS] = 0b101 if bench.cycle < 900 else 0

    bench = Bench(hart, counts=True, forward=forward)
    bench.state[COMPARE] = 900
    bench.run(1000)

    assert bench.cycle == 1000
    assert (bench.machine.skipped > 500) == forward
    assert counts(bench)[:4] == [900, 0, 900, 0]
