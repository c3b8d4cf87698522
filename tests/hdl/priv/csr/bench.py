"""A CSR file by itself: what the tests of its parts share."""

from amaranth.hdl import Cat

from hdl.arch import Csr, Priv
from hdl.priv.csr import CsrFile
from tests.hdl.priv.csr.expected import MPP
from tests.rigs import shared
from tests.support import member, simulate

__all__ = ["SEED", "M", "S", "U", "Bench", "address_of"]

SEED = 1
U, S, M = Priv.U, Priv.S, Priv.M


class Bench:
    """A `CsrFile` as the trap stage uses it; works in one testbench at a time."""

    def __init__(self, **parameters):
        self.dut = shared(CsrFile, **parameters)
        self._access = Cat(self.dut.asked, self.dut.attempt)

    def run(self, testbench):
        async def bound(ctx):
            self.ctx = ctx
            await testbench()

        simulate(self.dut, bound)

    def set(self, **inputs):
        for name, value in inputs.items():
            self.ctx.set(member(self.dut, name), value)

    def env(self, name):
        return self.ctx.get(getattr(self.dut.environment, name))

    async def strobe(self, name):
        self.ctx.set(getattr(self.dut, name), 1)
        await self.ctx.tick()
        self.ctx.set(getattr(self.dut, name), 0)

    def read(self, name):
        return self.read_at(address_of(name))

    async def write(self, name, data):
        await self.write_at(address_of(name), data)

    async def write_at(self, address, data):
        self.set(address=address, write_data=data)
        await self.strobe("write")

    def read_at(self, address):
        self.set(address=address)
        return self.ctx.get(self.dut.read_data)

    async def read_modify_write(self, name, *, set_bits=0, clear_bits=0):
        """What the trap stage does for csrrs and csrrc."""
        self.set(address=address_of(name))
        await self.write(name, self.ctx.get(self.dut.modify_data) & ~clear_bits | set_bits)

    def legal(self, address, attempt):
        self.ctx.set(self._access, address | attempt << 12)
        return self.ctx.get(self.dut.legal)

    async def trap(self, *, to_s=0, cause=0, interrupt=0, epc=0, tval=0):
        trap = self.dut.trap
        for name, value in {
            "to_s": to_s,
            "cause": cause,
            "interrupt": interrupt,
            "epc": epc,
            "tval": tval,
            "valid": 1,
        }.items():
            self.ctx.set(getattr(trap, name), value)
        await self.ctx.tick()
        self.ctx.set(trap.valid, 0)

    async def enter(self, priv):
        """Goes to `priv` by way of M-mode, and leaves mstatus otherwise as after such a trip."""
        if self.env("priv") != M:
            await self.trap()
        if priv != M:
            await self.read_modify_write("mstatus", clear_bits=MPP, set_bits=priv << 11)
            await self.strobe("mret")
        assert self.env("priv") == priv


def address_of(name):
    return Csr[name.upper()]
