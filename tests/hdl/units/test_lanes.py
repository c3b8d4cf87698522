"""Byte lanes against `int.from_bytes` and `int.to_bytes`, for every address and size."""

import random

from amaranth.hdl import Module
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from hdl.units.lanes import is_misaligned, load_value, reached_lanes, rotate_lanes, store_lanes
from tests.support import simulate

#: Every size with the addresses that are naturally aligned for it.
ALIGNED = [(low, size) for size in range(4) for low in range(0, 8, 1 << size)]


class Lanes(wiring.Component):
    low: In(3)
    size: In(2)
    unsigned: In(1)
    data: In(64)
    misaligned: Out(1)
    lanes: Out(64)
    strobe: Out(8)
    loaded: Out(64)
    reached: Out(16)
    rotated: Out(64)

    def elaborate(self, platform):
        m = Module()
        lanes, strobe = store_lanes(self.low, self.size, self.data)
        loaded = load_value(self.low, self.size, self.unsigned, self.data)
        m.d.comb += [
            self.misaligned.eq(is_misaligned(self.low, self.size)),
            self.lanes.eq(lanes),
            self.strobe.eq(strobe),
            self.loaded.eq(loaded),
            self.reached.eq(reached_lanes(self.low, self.size)),
            self.rotated.eq(rotate_lanes(self.data, self.low)),
        ]
        return m


def test_misaligned():
    dut = Lanes()

    async def testbench(ctx):
        for size in range(4):
            for low in range(8):
                ctx.set(dut.size, size)
                ctx.set(dut.low, low)
                assert ctx.get(dut.misaligned) == (low % (1 << size) != 0)

    simulate(dut, testbench)


def test_store():
    dut = Lanes()
    rng = random.Random(1)

    async def testbench(ctx):
        for low, size in ALIGNED:
            length = 1 << size
            data = rng.getrandbits(64)
            ctx.set(dut.low, low)
            ctx.set(dut.size, size)
            ctx.set(dut.data, data)
            stored = ctx.get(dut.lanes).to_bytes(8, "little")[low : low + length]
            assert stored == data.to_bytes(8, "little")[:length]
            assert ctx.get(dut.strobe) == sum(1 << lane for lane in range(low, low + length))

    simulate(dut, testbench)


def test_load():
    dut = Lanes()
    rng = random.Random(2)
    words = [
        0x8182_8384_8586_8788,
        0x0102_0304_0506_0708,
        *(rng.getrandbits(64) for _ in range(20)),
    ]

    async def testbench(ctx):
        for low, size in ALIGNED:
            for unsigned in (0, 1):
                ctx.set(dut.low, low)
                ctx.set(dut.size, size)
                ctx.set(dut.unsigned, unsigned)
                for word in words:
                    ctx.set(dut.data, word)
                    part = word.to_bytes(8, "little")[low : low + (1 << size)]
                    value = int.from_bytes(part, "little", signed=not unsigned)
                    assert ctx.get(dut.loaded) == value % (1 << 64), f"{low=} {size=} {word=:#x}"

    simulate(dut, testbench)


def test_widths():
    dut = Lanes()
    lanes, strobe = store_lanes(dut.low, dut.size, dut.data)
    assert (len(lanes), len(strobe)) == (64, 8)
    assert len(load_value(dut.low, dut.size, dut.unsigned, dut.data)) == 64
    assert len(is_misaligned(dut.low, dut.size)) == 1


def test_accesses_of_any_alignment_reach_their_bytes():
    dut = Lanes()

    async def testbench(ctx):
        for low in range(8):
            for size in range(4):
                ctx.set(dut.low, low)
                ctx.set(dut.size, size)
                assert ctx.get(dut.reached) == (1 << (1 << size)) - 1 << low

    simulate(dut, testbench)


def test_lanes_rotate():
    dut, data = Lanes(), bytes(range(0xA0, 0xA8))

    async def testbench(ctx):
        ctx.set(dut.data, int.from_bytes(data, "little"))
        for low in range(8):
            ctx.set(dut.low, low)
            rotated = ctx.get(dut.rotated).to_bytes(8, "little")
            assert rotated == data[8 - low :] + data[: 8 - low]

    simulate(dut, testbench)
