"""An execute stage by itself: what the tests of its parts share."""

from hdl.mmu.vocabulary import Access, Fault
from hdl.pipeline.execute import Execute
from hdl.pipeline.stages import Decoded
from hdl.units.decoder import Control, System, Unit
from tests.rigs import shared
from tests.support import leaves, member, simulate

__all__ = ["ACCESS", "ACCESSES", "ATOMIC", "MEMORY", "NONE", "PAGE", "PC", "Bench"]

PC = 0x8000_1000
NONE, PAGE, ACCESS = Fault.NONE, Fault.PAGE, Fault.ACCESS
CONTROL = tuple(Control().members)
ACCESSES = {
    Unit.LOAD: Access.LOAD,
    Unit.STORE: Access.STORE,
    Unit.LR: Access.LR,
    Unit.SC: Access.SC,
    Unit.AMO: Access.AMO,
}
MEMORY = sorted(ACCESSES)
#: Inputs with which everything goes its way.
AGREEABLE = {
    **dict.fromkeys(("ready", "trap_empty", "request__ready", "translation__done"), 1),
    **dict.fromkeys(("flush", "environment__interrupt", "translation__update", "decoded_valid"), 0),
    "translation__fault": NONE,
}
ATOMIC = [Unit.LR, Unit.SC, Unit.AMO]


class Bench:
    """An execute stage whose MMU, bus and trap stage agree to everything unless told otherwise."""

    def __init__(self, **parameters):
        self.dut = shared(Execute, **parameters)

    def run(self, testbench, *, each=None):
        """Runs `testbench()`, or `testbench(value)` for `each` value from the same start."""

        async def bound(ctx):
            self.ctx = ctx
            for arguments in [()] if each is None else [(value,) for value in each]:
                self.set(**AGREEABLE)
                try:
                    await testbench(*arguments)
                except AssertionError as error:
                    error.add_note(f"with {arguments}")
                    raise
                self.set(flush=1, ready=0)
                await self.tick()

        simulate(self.dut, bound)

    def set(self, **inputs):
        """Inputs by name, `__` for a dot."""
        for name, value in inputs.items():
            self.ctx.set(member(self.dut, name), value)

    def get(self, name):
        return self.ctx.get(member(self.dut, name))

    async def put(self, **fields):
        """Hands over an instruction; it is worked on from the next cycle on."""
        control = dict.fromkeys(CONTROL, 0) | {"unit": Unit.ALU, "system": System.FENCE}
        names = [name for name in leaves(Decoded()) if not name.startswith("control__")]
        rest = dict.fromkeys(names, 0) | {"pc": PC, "fetch__fault": NONE}
        given = control | rest | fields
        from_pc = given["use_pc"] or given["unit"] == Unit.BRANCH
        base = given["pc"] if from_pc else given["rs1_data"]
        given["address"] = (base + given["imm"]) % (1 << 64)
        for name, value in given.items():
            place = "decoded__control" if name in CONTROL else "decoded"
            self.set(**{f"{place}__{name}": value})
        self.set(decoded_valid=1)
        assert self.get("accept")
        await self.tick()
        self.set(decoded_valid=0)

    async def tick(self):
        await self.ctx.tick()

    async def put_access(self, unit, va=0x9000, size=3, **fields):
        """A memory instruction whose translation is its own address."""
        base = {"unit": unit, "funct3": size, "rs1_data": va, "rs1": 1, "rd": 5}
        self.set(translation__pa=va, reserved=1, reservation=va)
        await self.put(**base | fields)

    async def judge(self, unit):
        """Lets an SC wait the cycle in which its address is compared with a reservation."""
        if unit is Unit.SC and self.get("reserved"):
            assert not self.get("valid")
            assert not self.get("request__valid")
            await self.tick()
