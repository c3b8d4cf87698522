"""The counters of events alone: what they count, and what is written and read there."""

import random

import pytest

from hdl.events import Event
from hdl.priv.monitors import Monitors
from tests.support import simulate

SEED = 1
EVENTS = len(Event)
ONES = (1 << 64) - 1


def run(testbench, counters=3):
    dut = Monitors(counters=counters)

    async def bench(ctx):
        await testbench(ctx, dut)

    simulate(dut, bench)


async def write(ctx, dut, what, number, data):
    ctx.set(dut.number, number)
    ctx.set(dut.data, data)
    ctx.set(getattr(dut, f"write_{what}"), 1)
    await ctx.tick()
    ctx.set(getattr(dut, f"write_{what}"), 0)


async def settle(ctx, dut):
    """One more cycle, without events, at the end of which the one before has been counted."""
    ctx.set(dut.events, 0)
    await ctx.tick()


def read(ctx, dut, what, number):
    ctx.set(dut.number, number)
    return ctx.get(getattr(dut, what))


@pytest.mark.parametrize("counters", [-1, 30, "4"])
def test_numbers_of_counters(counters):
    with pytest.raises(ValueError, match=f"hpm_counters must be 0 to 29, not {counters!r}"):
        Monitors(counters=counters)


def test_all_is_0_after_reset_and_then_nothing_counts():
    async def testbench(ctx, dut):
        ctx.set(dut.events, (1 << EVENTS) - 1)
        await ctx.tick().repeat(3)
        for number in range(32):
            assert read(ctx, dut, "counter", number) == read(ctx, dut, "selection", number) == 0

    run(testbench)


@pytest.mark.parametrize("counters", [1, 4, 29])
def test_what_is_there_keeps_what_is_written_and_the_rest_reads_0(counters):
    async def testbench(ctx, dut):
        for number in range(3, 32):
            await write(ctx, dut, "selection", number, ONES)
            await write(ctx, dut, "counter", number, ONES - number)
        for number in range(32):
            there = 3 <= number < 3 + counters
            assert read(ctx, dut, "selection", number) == there * ((1 << EVENTS) - 1)
            assert read(ctx, dut, "counter", number) == there * (ONES - number)

    run(testbench, counters)


def test_it_counts_cycles_with_any_of_the_events_that_are_selected():
    async def testbench(ctx, dut):
        await write(ctx, dut, "selection", 3, 0b0110)
        await write(ctx, dut, "selection", 5, 0b1000)
        for events in (0b0001, 0b0010, 0b0110, 0b1100, 0b0100, 0):
            ctx.set(dut.events, events)
            await ctx.tick()
        await settle(ctx, dut)
        assert [read(ctx, dut, "counter", number) for number in (3, 4, 5)] == [4, 0, 1]

    run(testbench)


def test_inhibited_counters_stand_still_but_can_be_written():
    async def testbench(ctx, dut):
        for number in (3, 4):
            await write(ctx, dut, "selection", number, 1)
        ctx.set(dut.inhibit, 1 << 3)
        ctx.set(dut.events, 1)
        await ctx.tick().repeat(5)
        await write(ctx, dut, "counter", 3, 100)
        await ctx.tick()
        await settle(ctx, dut)
        assert (read(ctx, dut, "counter", 3), read(ctx, dut, "counter", 4)) == (100, 7)

    run(testbench)


def test_a_cycle_is_counted_at_the_end_of_the_next_one():
    async def testbench(ctx, dut):
        await write(ctx, dut, "selection", 3, 0b1)
        counts = []
        for events in (1, 0, 1, 1, 0, 0):
            ctx.set(dut.events, events)
            await ctx.tick()
            counts.append(read(ctx, dut, "counter", 3))
        assert counts == [0, 1, 1, 2, 3, 3]

    run(testbench)


def test_a_write_replaces_the_increment_and_a_selection_acts_in_the_next_cycle():
    async def testbench(ctx, dut):
        ctx.set(dut.events, 0b01)
        await write(ctx, dut, "selection", 3, 0b01)
        assert read(ctx, dut, "counter", 3) == 0
        await write(ctx, dut, "counter", 3, 1000)
        assert read(ctx, dut, "counter", 3) == 1000
        await write(ctx, dut, "selection", 3, 0b10)
        # Neither the cycle of the write nor the one before it is added to what was written.
        assert read(ctx, dut, "counter", 3) == 1000
        await ctx.tick().repeat(2)
        assert read(ctx, dut, "counter", 3) == 1000

    run(testbench)


def test_counters_wrap():
    async def testbench(ctx, dut):
        ctx.set(dut.events, 1)
        await write(ctx, dut, "selection", 4, 1)
        await write(ctx, dut, "counter", 4, ONES)
        await ctx.tick().repeat(2)
        await settle(ctx, dut)
        assert read(ctx, dut, "counter", 4) == 1

    run(testbench)


def test_random_events_against_sums():
    rng = random.Random(SEED)
    masks = {number: rng.getrandbits(EVENTS) & rng.getrandbits(EVENTS) for number in (3, 4, 5)}
    cycles = [rng.getrandbits(EVENTS) & rng.getrandbits(EVENTS) & 0xFF00FF for _ in range(200)]

    async def testbench(ctx, dut):
        for number, mask in masks.items():
            await write(ctx, dut, "selection", number, mask)
        for events in cycles:
            ctx.set(dut.events, events)
            await ctx.tick()
        await settle(ctx, dut)
        for number, mask in masks.items():
            expected = sum(bool(events & mask) for events in cycles)
            assert read(ctx, dut, "counter", number) == expected, f"seed {SEED}"

    run(testbench)
