"""The arithmetic unit for integers and the comparison of branches.

Source: RISC-V Instruction Set Manual, Volume I, chapters "RV32I" and "RV64I".
"""

from amaranth.hdl import Cat, Module, Mux, Signal, Value, ValueLike
from amaranth.lib import enum, wiring
from amaranth.lib.wiring import In, Out

__all__ = ["Alu", "AluOp", "branch_taken", "is_less"]


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


class Alu(wiring.Component):
    """Computes `result` from `a` and `b`; with `adds` it is their sum. Combinational.

    A shift takes its distance from bits 5:0 of `b`, or 4:0 if `word`.
    """

    op: In(AluOp)
    #: Work on 32 bits and sign-extend the result (`addw` and its kin: ADD SUB SLL SRL SRA).
    word: In(1)
    a: In(64)
    b: In(64)
    result: Out(64)
    adds: Out(1)

    def elaborate(self, platform: object) -> Module:
        m = Module()
        full = Signal(64)
        op = Value.cast(self.op)
        compares = ~op[2] & op[1]
        m.d.comb += self.adds.eq((self.op == AluOp.ADD) & ~self.word)
        total = self._add(m, compares | op[3])
        with m.If(op[:2] == AluOp.SLL):
            m.d.comb += full.eq(self._shift(m))
        with m.Elif(op[:3] == AluOp.ADD):
            m.d.comb += full.eq(total)
        with m.Else():
            # Of a comparison all bits are 0 but the lowest, the sign of the difference.
            m.d.comb += full.eq(self._combine(m, compares) | (compares & total[64]))
        m.d.comb += self.result.eq(Mux(self.word, full[:32].as_signed(), full))
        return m

    def _add(self, m: Module, subtracts: Value) -> Signal:
        """`a + b` or `a - b`, 65 bits; for SLTU of unsigned numbers, else of signed ones."""
        total = Signal(65)
        signed = self.op != AluOp.SLTU
        a, b = (_extend(operand, signed) for operand in (self.a, self.b))
        # One adder; the bit below the lowest one makes the carry into that.
        inverted = b ^ subtracts.replicate(65)
        m.d.comb += total.eq((Cat(1, a) + Cat(subtracts, inverted))[1:66])
        return total

    def _combine(self, m: Module, compares: Value) -> Signal:
        """XOR, OR or AND of the operands, 64 bits; for a comparison 0: four functions of both."""
        op, combined = Value.cast(self.op), Signal(64, name="combined")
        either = Mux(op[0], self.a & self.b, self.a | self.b)
        exclusive = Mux(compares, 0, self.a ^ self.b)
        m.d.comb += combined.eq(Mux(op[2] & op[1], either, exclusive))
        return combined

    def _shift(self, m: Module) -> Value:
        """`a` shifted, 64 bits: always to the right, what goes to the left is turned round."""
        left = self.op == AluOp.SLL
        fill = (self.op == AluOp.SRA) & Mux(self.word, self.a[31], self.a[63])
        moved = Signal(64, name="moved")
        with m.If(left):
            m.d.comb += moved.eq(self.a[::-1])
        with m.Elif(self.word):
            m.d.comb += moved.eq(Cat(self.a[:32], fill.replicate(32)))
        with m.Else():
            m.d.comb += moved.eq(self.a)
        distance = Cat(self.b[:5], self.b[5] & ~self.word)
        shifted = Signal(64, name="shifted")
        m.d.comb += shifted.eq(Cat(moved, fill).as_signed() >> distance)
        return Mux(left, shifted[::-1], shifted)


def _extend(operand: Value, signed: ValueLike) -> Value:
    """`operand` (64 bits) as a number of 65 bits."""
    return Cat(operand, operand[63] & signed)


def is_less(a: Value, b: Value, signed: ValueLike) -> Value:
    """Whether `a` is less than `b` (64 bits), by one comparison for both kinds of numbers."""
    return _extend(a, signed).as_signed() < _extend(b, signed).as_signed()


def branch_taken(funct3: ValueLike, a: ValueLike, b: ValueLike) -> Value:
    """Whether the branch with `funct3` (3 bits) is taken; `a` and `b` are rs1 and rs2 (64 bits).

    `funct3` 0b010 and 0b011, which no branch has, count as 0b000 and 0b001.
    """
    funct3, a, b = Value.cast(funct3), Value.cast(a), Value.cast(b)
    return Mux(funct3[2], is_less(a, b, ~funct3[1]), a == b) ^ funct3[0]
