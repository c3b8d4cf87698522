"""A trap stage by itself: what the tests of its parts share."""

from hdl.arch import Csr, Priv
from hdl.mmu.vocabulary import Fault
from hdl.pipeline.trap import TrapStage
from hdl.units.decoder import System, Unit
from tests.rigs import shared
from tests.support import member, simulate

__all__ = [
    "ACCESS", "CSRRC", "CSRRCI", "CSRRS", "CSRRSI", "CSRRW", "CSRRWI", "LOAD_DOUBLE", "M", "MTVEC",
    "NEXT", "NONE", "PA", "PAGE", "PC", "S", "U", "VA", "Bench", "system",
]  # fmt: skip

NONE, PAGE, ACCESS = Fault.NONE, Fault.PAGE, Fault.ACCESS
U, S, M = Priv.U, Priv.S, Priv.M
PC, NEXT, MTVEC = 0x8000_1000, 0x8000_1004, 0x8000_0100
PA, VA = 0x8020_0010, 0x4010
CSRRW, CSRRS, CSRRC, CSRRWI, CSRRSI, CSRRCI = 1, 2, 3, 5, 6, 7
MPP = 3 << 11
EXECUTED = {
    "pc": PC,
    "next_pc": NEXT,
    "insn": 0,
    "unit": Unit.ALU,
    "system": System.FENCE,
    **dict.fromkeys(("funct3", "rs1", "rs2", "rd", "rs1_data", "rs2_data", "result"), 0),
    **dict.fromkeys(("requested", "data__va", "pa", "interrupt", "interrupt_cause"), 0),
    "fetch__fault": NONE,
    "fetch__update": 0,
    "fetch__second": 0,
    "illegal": 0,
    "misaligned": 0,
    "leapt": 0,
    "data__fault": NONE,
    "data__update": 0,
    "id": 0,
}
LOAD_DOUBLE = {"unit": Unit.LOAD, "funct3": 3, "rd": 5, "requested": 1, "data__va": VA, "pa": PA}


class Bench:
    """A trap stage between an execute stage and a bus that the test plays."""

    def __init__(self, **parameters):
        self.dut = shared(TrapStage, **parameters)
        self.records = []

    def run(self, testbench, *, each=None):
        """Runs `testbench()`, or `testbench(*arguments)` for `each` tuple, one after the other."""

        async def bound(ctx):
            self.ctx = ctx
            for arguments in [()] if each is None else each:
                try:
                    await testbench(*arguments)
                except AssertionError as error:
                    error.add_note(f"with {arguments}")
                    raise

        simulate(self.dut, bound)

    def set(self, **inputs):
        """Inputs by name, `__` for a dot."""
        for name, value in inputs.items():
            self.ctx.set(member(self.dut, name), value)

    def get(self, name):
        return self.ctx.get(member(self.dut, name))

    def gets(self, place, *names):
        return tuple(self.get(f"{place}__{name}") for name in names)

    async def tick(self):
        assert not (self.get("ready") and self.get("redirect__valid"))
        await self.ctx.tick()
        if self.get("retire__valid"):
            names = self.dut.retire.signature.members
            self.records.append({name: self.get(f"retire__{name}") for name in names})

    async def put(self, **fields):
        """Hands over an instruction; it is in the stage from the next cycle on."""
        for name, value in (EXECUTED | fields).items():
            self.set(**{f"executed__{name}": value})
        self.set(executed_valid=1)
        while not self.get("ready"):
            await self.tick()
        await self.tick()
        self.set(executed_valid=0)

    async def respond(self, data=0, error=0):
        self.set(response__valid=1, response__data=data, response__error=error)

    async def do(self, **fields):
        """Hands over an instruction that takes one cycle, and lets it leave."""
        await self.put(**fields)
        await self.tick()

    async def csr(self, number, data=0, funct3=CSRRW, rd=5, source=1):
        """A CSR instruction up to the cycle in which it leaves."""
        insn = number << 20 | source << 15 | funct3 << 12 | rd << 7 | 0x73
        rs1 = source if funct3 < 4 else 0
        fields = {"unit": Unit.CSR, "insn": insn, "funct3": funct3, "rd": rd}
        await self.put(**fields, rs1=rs1, rs1_data=data if rs1 else 0)

    async def write_csr(self, number, data):
        await self.csr(number, data, rd=0)
        assert not self.get("csrs__trap__valid")
        await self.tick()

    async def read_csr(self, number):
        """By an instruction, in M-mode."""
        await self.csr(number, funct3=CSRRS, source=0)
        value = self.get("wdata")
        await self.tick()
        return value

    async def enter(self, priv, status=0):
        """Goes to `priv` with `status` in mstatus; traps that are not delegated go to MTVEC."""
        if self.get("environment__priv") != M:
            await self.do(illegal=1)
        await self.write_csr(Csr.MTVEC, MTVEC)
        await self.write_csr(Csr.MSTATUS, status & ~MPP | priv << 11)
        if priv != M:
            await self.do(unit=Unit.SYSTEM, system=System.MRET)
        assert self.get("environment__priv") == priv
        self.records.clear()

    def check_trap(self, cause, tval=0, pc=PC):
        """The instruction in the stage leaves with this trap."""
        assert self.get("redirect__valid")
        assert self.get("redirect__target") == MTVEC
        assert not self.get("wen")
        got = self.gets("csrs__trap", "valid", "cause", "tval", "epc", "interrupt")
        assert got == (1, cause, tval, pc, 0)

    def check_no_trap(self):
        assert not self.get("csrs__trap__valid")


def system(operation, **fields):
    return {"unit": Unit.SYSTEM, "system": operation, **fields}
