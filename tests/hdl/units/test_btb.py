"""The branch target buffer against dictionaries of one entry per index."""

import random

import pytest

from hdl.units.btb import TAG_BITS, TARGET_BITS, BranchKind, BranchTargetBuffer
from tests.rigs import shared
from tests.support import simulate


async def report(ctx, dut, word, *, taken, counter, slot=0, target=0, kind=BranchKind.OTHER):
    """Reports one branch outcome in one cycle."""
    update = dut.update
    ctx.set(update.word, word)
    ctx.set(update.slot, slot)
    ctx.set(update.counter, counter)
    ctx.set(update.kind, kind)
    ctx.set(update.taken, taken)
    ctx.set(update.target, target)
    ctx.set(update.valid, 1)
    await ctx.tick()
    ctx.set(update.valid, 0)


def look_up(ctx, dut, word):
    """`(slot, counter, target)` of a hit, or None."""
    ctx.set(dut.lookup_word, word)
    if not ctx.get(dut.hit):
        return None
    return ctx.get(dut.slot), ctx.get(dut.counter), ctx.get(dut.target)


def test_nothing_is_predicted_after_reset():
    dut = shared(BranchTargetBuffer, entries=4)

    async def testbench(ctx):
        for word in (0, 1, 2, 3, (1 << 61) - 1):
            assert look_up(ctx, dut, word) in (None, (0, 0, 0))

    simulate(dut, testbench)


def test_a_taken_branch_shows_in_the_next_cycle():
    dut = shared(BranchTargetBuffer)

    async def testbench(ctx):
        for name, value in (("valid", 1), ("taken", 1), ("word", 0x1000), ("slot", 3)):
            ctx.set(getattr(dut.update, name), value)
        ctx.set(dut.update.counter, 2)
        ctx.set(dut.update.target, 0x20_0002)
        assert look_up(ctx, dut, 0x1000) is None
        await ctx.tick()
        assert look_up(ctx, dut, 0x1000) == (3, 2, 0x20_0002)

    simulate(dut, testbench)


def test_an_invalid_update_changes_nothing():
    dut = shared(BranchTargetBuffer)

    async def testbench(ctx):
        await report(ctx, dut, 0x107, taken=1, counter=3, slot=1, target=0x40)
        for taken in (1, 0):
            ctx.set(dut.update.taken, taken)
            ctx.set(dut.update.target, 0x80)
            ctx.set(dut.update.counter, 0)
            await ctx.tick()
        assert look_up(ctx, dut, 0x107) == (1, 3, 0x40)

    simulate(dut, testbench)


def test_the_tag_counts_but_no_higher_bit():
    """Words that differ in any single bit up to the tag's do not hit each other's entry."""
    dut = shared(BranchTargetBuffer, entries=16)

    async def testbench(ctx):
        await report(ctx, dut, 0x35, taken=1, counter=3, target=0x40)
        for bit in range(4 + TAG_BITS):
            assert look_up(ctx, dut, 0x35 ^ 1 << bit) is None
        for bit in range(4 + TAG_BITS, 61):
            assert look_up(ctx, dut, 0x35 ^ 1 << bit) == (0, 3, 0x40)

    simulate(dut, testbench)


def test_a_branch_not_taken_changes_the_counter_alone():
    dut = shared(BranchTargetBuffer, entries=16)

    async def testbench(ctx):
        await report(ctx, dut, 0x35, taken=1, counter=3, slot=2, target=0x40)
        await report(ctx, dut, 0x35, taken=0, counter=1, slot=1, target=0x80)
        assert look_up(ctx, dut, 0x35) == (2, 1, 0x40)

    simulate(dut, testbench)


def test_the_kind_is_that_of_the_branch_that_was_taken():
    dut = shared(BranchTargetBuffer, entries=16)

    async def testbench(ctx):
        for kind in BranchKind:
            await report(ctx, dut, 0x35, taken=1, counter=3, kind=kind)
            await report(ctx, dut, 0x35, taken=0, counter=3)
            assert look_up(ctx, dut, 0x35) == (0, 3, 0)
            assert ctx.get(dut.kind) is kind

    simulate(dut, testbench)


@pytest.mark.parametrize("entries", [2, 4])
def test_random_outcomes(entries):
    dut = shared(BranchTargetBuffer, entries=entries)
    rng = random.Random(1)
    words = [rng.getrandbits(TAG_BITS) << 2 | index for index in range(4) for _ in range(3)]
    rows, counters = {}, {}
    seen = []

    async def testbench(ctx):
        for _ in range(600):
            word, slot, counter = rng.choice(words), rng.randrange(4), rng.randrange(4)
            taken, target = rng.randrange(3) > 0, 2 * rng.getrandbits(TARGET_BITS - 1)
            await report(ctx, dut, word, taken=taken, counter=counter, slot=slot, target=target)
            counters[word % entries] = counter
            if taken:
                rows[word % entries] = (word, slot, target)
            word = rng.choice(words)
            learnt, slot, target = rows.get(word % entries, (None, 0, 0))
            known = learnt == word
            assert look_up(ctx, dut, word) == (
                (slot, counters[word % entries], target) if known else None
            )
            seen.append(known)

    simulate(dut, testbench)
    assert 50 < sum(seen) < 500


@pytest.mark.parametrize("entries", [0, 1, 3, 2.0, -4])
def test_bad_parameter(entries):
    with pytest.raises(ValueError, match="entries must be a power of two"):
        BranchTargetBuffer(entries=entries)
