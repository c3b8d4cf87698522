"""The registers of physical memory protection against the golden model."""

import random

import pytest

from hdl.arch import PMPADDRS, PMPCFGS
from hdl.priv.pmp import PmpRegisters
from tests.support import simulate
from tests.verify.golden.pmp import L, Pmp

SEED = 1
ONES = (1 << 64) - 1
CSRS = (*PMPCFGS, *PMPADDRS)


class Bench:
    """The registers, and the golden model that is written like them."""

    def __init__(self, ctx, dut, entries):
        self.ctx, self.dut, self.golden = ctx, dut, Pmp(entries)

    async def write(self, csr, value):
        self.ctx.set(self.dut.number, csr % 32)
        self.ctx.set(self.dut.written, value)
        self.ctx.set(self.dut.write, 1)
        await self.ctx.tick()
        self.ctx.set(self.dut.write, 0)
        self.golden.write(csr, value)

    def read(self, csr):
        self.ctx.set(self.dut.number, csr % 32)
        return self.ctx.get(self.dut.value)

    def entry(self, number):
        """The byte and the address that a checker sees."""
        entry = self.ctx.get(self.dut.entries)[number]
        byte = entry.r | entry.w << 1 | entry.x << 2 | entry.match.value << 3 | entry.locked << 7
        return byte, entry.address

    def check(self):
        """Every register reads as in the golden model, and the entries are those."""
        for csr in CSRS:
            assert self.read(csr) == self.golden.read(csr), f"{csr:#x}"
        for number in range(self.golden.count):
            assert self.entry(number) == (self.golden.cfg[number], self.golden.addr[number])


def run(testbench, entries=16):
    dut = PmpRegisters(entries=entries)

    async def bench(ctx):
        await testbench(Bench(ctx, dut, entries))

    simulate(dut, bench)


@pytest.mark.parametrize("entries", [-1, 0, 17, "8"])
def test_numbers_of_entries(entries):
    with pytest.raises(ValueError, match=f"pmp_entries must be 0 to 16, not {entries!r}"):
        PmpRegisters(entries=entries)


@pytest.mark.parametrize("entries", [1, 8, 11, 16])
def test_all_is_0_after_reset_and_ones_leave_what_is_legal(entries):
    async def testbench(bench):
        bench.check()
        for csr in PMPADDRS:
            await bench.write(csr, ONES)
            bench.check()
        for csr in PMPCFGS:
            # All but the locks.
            await bench.write(csr, ONES // 0xFF * 0x7F)
            bench.check()

    run(testbench, entries)


def test_registers_that_are_none_read_0_and_take_nothing():
    async def testbench(bench):
        for number in sorted(set(range(32)) - {csr % 32 for csr in CSRS}):
            bench.ctx.set(bench.dut.number, number)
            bench.ctx.set(bench.dut.written, ONES)
            bench.ctx.set(bench.dut.write, 1)
            assert bench.ctx.get(bench.dut.value) == 0
            await bench.ctx.tick()
            bench.ctx.set(bench.dut.write, 0)
        bench.check()

    run(testbench)


def test_looking_at_a_register_changes_nothing():
    async def testbench(bench):
        bench.ctx.set(bench.dut.written, ONES)
        for csr in CSRS:
            bench.read(csr)
            await bench.ctx.tick()
        bench.check()

    run(testbench)


def test_every_byte_of_a_configuration():
    async def testbench(bench):
        for byte in range(0x80):
            await bench.write(PMPCFGS[0], ONES // 0xFF * byte)
            bench.check()

    run(testbench, entries=2)


@pytest.mark.parametrize("number", range(16))
@pytest.mark.parametrize("match", range(4))
def test_a_lock_keeps_its_entry_and_below_a_top_of_range_the_address(number, match):
    async def testbench(bench):
        for csr in PMPADDRS:
            await bench.write(csr, 0x1234)
        await bench.write(PMPCFGS[number // 8], (L | match << 3 | 1) << 8 * (number % 8))
        for csr in CSRS:
            await bench.write(csr, 0x0707_0707_0707_0707)
        bench.check()
        for csr in CSRS:
            await bench.write(csr, 0)
        bench.check()

    run(testbench)


def test_random_writes():
    rng = random.Random(SEED)

    async def testbench(bench):
        for _ in range(400):
            # Locks are rare, for they are for ever.
            locks = rng.choice((0, 0, 0, L << 8 * rng.randrange(8)))
            bytes_ = rng.getrandbits(64) & ONES // 0xFF * 0x7F
            await bench.write(rng.choice(CSRS), rng.choice((rng.getrandbits(64), bytes_ | locks)))
            bench.check()

    for entries in (16, 8):
        run(testbench, entries)
