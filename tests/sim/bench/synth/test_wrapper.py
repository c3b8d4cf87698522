"""Registers before and behind a component."""

from amaranth.hdl import Module
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from sim.bench.synth.wrapper import wrap
from tests.support import simulate


class Inverted(wiring.Component):
    a: In(3)
    b: In(2)
    not_a: Out(3)
    not_b: Out(2)
    log: Out(7)

    def elaborate(self, platform):
        m = Module()
        m.d.comb += [self.not_a.eq(~self.a), self.not_b.eq(~self.b), self.log.eq(self.a)]
        return m


class Tagged(wiring.Component):
    """Passes a number and an `id` on to another port."""

    asked: In(wiring.Signature({"number": Out(3), "id": Out(4)}))
    given: Out(wiring.Signature({"number": Out(3), "id": Out(4)}))

    def elaborate(self, platform):
        m = Module()
        wiring.connect(m, wiring.flipped(self.asked), wiring.flipped(self.given))
        return m


def test_what_is_shifted_in_comes_out_as_the_component_makes_of_it():
    module, (shift_in, load, shift_out) = wrap(Inverted(), unused=("log",))
    bits = [1, 0, 1, 1, 0]

    async def testbench(ctx):
        for bit in reversed(bits):
            ctx.set(shift_in, bit)
            await ctx.tick()
        ctx.set(load, 1)
        await ctx.tick()
        ctx.set(load, 0)
        for bit in bits + bits:
            assert ctx.get(shift_out) == 1 - bit
            await ctx.tick()

    simulate(module, testbench)


def test_a_member_is_left_open_in_all_ports():
    part = Tagged()
    module, (shift_in, load, shift_out) = wrap(part, unused=("id",))

    async def testbench(ctx):
        ctx.set(shift_in, 1)
        for _ in range(7):
            await ctx.tick()
        assert (ctx.get(part.given.number), ctx.get(part.given.id)) == (0b111, 0)
        ctx.set(load, 1)
        await ctx.tick()
        ctx.set(load, 0)
        shown = []
        for _ in range(6):
            shown.append(ctx.get(shift_out))
            await ctx.tick()
        assert shown == [1] * 6, "a number of 3 bits goes round"

    simulate(module, testbench)
