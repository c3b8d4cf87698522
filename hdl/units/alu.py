"""The arithmetic unit for integers and the comparison of branches.

Source: RISC-V Instruction Set Manual, Volume I, chapters "RV32I" and "RV64I".
"""

from amaranth.hdl import Cat, Module, Mux, Signal, Value, ValueLike
from amaranth.lib import enum, wiring
from amaranth.lib.wiring import In, Out

__all__ = ["Alu", "AluOp", "branch_taken"]


class AluOp(enum.IntEnum, shape=4):  # type: ignore[call-arg]
    """What the `Alu` computes: `funct3`, with bit 3 set where instruction bit 30 is."""

    ADD = 0b0000
    SLL = 0b0001
    SLT = 0b0010
    SLTU = 0b0011
    XOR = 0b0100
    SRL = 0b0101
    OR = 0b0110
    AND = 0b0111
    SUB = 0b1000
    SRA = 0b1101
    #: The operand `b`, for `lui`; no instruction encodes it.
    PASS_B = 0b1111


class Alu(wiring.Component):
    """Computes `result` from `a` and `b`. Combinational.

    A shift takes its distance from bits 5:0 of `b`, or 4:0 if `word`.
    """

    op: In(AluOp)
    #: Work on 32 bits and sign-extend the result (`addw` and its kin: ADD SUB SLL SRL SRA).
    word: In(1)
    a: In(64)
    b: In(64)
    result: Out(64)

    def elaborate(self, platform: object) -> Module:
        m = Module()
        full = Signal(64)
        distance = Cat(self.b[:5], self.b[5] & ~self.word)
        a_word = self.a[:32]
        with m.Switch(self.op):
            with m.Case(AluOp.ADD):
                m.d.comb += full.eq(self.a + self.b)
            with m.Case(AluOp.SUB):
                m.d.comb += full.eq(self.a - self.b)
            with m.Case(AluOp.SLL):
                m.d.comb += full.eq((self.a << distance)[:64])
            with m.Case(AluOp.SLT):
                m.d.comb += full.eq(self.a.as_signed() < self.b.as_signed())
            with m.Case(AluOp.SLTU):
                m.d.comb += full.eq(self.a < self.b)
            with m.Case(AluOp.XOR):
                m.d.comb += full.eq(self.a ^ self.b)
            with m.Case(AluOp.SRL):
                m.d.comb += full.eq(Mux(self.word, a_word, self.a) >> distance)
            with m.Case(AluOp.SRA):
                signed = Mux(self.word, a_word.as_signed(), self.a.as_signed())
                m.d.comb += full.eq(signed >> distance)
            with m.Case(AluOp.OR):
                m.d.comb += full.eq(self.a | self.b)
            with m.Case(AluOp.AND):
                m.d.comb += full.eq(self.a & self.b)
            with m.Default():
                m.d.comb += full.eq(self.b)
        m.d.comb += self.result.eq(Mux(self.word, full[:32].as_signed(), full))
        return m


def branch_taken(funct3: ValueLike, a: ValueLike, b: ValueLike) -> Value:
    """Whether the branch with `funct3` (3 bits) is taken; `a` and `b` are rs1 and rs2 (64 bits).

    `funct3` 0b010 and 0b011, which no branch has, count as 0b000 and 0b001.
    """
    funct3, a, b = Value.cast(funct3), Value.cast(a), Value.cast(b)
    less = Mux(funct3[1], a < b, a.as_signed() < b.as_signed())
    return Mux(funct3[2], less, a == b) ^ funct3[0]
