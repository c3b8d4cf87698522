"""The walk cache alone."""

import pytest

from hdl.mmu.walk_cache import WalkCache
from tests.rigs import shared
from tests.support import simulate

TAG = 0o123_456


async def fill(ctx, dut, *, vpn=TAG, asid=1, g=0, ppn=0x80042):
    """Fills a pointer in one cycle."""
    ctx.set(dut.fill.pointer, {"vpn": vpn, "asid": asid, "g": g, "ppn": ppn})
    ctx.set(dut.fill.valid, 1)
    await ctx.tick()
    ctx.set(dut.fill.valid, 0)


def look_up(ctx, dut, vpn=TAG, asid=1):
    """`(ppn, g)` of a hit, or None: the same for both sides."""
    answers = set()
    for side in (dut.fetch, dut.data):
        ctx.set(side.vpn, vpn)
        ctx.set(side.asid, asid)
        answers.add((ctx.get(side.ppn), ctx.get(side.g)) if ctx.get(side.hit) else None)
    (answer,) = answers
    return answer


def run(testbench, *, entries=4):
    dut = shared(WalkCache, entries=entries)

    async def bench(ctx):
        await testbench(ctx, dut)

    simulate(dut, bench)


def test_entries_must_be_positive():
    with pytest.raises(ValueError, match="entries must be a positive integer, not -1"):
        WalkCache(entries=-1)


def test_every_bit_of_the_tag_and_the_asid_counts():
    async def testbench(ctx, dut):
        assert look_up(ctx, dut, 0, 0) is None
        await fill(ctx, dut, ppn=(1 << 44) - 1)

        assert look_up(ctx, dut) == ((1 << 44) - 1, 0)
        assert all(look_up(ctx, dut, TAG ^ 1 << bit) is None for bit in range(18))
        assert all(look_up(ctx, dut, asid=1 ^ 1 << bit) is None for bit in range(16))
        for bit in range(16):
            await fill(ctx, dut, asid=1 << bit, ppn=bit)
            assert look_up(ctx, dut, asid=1 << bit) == (bit, 0)
            assert look_up(ctx, dut, asid=0) is None

    run(testbench)


def test_each_side_looks_up_its_own_address():
    async def testbench(ctx, dut):
        await fill(ctx, dut, vpn=TAG, asid=1, ppn=0x111)
        await fill(ctx, dut, vpn=TAG + 1, asid=2, ppn=0x222)
        for side, vpn, asid in ((dut.fetch, TAG, 1), (dut.data, TAG + 1, 2)):
            ctx.set(side.vpn, vpn)
            ctx.set(side.asid, asid)
        assert [ctx.get(side.ppn) for side in (dut.fetch, dut.data)] == [0x111, 0x222]
        ctx.set(dut.data.asid, 1)
        assert (ctx.get(dut.fetch.hit), ctx.get(dut.data.hit)) == (1, 0)

    run(testbench)


def test_a_global_pointer_serves_all_asids_and_is_alone():
    async def testbench(ctx, dut):
        await fill(ctx, dut, asid=1, ppn=0x111)
        await fill(ctx, dut, asid=2, ppn=0x222)
        assert (look_up(ctx, dut, asid=1), look_up(ctx, dut, asid=2)) == ((0x111, 0), (0x222, 0))

        await fill(ctx, dut, asid=3, g=1, ppn=0x333)
        assert look_up(ctx, dut, asid=1) == look_up(ctx, dut, asid=2) == (0x333, 1)
        assert ctx.get(dut.valid).bit_count() == 1

        await fill(ctx, dut, asid=1, ppn=0x444)
        assert look_up(ctx, dut, asid=1) == (0x444, 0)
        assert ctx.get(dut.valid).bit_count() == 1

    run(testbench)


def test_flush_forgets_everything_and_drops_a_fill_of_its_cycle():
    async def testbench(ctx, dut):
        for vpn in range(4):
            await fill(ctx, dut, vpn=vpn)
        ctx.set(dut.flush, 1)
        await fill(ctx, dut)
        ctx.set(dut.flush, 0)
        assert ctx.get(dut.valid) == 0

    run(testbench)


def test_entries_are_replaced_in_turn():
    async def testbench(ctx, dut):
        for vpn in range(7):
            await fill(ctx, dut, vpn=vpn, ppn=vpn)
        assert [look_up(ctx, dut, vpn) for vpn in range(4, 7)] == [(4, 0), (5, 0), (6, 0)]
        assert ctx.get(dut.valid).bit_count() == 3

    run(testbench, entries=3)
