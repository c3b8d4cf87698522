"""The branch target buffer against a dictionary of one entry per index."""

import random

import pytest

from hdl.units.btb import TAG_BITS, BranchTargetBuffer
from tests.support import simulate


async def report(ctx, dut, word, *, taken, slot=0, target=0):
    """Reports one branch outcome in one cycle."""
    update = dut.update
    ctx.set(update.word, word)
    ctx.set(update.slot, slot)
    ctx.set(update.taken, taken)
    ctx.set(update.target, target)
    ctx.set(update.valid, 1)
    await ctx.tick()
    ctx.set(update.valid, 0)


def look_up(ctx, dut, word):
    """`(slot, target)` of a hit, or None."""
    ctx.set(dut.lookup_word, word)
    return (ctx.get(dut.slot), ctx.get(dut.target)) if ctx.get(dut.hit) else None


def test_empty_after_reset():
    dut = BranchTargetBuffer(entries=4)

    async def testbench(ctx):
        for word in (0, 1, 2, 3, (1 << 61) - 1):
            assert look_up(ctx, dut, word) is None

    simulate(dut, testbench)


def test_a_taken_branch_shows_in_the_next_cycle():
    dut = BranchTargetBuffer()

    async def testbench(ctx):
        ctx.set(dut.update.valid, 1)
        ctx.set(dut.update.taken, 1)
        ctx.set(dut.update.word, 0x1000)
        ctx.set(dut.update.slot, 3)
        ctx.set(dut.update.target, 0x8000_0002)
        assert look_up(ctx, dut, 0x1000) is None
        await ctx.tick()
        assert look_up(ctx, dut, 0x1000) == (3, 0x8000_0002)

    simulate(dut, testbench)


def test_an_invalid_update_changes_nothing():
    dut = BranchTargetBuffer()

    async def testbench(ctx):
        await report(ctx, dut, 7, taken=1, slot=1, target=0x40)
        ctx.set(dut.update.target, 0x80)
        await ctx.tick()
        ctx.set(dut.update.taken, 0)
        await ctx.tick()
        assert look_up(ctx, dut, 7) == (1, 0x40)

    simulate(dut, testbench)


def test_the_tag_counts_but_no_higher_bit():
    """Words that differ in any single bit up to the tag's do not hit each other's entry."""
    dut = BranchTargetBuffer(entries=16)

    async def testbench(ctx):
        await report(ctx, dut, 0x5, taken=1, target=0x40)
        for bit in range(4 + TAG_BITS):
            assert look_up(ctx, dut, 0x5 ^ 1 << bit) is None
        for bit in range(4 + TAG_BITS, 36):
            assert look_up(ctx, dut, 0x5 ^ 1 << bit) == (0, 0x40)
        assert look_up(ctx, dut, 0x5) == (0, 0x40)

    simulate(dut, testbench)


def test_the_upper_bits_of_a_target_are_those_of_the_word():
    dut = BranchTargetBuffer()

    async def testbench(ctx):
        await report(ctx, dut, 0x5, taken=1, target=(1 << 64) - 2)
        for word, high in ((0x5, 0), (0x5 | 1 << 36, 1), (0x5 | 1 << 60, 1 << 24)):
            assert look_up(ctx, dut, word) == (0, high << 39 | (1 << 39) - 2)

    simulate(dut, testbench)


def test_a_branch_not_taken_removes_only_its_own_word():
    dut = BranchTargetBuffer(entries=16)

    async def testbench(ctx):
        await report(ctx, dut, 0x5, taken=1, target=0x40)
        await report(ctx, dut, 0x15, taken=0)
        assert look_up(ctx, dut, 0x5) == (0, 0x40)
        await report(ctx, dut, 0x5, taken=0)
        assert look_up(ctx, dut, 0x5) is None

    simulate(dut, testbench)


@pytest.mark.parametrize("entries", [2, 4])
def test_random_outcomes(entries):
    dut = BranchTargetBuffer(entries=entries)
    rng = random.Random(1)
    words = [rng.getrandbits(TAG_BITS) << 2 | index for index in range(4) for _ in range(3)]
    model = {}
    seen = []

    async def testbench(ctx):
        for _ in range(600):
            word, slot, target = rng.choice(words), rng.randrange(4), 2 * rng.getrandbits(38)
            taken = rng.randrange(3) > 0
            await report(ctx, dut, word, taken=taken, slot=slot, target=target)
            if taken:
                model[word % entries] = (word, slot, target)
            elif model.get(word % entries, (None,))[0] == word:
                del model[word % entries]
            word = rng.choice(words)
            entry = model.get(word % entries)
            expected = entry[1:] if entry and entry[0] == word else None
            assert look_up(ctx, dut, word) == expected
            seen.append(expected is not None)

    simulate(dut, testbench)
    assert 50 < sum(seen) < 500


@pytest.mark.parametrize("entries", [0, 1, 3, 2.0, -4])
def test_bad_parameter(entries):
    with pytest.raises(ValueError, match="entries must be a power of two"):
        BranchTargetBuffer(entries=entries)
