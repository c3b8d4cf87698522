"""Logic and a process set bits of the same register or row, in the same moment."""

import pytest
from amaranth.hdl import Cat, Module, Signal, signed, unsigned
from amaranth.lib.memory import Memory

from tests.sim.engines.native.testbench.benches import check


async def noting(ctx, dut, note):
    for _ in range(12):
        await ctx.tick()
        note(ctx.get(dut.whole))


@pytest.mark.parametrize("shape", [unsigned(8), signed(8), unsigned(130), signed(130)])
def test_a_process_sets_no_more_of_a_register_than_its_own_bits(shape):
    """The others are what logic makes of them at that edge."""

    def halves():
        m = Module()
        m.whole, m.half = Signal(shape), shape.width // 2
        m.d.sync += m.whole[: m.half].eq(m.whole[: m.half] + 1)
        return m

    async def count(ctx, dut, note):
        number = 0
        async for _ in ctx.tick():
            number += 3
            ctx.set(dut.whole[dut.half :], number)
            ctx.set(Cat(dut.whole[-1], dut.whole[dut.half]), number >> 1)

    check(noting, make=halves, processes=(count,))


@pytest.mark.parametrize("width", [8, 130])
def test_nor_of_a_row_with_a_write_port_for_its_parts(width):
    def halves():
        m, count = Module(), Signal(5)
        m.half = width // 2
        m.submodules.rows = rows = Memory(shape=width, depth=2, init=[])
        write = rows.write_port(granularity=m.half)
        m.whole = rows.data[1]
        m.d.sync += count.eq(count + 1)
        m.d.comb += [write.en.eq(0b01), write.addr.eq(1), write.data.eq(count + 5)]
        return m

    async def count(ctx, dut, note):
        number = 0
        async for _ in ctx.tick():
            number += 3
            ctx.set(dut.whole[dut.half :], -number)
            ctx.set(dut.whole[-1], number >> 1)

    check(noting, make=halves, processes=(count,))
