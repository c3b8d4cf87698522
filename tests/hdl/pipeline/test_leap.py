"""Leaps: which instructions do, where to, when, and with which privilege is fetched then."""

import pytest

from hdl.arch import Priv
from hdl.hart import Hart
from hdl.memory.pma import Pma
from hdl.pipeline.leap import Leap
from hdl.units.decoder import System, Unit
from tests.hdl.test_hart import run
from tests.rigs import shared
from tests.support import member, simulate

U, S, M = Priv.U, Priv.S, Priv.M
STVEC, MTVEC, SEPC, MEPC = 0x1001, 0x2000, 0x3002, 0x4004
ENVIRONMENT = {"stvec": STVEC, "mtvec": MTVEC, "sepc": SEPC, "mepc": MEPC}


class Bench:
    """A leap, with an instruction that stays unless `take` says otherwise."""

    def __init__(self, ctx, dut):
        self.ctx, self.dut = ctx, dut
        self.set(unit=Unit.SYSTEM, valid=1, calm=1)
        self.be(**ENVIRONMENT)

    def set(self, **inputs):
        for name, value in inputs.items():
            self.ctx.set(getattr(self.dut, name), value)

    def be(self, **environment):
        for name, value in environment.items():
            self.ctx.set(member(self.dut.environment, name), value)

    @property
    def leaps(self):
        """Where it leaps to in this cycle, or None."""
        redirect = self.dut.redirect
        return self.ctx.get(redirect.target) if self.ctx.get(redirect.valid) else None

    def get(self, name):
        return self.ctx.get(getattr(self.dut, name))

    async def tick(self, **inputs):
        """A cycle with these inputs, which are 0 again behind it."""
        self.set(**inputs)
        await self.ctx.tick()
        self.set(**dict.fromkeys(inputs, 0))


def check(scenario):
    dut = shared(Leap)

    async def testbench(ctx):
        await scenario(Bench(ctx, dut))

    simulate(dut, testbench)


@pytest.mark.parametrize(
    "system, priv, environment, target, after",
    [
        (System.SRET, S, {"spp": 0}, SEPC, U),
        (System.SRET, M, {"spp": 1}, SEPC, S),
        (System.SRET, U, {"spp": 1}, None, U),
        (System.MRET, M, {"mpp": U}, MEPC, U),
        (System.MRET, M, {"mpp": M}, MEPC, M),
        (System.MRET, S, {"mpp": M}, None, S),
        (System.ECALL, U, {"medeleg": 1 << 8}, STVEC & ~3, S),
        (System.ECALL, S, {"medeleg": 1 << 8}, MTVEC, M),
        (System.ECALL, M, {"medeleg": 0xFFFF}, MTVEC, M),
        (System.EBREAK, S, {"medeleg": 1 << 3}, STVEC & ~3, S),
        (System.EBREAK, U, {"medeleg": 1 << 8}, MTVEC, M),
        (System.WFI, M, {}, None, M),
        (System.SFENCE_VMA, S, {}, None, S),
    ],
)
def test_who_leaps_where(system, priv, environment, target, after):
    async def scenario(bench):
        bench.set(system=system)
        bench.be(priv=priv, **environment)
        assert bench.leaps == target
        assert bench.get("leapt") == (target is not None)
        assert not bench.get("holds")
        assert bench.get("priv") == priv, "what was requested before the leap"
        await bench.tick()
        assert bench.get("priv") == after

    check(scenario)


@pytest.mark.parametrize("inputs", [{"valid": 0}, {"unit": Unit.CSR}], ids=str)
def test_others_do_not(inputs):
    async def scenario(bench):
        bench.set(system=System.MRET)
        bench.be(priv=M)
        bench.set(**inputs)
        assert bench.leaps is None
        assert not bench.get("holds")

    check(scenario)


def test_it_waits_until_nothing_older_can_change_where():
    async def scenario(bench):
        bench.set(system=System.SRET, calm=0)
        bench.be(priv=S)
        for sepc in (0x100, 0x200):
            bench.be(sepc=sepc)
            assert (bench.leaps, bench.get("holds"), bench.get("leapt")) == (None, 1, 0)
            await bench.tick()
        bench.set(calm=1)
        assert (bench.leaps, bench.get("holds"), bench.get("leapt")) == (0x200, 0, 1)
        await bench.tick()
        assert (bench.leaps, bench.get("holds"), bench.get("leapt")) == (None, 0, 1), "once"

    check(scenario)


def test_what_follows_waits_until_it_has_arrived():
    async def scenario(bench):
        bench.set(system=System.SRET)
        bench.be(priv=S)
        await bench.tick(take=1)
        for unit in (Unit.ALU, Unit.SYSTEM):
            bench.set(unit=unit)
            assert (bench.leaps, bench.get("holds"), bench.get("priv")) == (None, 1, U)
            await bench.tick()
        await bench.tick(arrived=1)
        assert bench.get("priv") == S, "the current one, whatever that is"
        assert (bench.leaps, bench.get("holds")) == (SEPC, 0)

    check(scenario)


@pytest.mark.parametrize("stays", [0, 1])
def test_a_flush_forgets_it(stays):
    async def scenario(bench):
        bench.set(system=System.SRET)
        bench.be(priv=S)
        await bench.tick(take=1 - stays)
        await bench.tick(flush=1)
        assert bench.get("priv") == S
        assert bench.leaps == SEPC, "another one leaps at once"

    check(scenario)


def test_a_flush_in_its_cycle_is_older():
    async def scenario(bench):
        bench.set(system=System.SRET)
        bench.be(priv=S)
        await bench.tick(flush=1)
        assert bench.get("priv") == S

    check(scenario)


@pytest.mark.parametrize("nops", range(4))
def test_in_the_hart_what_follows_a_return_follows_it(nops):
    """Words of memory behind the return, which are fetched before it leaps, are not executed."""
    nop, stay, mret = 0x00000013, 0x0000006F, 0x30200073
    set_mpp = [0x00002337, 0x30032073, 0x00001337, 0x30032073]  # lui t1, 2; csrs mstatus, t1; 1 ...
    target = [0x00000297, 0x03028293, 0x34129073]  # auipc t0, 0; addi t0, t0, 0x30; csrw mepc, t0
    program = [*set_mpp, *target, *[nop] * nops, mret]
    program += [stay] * (16 - len(program)) + [nop, nop, stay]
    hart = Hart(pma=Pma(ram_base=0x8000_0000, ram_size=0x1000))

    async def testbench(ctx):
        records, _ = await run(ctx, hart, program, 40)
        pcs = [pc for pc, _ in records]
        returned = pcs.index(0x8000_0040)
        assert pcs[:returned] == [0x8000_0000 + 4 * n for n in range(8 + nops)]
        assert pcs[returned : returned + 3] == [0x8000_0040, 0x8000_0044, 0x8000_0048]

    simulate(hart, testbench)
