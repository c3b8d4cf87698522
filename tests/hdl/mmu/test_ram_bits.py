"""Whether a page lies in RAM, from bits that are kept of it, as the physical address tells."""

import random

import pytest
from amaranth.hdl import Module
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from hdl.memory.pma import Pma
from hdl.mmu.ram_bits import inside, placed
from tests.support import simulate

SEED = 5
#: One block smaller than a page of 1 GiB; several, of which one is smaller than one of 2 MiB;
#: several large ones; and a page alone.
PLACES = [(0x8000_0000, 128 << 20), (0x8000_0000, 0x830_3000), (1 << 30, 3 << 30), (0x5000, 4096)]


class Kept(wiring.Component):
    """Both steps at once."""

    ppn: In(44)
    vpn: In(27)
    level: In(2)
    in_ram: Out(1)

    def __init__(self, pma):
        super().__init__()
        self._pma = pma

    def elaborate(self, platform):
        m = Module()
        bits = placed(self._pma, self.ppn, self.level)
        m.d.comb += self.in_ram.eq(inside(self._pma, bits, self.vpn, self.level))
        return m


@pytest.mark.parametrize("base, size", PLACES)
def test_it_is_told_as_by_the_physical_address(base, size):
    dut = Kept(Pma(ram_base=base, ram_size=size))
    chance = random.Random(SEED)

    async def testbench(ctx):
        told = set()
        for _ in range(400):
            level = chance.randrange(3)
            # Around the two ends, and anywhere in between.
            edge = chance.choice([base, base + size, base + chance.randrange(size)])
            ppn = ((edge >> 12) + chance.choice([-1, 0, 0, 1])) & (1 << 44) - 1
            offset = (1 << 9 * level) - 1
            vpn = (ppn & offset) ^ (chance.getrandbits(27) & chance.choice([0, ~offset, ~0]))
            vpn &= (1 << 27) - 1
            ctx.set(dut.ppn, ppn & ~offset)
            ctx.set(dut.vpn, vpn)
            ctx.set(dut.level, level)
            pa = (ppn & ~offset | vpn & offset) << 12
            expected = base <= pa < base + size
            assert ctx.get(dut.in_ram) == expected, f"{pa:#x} {level=}"
            told.add((expected, level))
        assert {expected for expected, _ in told} == {False, True}

    simulate(dut, testbench)
