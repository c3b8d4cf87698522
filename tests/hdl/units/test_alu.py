"""The arithmetic unit and the branch comparison against Python's integers."""

import random

import pytest
from amaranth.hdl import Module, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from hdl.units.alu import Alu, AluOp, branch_taken
from tests.support import simulate

MASK = (1 << 64) - 1
CORNERS = (0, 1, 31, 32, 63, 64, 0x7FFF_FFFF, 0x8000_0000, 0xFFFF_FFFF, 1 << 63, MASK >> 1, MASK)
WORD_OPS = (AluOp.ADD, AluOp.SUB, AluOp.SLL, AluOp.SRL, AluOp.SRA)


def signed(value, bits=64):
    value &= (1 << bits) - 1
    return value - (1 << bits) if value >> bits - 1 else value


def reference(op, a, b, bits):
    """The result, sign-extended from `bits` to 64."""
    distance = b % bits
    unsigned_a = a & (1 << bits) - 1
    result = {
        AluOp.ADD: lambda: a + b,
        AluOp.SUB: lambda: a - b,
        AluOp.SLL: lambda: a << distance,
        AluOp.SLT: lambda: signed(a) < signed(b),
        AluOp.SLTU: lambda: a < b,
        AluOp.XOR: lambda: a ^ b,
        AluOp.SRL: lambda: unsigned_a >> distance,
        AluOp.SRA: lambda: signed(a, bits) >> distance,
        AluOp.OR: lambda: a | b,
        AluOp.AND: lambda: a & b,
    }[op]()
    return signed(int(result), bits) & MASK


def operand_pairs(seed, count):
    """All pairs of corners, then random pairs with lengths of all sizes."""
    rng = random.Random(seed)
    pairs = [(a, b) for a in CORNERS for b in CORNERS]
    pairs += [(rng.getrandbits(rng.randint(1, 64)), rng.getrandbits(64)) for _ in range(count)]
    return pairs


@pytest.mark.parametrize("op", AluOp, ids=lambda op: op.name)
def test_operation(op):
    dut = Alu()
    pairs = operand_pairs(seed=op, count=100)

    async def testbench(ctx):
        ctx.set(dut.op, op)
        for word in (0, 1) if op in WORD_OPS else (0,):
            ctx.set(dut.word, word)
            for a, b in pairs:
                ctx.set(dut.a, a)
                ctx.set(dut.b, b)
                expected = reference(op, a, b, bits=32 if word else 64)
                assert ctx.get(dut.result) == expected, f"{word=} {a=:#x} {b=:#x}"

    simulate(dut, testbench)


def test_operations_are_numbered_as_instructions_encode_them():
    """`funct3` of OP instructions, and bit 3 for those with bit 30 set."""
    names = " ".join(AluOp(funct3).name for funct3 in range(8))
    assert names == "ADD SLL SLT SLTU XOR SRL OR AND"
    assert AluOp(8 | AluOp.ADD) is AluOp.SUB
    assert AluOp(8 | AluOp.SRL) is AluOp.SRA


class BranchUnit(wiring.Component):
    funct3: In(3)
    a: In(64)
    b: In(64)
    taken: Out(1)

    def elaborate(self, platform):
        m = Module()
        m.d.comb += self.taken.eq(branch_taken(self.funct3, self.a, self.b))
        return m


@pytest.mark.parametrize(
    "funct3, condition",
    [
        pytest.param(0b000, lambda a, b: a == b, id="beq"),
        pytest.param(0b001, lambda a, b: a != b, id="bne"),
        pytest.param(0b100, lambda a, b: signed(a) < signed(b), id="blt"),
        pytest.param(0b101, lambda a, b: signed(a) >= signed(b), id="bge"),
        pytest.param(0b110, lambda a, b: a < b, id="bltu"),
        pytest.param(0b111, lambda a, b: a >= b, id="bgeu"),
    ],
)
def test_branch(funct3, condition):
    dut = BranchUnit()
    pairs = operand_pairs(seed=funct3, count=100)
    outcomes = set()

    async def testbench(ctx):
        ctx.set(dut.funct3, funct3)
        for a, b in pairs:
            ctx.set(dut.a, a)
            ctx.set(dut.b, b)
            taken = ctx.get(dut.taken)
            assert taken == condition(a, b), f"{a=:#x} {b=:#x}"
            outcomes.add(taken)

    simulate(dut, testbench)
    assert outcomes == {0, 1}


def test_branch_taken_is_one_bit():
    assert len(branch_taken(Signal(3), Signal(64), Signal(64))) == 1
