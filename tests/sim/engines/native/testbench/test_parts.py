"""Parts that reach beyond what they are of, read and assigned to: as pysim has them."""

import random

import pytest
from amaranth.hdl import Array, Cat, Elaboratable, Module, Signal, Value, signed

from tests.sim.engines.native.testbench.benches import check


class Parts(Elaboratable):
    """Signals to take parts of, two indices, and what is assigned."""

    def __init__(self):
        self.module = Module()
        self.a, self.b, self.c = Signal(4, init=5), Signal(5), Signal(signed(3), init=-3)
        self.d = Signal(2)
        self.i, self.j, self.value, self.read = Signal(2), Signal(3), Signal(8), Signal(8)

    @property
    def pieces(self):
        """Pieces of registers of unlike widths, one of which is chosen."""
        all_ = [self.a[:2], self.b, self.c[1:], self.b.bit_select(self.i, 2), Cat(self.c, self.a)]
        return Value.cast(Array(all_)[self.j])

    def elaborate(self, platform):
        return self.module


async def with_random_numbers(ctx, dut, note):
    rng = random.Random(4)
    for _ in range(120):
        for each in (dut.i, dut.j, dut.value):
            ctx.set(each, rng.getrandbits(len(each)))
        if rng.random() < 0.3:
            ctx.set(Cat(dut.a, dut.b, dut.c), rng.getrandbits(12))
        note([ctx.get(each) for each in (dut.a, dut.b, dut.c, dut.d, dut.read)])
        await ctx.tick()


TARGETS = {
    "part of an array's element": lambda p: p.pieces.bit_select(p.i, 3),
    "word of an array's element": lambda p: p.pieces.word_select(p.i, 2),
    "slice of an array's element": lambda p: p.pieces[1:4],
    "part of an array in an array": lambda p: Value.cast(Array([p.pieces, p.a])[p.i]).bit_select(
        p.j, 3
    ),
    "slice across an array's element": lambda p: Cat(p.d, p.pieces)[1:7],
    "part of a part": lambda p: p.a.bit_select(p.i, 2).bit_select(p.j, 2),
    "part of a slice with a sign": lambda p: p.a[:3].as_signed().bit_select(p.j, 2),
}


@pytest.mark.parametrize("kind", TARGETS)
def test_what_is_assigned_to_keeps_within_its_bounds(kind):
    def make():
        parts = Parts()
        parts.module.d.sync += TARGETS[kind](parts).eq(parts.value)
        return parts

    check(with_random_numbers, make=make)


SOURCES = {
    "given a sign": lambda p: p.a.as_signed(),
    "taken a sign": lambda p: p.c.as_unsigned(),
    "given and taken one": lambda p: (p.c.as_unsigned() + 0).as_signed().as_unsigned(),
    "inverted": lambda p: ~p.a,
    "inverted with a sign": lambda p: ~p.c,
    "inverted without its sign": lambda p: (~p.c).as_unsigned(),
    "negated without its sign": lambda p: (-p.a).as_unsigned(),
    "inverted sum": lambda p: ~(p.a + p.c),
    "slice with a sign": lambda p: p.a[:3].as_signed(),
    "element with a sign": lambda p: p.pieces.as_signed(),
}


def test_what_is_read_beyond_the_bounds():
    """It is the value before it was given another sign; beyond an inverted one are ones."""

    def make():
        parts = Parts()
        values = [source(parts) for source in SOURCES.values()]
        shown = [value.bit_select(parts.j, 3) for value in values]
        shown += [value.word_select(parts.i, 3) for value in values]
        parts.read = Signal(len(Cat(shown)))
        parts.module.d.comb += parts.read.eq(Cat(shown))
        parts.module.d.sync += parts.a.eq(parts.value)
        return parts

    check(with_random_numbers, make=make)


def test_a_part_that_is_read_twice_is_the_same():
    def make():
        parts = Parts()
        part = (~parts.a).bit_select(parts.j, 3)
        parts.module.d.comb += parts.read.eq(Cat(part, part + part))
        parts.module.d.sync += parts.a.eq(part)
        return parts

    check(with_random_numbers, make=make)
