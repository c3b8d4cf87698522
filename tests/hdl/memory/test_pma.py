"""Physical memory attributes at the borders of RAM and of the address space."""

import pytest
from amaranth.hdl import Module
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from hdl.memory.pma import Pma
from tests.support import simulate

SPACE = 1 << 56


class Attributes(wiring.Component):
    address: In(64)
    ram: Out(1)
    rom: Out(1)

    def __init__(self, pma):
        self._pma = pma
        super().__init__()

    def elaborate(self, platform):
        m = Module()
        m.d.comb += self.ram.eq(self._pma.is_ram(self.address))
        m.d.comb += self.rom.eq(self._pma.is_rom(self.address))
        return m


@pytest.mark.parametrize(
    "pma",
    [
        Pma(),
        Pma(ram_base=0, ram_size=4096),
        Pma(ram_base=0x4000, ram_size=0x3000),
        Pma(ram_base=SPACE - 4096, ram_size=4096),
        Pma(ram_base=0x1000, ram_size=0),
        Pma(ram_base=0, ram_size=SPACE),
        Pma(rom_base=0x1000, rom_size=0xF000),
        Pma(rom_base=0, rom_size=4096),
        Pma(rom_base=SPACE - 4096, rom_size=4096),
        Pma(ram_base=0x4000, ram_size=0x3000, adjustable=True),
        Pma(ram_base=SPACE - 4096, ram_size=4096, adjustable=True),
    ],
    ids=str,
)
def test_every_border(pma):
    dut = Attributes(pma)
    end, rom_end = pma.ram_base + pma.ram_size, pma.rom_base + pma.rom_size
    borders = {0, pma.ram_base, end, pma.rom_base, rom_end, SPACE, (1 << 64) - 1, 0x0700_0000}
    addresses = {(border + step) % (1 << 64) for border in borders for step in (-1, 0, 1, 8)}

    async def testbench(ctx):
        for address in addresses:
            ctx.set(dut.address, address)
            ram = pma.ram_base <= address < end
            rom = pma.rom_base <= address < rom_end
            assert (ctx.get(dut.ram), ctx.get(dut.rom)) == (ram, rom), f"{address:#x}"

    simulate(dut, testbench)


def test_only_ram_that_a_simulator_may_resize_is_compared_with_its_end():
    """Elsewhere no change of it matters, and there are no carries."""
    for adjustable in (False, True):
        pma = Pma(ram_base=0x4000, ram_size=0x3000, adjustable=adjustable)
        dut = Attributes(pma)

        async def testbench(ctx, dut=dut, pma=pma, adjustable=adjustable):
            ctx.set(pma.ram_end, 0x6000)
            ctx.set(dut.address, 0x6000)
            assert ctx.get(dut.ram) == (not adjustable)

        simulate(dut, testbench)


def test_default_is_the_platform_of_the_documentation():
    assert (Pma().ram_base, Pma().ram_size) == (0x8000_0000, 128 << 20)


def test_one_bit_for_an_address_of_any_width():
    dut = Attributes(Pma())
    assert len(Pma().is_ram(dut.address[:56])) == 1


@pytest.mark.parametrize("name", ["ram_base", "ram_size", "rom_base", "rom_size"])
@pytest.mark.parametrize("value", [1, 0x8000_0800, -4096])
def test_bad_size_or_base(name, value):
    with pytest.raises(ValueError, match=f"{name} must be a multiple of 4096, not"):
        Pma(**{name: value})


@pytest.mark.parametrize("name", ["ram", "rom"])
def test_nothing_reaches_past_the_end(name):
    with pytest.raises(ValueError, match=f"{name.upper()} must end below 1 << 56, not at"):
        Pma(**{f"{name}_base": SPACE - 4096, f"{name}_size": 8192})
