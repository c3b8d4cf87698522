"""What is known of an instruction when it is in the trap stage, from what it was before."""

from itertools import product

from hdl.arch import Csr, Priv
from hdl.mmu.vocabulary import Fault
from hdl.pipeline.foresight import Foresight
from hdl.units.decoder import System, Unit
from tests.rigs import shared
from tests.support import member, simulate

CSRRW, SRET = {"unit": Unit.CSR, "funct3": 1}, {"unit": Unit.SYSTEM, "system": System.SRET}
#: Instructions, and what the trap stage knows of them: that it must be alone, that what follows is
#: not what was fetched.
KINDS = {
    "addi": ({"unit": Unit.ALU}, 0, 0),
    "csrw mscratch": (CSRRW | {"insn": Csr.MSCRATCH << 20}, 0, 0),
    "csrw mie": (CSRRW | {"insn": Csr.MIE << 20}, 1, 0),
    "csrw satp": (CSRRW | {"insn": Csr.SATP << 20}, 1, 1),
    "csrr satp": (CSRRW | {"funct3": 2, "insn": Csr.SATP << 20}, 0, 0),
    "sret": (SRET, 1, 1),
    "ecall": (SRET | {"system": System.ECALL}, 1, 1),
    "wfi": (SRET | {"system": System.WFI}, 1, 0),
    "sfence.vma": (SRET | {"system": System.SFENCE_VMA}, 1, 1),
}


def run(testbench, **parameters):
    dut = shared(Foresight, **{"protected": False, "misaligned": False} | parameters)

    async def bench(ctx):
        async def enter(fields, *, legal=1, priv=Priv.M, behind=Unit.ALU):
            """`fields` enters, and an instruction of unit `behind` is next."""
            fields = {"fetch__fault": Fault.NONE, "rs1": 0, "insn": 0} | fields
            for name, value in fields.items():
                ctx.set(member(dut, f"next__{name}"), value)
            ctx.set(dut.legal, legal)
            ctx.set(dut.environment.priv, priv)
            ctx.set(dut.take, 1)
            await ctx.tick()
            ctx.set(dut.take, 0)
            ctx.set(dut.next.unit, behind)
            ctx.set(dut.next.insn, 0)

        await testbench(ctx, dut, enter)

    simulate(dut, bench)


def test_what_is_alone_and_what_follows():
    async def testbench(ctx, dut, enter):
        for name, (fields, serial, refetches) in KINDS.items():
            await enter(fields)
            known = ctx.get(dut.serial), ctx.get(dut.refetches), ctx.get(dut.calls)
            assert known == (serial, refetches, name == "ecall"), name

    run(testbench)


def test_a_write_of_any_csr_keeps_the_next_csr_instruction_out():
    async def testbench(ctx, dut, enter):
        for unit in (Unit.CSR, Unit.ALU, Unit.LOAD):
            await enter(KINDS["csrw mscratch"][0], behind=unit)
            assert ctx.get(dut.serial) == (unit == Unit.CSR)
            assert ctx.get(dut.csr) == Csr.MSCRATCH

    run(testbench)


def test_a_fence_of_an_address_elsewhere_is_for_accesses_only():
    async def testbench(ctx, dut, enter):
        for elsewhere, unit in product((0, 1), (Unit.ALU, Unit.LOAD, Unit.AMO)):
            ctx.set(dut.elsewhere, elsewhere)
            await enter(KINDS["sfence.vma"][0] | {"rs1": 5}, behind=unit)
            assert ctx.get(dut.refetches) == (not elsewhere)
            assert ctx.get(dut.serial) == (not elsewhere or unit != Unit.ALU)

    run(testbench)


def test_where_accesses_may_be_misaligned_every_fence_is_for_all():
    async def testbench(ctx, dut, enter):
        ctx.set(dut.elsewhere, 1)
        await enter(KINDS["sfence.vma"][0] | {"rs1": 5})
        assert ctx.get(dut.serial)
        assert ctx.get(dut.refetches)

    run(testbench, misaligned=True)


def test_what_is_forbidden_is_so_as_it_enters():
    async def testbench(ctx, dut, enter):
        for legal in (0, 1):
            await enter(CSRRW, legal=legal)
            ctx.set(dut.legal, not legal)
            assert ctx.get(dut.forbidden) == ctx.get(dut.barred) == (not legal)
        for priv in Priv:
            await enter(SRET, priv=priv)
            assert ctx.get(dut.forbidden) == ctx.get(dut.barred) == (priv == Priv.U)

    run(testbench)


def test_other_reasons_bar_it_too():
    async def testbench(ctx, dut, enter):
        for reason in ({"illegal": 1}, {"misaligned": 1}, {"interrupt": 1}, {"illegal": 0}):
            await enter({"unit": Unit.LOAD, "illegal": 0, "misaligned": 0, "interrupt": 0} | reason)
            assert ctx.get(dut.barred) == any(reason.values()), reason
            assert not ctx.get(dut.forbidden)

    run(testbench)
