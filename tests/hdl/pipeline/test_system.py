"""Which SYSTEM instructions are forbidden, and what CSR instructions make of a CSR."""

import random
from itertools import product

from amaranth.hdl import Module
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from hdl.arch import Priv
from hdl.mmu.vocabulary import Fault
from hdl.pipeline.stages import Executed
from hdl.pipeline.system import forbid, is_barred, modify
from hdl.priv.csr import Environment
from hdl.units.decoder import System, Unit
from tests.support import member, simulate


class Instructions(wiring.Component):
    executed: In(Executed())
    environment: In(Environment())
    legal: In(1)
    barred: Out(1)
    forbidden: Out(1)
    old: In(64)
    operand: In(64)
    written: Out(64)

    def elaborate(self, platform):
        m = Module()
        forbid(m, self.forbidden, self.executed, self.environment, self.legal)
        modify(m, self.written, self.executed.funct3, self.old, self.operand)
        m.d.comb += self.barred.eq(is_barred(self.executed, self.forbidden))
        return m


def test_privilege_and_three_bits_forbid_privileged_instructions():
    dut = Instructions()
    bits = {System.SRET: "tsr", System.WFI: "tw", System.SFENCE_VMA: "tvm"}

    async def testbench(ctx):
        ctx.set(dut.executed.unit, Unit.SYSTEM)
        for system, priv, tsr, tw, tvm in product(System, Priv, *[(0, 1)] * 3):
            live = {"priv": priv, "tsr": tsr, "tw": tw, "tvm": tvm}
            ctx.set(dut.executed.system, system)
            for name, value in live.items():
                ctx.set(getattr(dut.environment, name), value)
            if system in bits:
                expected = priv == Priv.U or (priv == Priv.S and live[bits[system]])
            else:
                expected = system == System.MRET and priv != Priv.M
            assert ctx.get(dut.forbidden) == expected, (system, live)

    simulate(dut, testbench)


def test_a_csr_instruction_is_forbidden_where_its_access_is_not_legal_and_nothing_else_is():
    dut = Instructions()

    async def testbench(ctx):
        ctx.set(dut.executed.system, System.MRET)
        ctx.set(dut.environment.priv, Priv.U)
        for unit, legal in product(set(Unit) - {Unit.SYSTEM}, (0, 1)):
            ctx.set(dut.executed.unit, unit)
            ctx.set(dut.legal, legal)
            assert ctx.get(dut.forbidden) == (unit == Unit.CSR and not legal)

    simulate(dut, testbench)


def test_csrs_are_written_set_and_cleared():
    dut, rng = Instructions(), random.Random(3)

    async def testbench(ctx):
        for funct3 in (1, 2, 3, 5, 6, 7):
            old, operand = rng.getrandbits(64), rng.getrandbits(64)
            for signal, value in (
                (dut.executed.funct3, funct3),
                (dut.old, old),
                (dut.operand, operand),
            ):
                ctx.set(signal, value)
            by_kind = {1: operand, 2: old | operand, 3: old & ~operand}
            assert ctx.get(dut.written) == by_kind[funct3 & 3]

    simulate(dut, testbench)


def test_one_exception_or_a_need_of_an_update_is_enough_to_be_barred():
    dut = Instructions()
    none = {"executed__fetch__fault": Fault.NONE}
    names = ("interrupt", "illegal", "misaligned", "fetch__update")
    reasons = [{"executed__unit": Unit.CSR, "legal": 0}]
    reasons += [{f"executed__{name}": 1} for name in names]
    reasons += [{name: fault} for name in none for fault in (Fault.PAGE, Fault.ACCESS)]
    good = dict.fromkeys([name for reason in reasons for name in reason], 0)
    good |= none | {"executed__unit": Unit.ALU, "legal": 1}

    async def testbench(ctx):
        for reason in ({}, *reasons):
            for name, value in (good | reason).items():
                ctx.set(member(dut, name), value)
            assert ctx.get(dut.barred) == bool(reason), reason

    simulate(dut, testbench)
