"""The page numbers of a table: each is where it was put."""

import random

import pytest
from amaranth.hdl import Module
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from hdl.mmu.page_numbers import PageNumbers, number
from tests.support import simulate

SEED = 3


@pytest.mark.parametrize("entries", [1, 2, 3, 8, 17])
def test_look_up_and_rows_show_what_was_written_last(entries):
    dut = PageNumbers(entries=entries)
    chance = random.Random(SEED)

    async def testbench(ctx):
        held = [0] * entries
        for _ in range(6 * entries):
            place, new, write = chance.randrange(entries), chance.getrandbits(44), chance.random()
            ctx.set(dut.write, write < 0.7)
            ctx.set(dut.at, 1 << place)
            ctx.set(dut.ppn, new)
            await ctx.tick()
            if write < 0.7:
                held[place] = new
            looked_at = chance.randrange(entries)
            ctx.set(dut.found_at, 1 << looked_at)
            assert ctx.get(dut.found) == held[looked_at]
            assert [ctx.get(row) for row in dut.rows] == held

    simulate(dut, testbench)


class Encoder(wiring.Component):
    """`number` alone."""

    one_hot: In(11)
    result: Out(4)

    def elaborate(self, platform):
        m = Module()
        m.d.comb += self.result.eq(number(self.one_hot))
        return m


def test_the_number_is_that_of_the_bit():
    dut = Encoder()

    async def testbench(ctx):
        assert ctx.get(dut.result) == 0
        for bit in range(11):
            ctx.set(dut.one_hot, 1 << bit)
            assert ctx.get(dut.result) == bit

    simulate(dut, testbench)
