"""The arithmetic of atomic memory operations.

Source: RISC-V Instruction Set Manual, Volume I, chapter ""A" Extension for Atomic Instructions",
section "Atomic Memory Operations".
"""

from functools import reduce
from operator import xor

from amaranth.hdl import Module, Mux, Signal, Value
from amaranth.lib import enum, wiring
from amaranth.lib.wiring import In, Out

from hdl.units.alu import is_less

__all__ = ["AmoAlu", "AmoOp"]


class AmoOp(enum.IntEnum, shape=5):  # type: ignore[call-arg]
    """What an atomic memory operation stores; the values are those of `funct5`."""

    ADD = 0
    SWAP = 1
    XOR = 4
    OR = 8
    AND = 12
    MIN = 16
    MAX = 20
    MINU = 24
    MAXU = 28


class AmoAlu(wiring.Component):
    """Computes what an atomic memory operation writes back. Combinational."""

    op: In(AmoOp)
    #: The operation works on 32 bits.
    word: In(1)
    #: The value loaded; sign-extended from 32 bits if `word`.
    memory: In(64)
    #: The value of rs2; only bits 31:0 count if `word`.
    operand: In(64)
    #: The value to store; only bits 31:0 count if `word`.
    result: Out(64)

    def elaborate(self, platform: object) -> Module:
        m = Module()
        memory = self.memory
        # Sign-extended words compare like their 32 bits, as unsigned numbers too.
        extended = Signal(64)
        m.d.comb += extended.eq(Mux(self.word, self.operand[:32].as_signed(), self.operand))
        op = Value.cast(self.op)
        # Of MIN and MINU the lesser one stays in memory; of MAX and MAXU (bit 2) the other one.
        keeps = is_less(memory, extended, ~op[3]) ^ op[2]
        # Everything but a sum is a sum without carries of some of these three: memory, operand, and
        # what both have in common. For instance OR is that of all three.
        picks, exclusive, inclusive = op[4], op[2] & ~op[3], op[3] & ~op[2]
        terms = (
            (memory, Mux(picks, keeps, exclusive | inclusive)),
            (extended, Mux(picks, ~keeps, ~(op[2] & op[3]))),
            (memory & extended, ~picks & op[3]),
        )
        combined = reduce(xor, (term & taken.replicate(64) for term, taken in terms))
        m.d.comb += self.result.eq(Mux(self.op == AmoOp.ADD, memory + extended, combined))
        return m
