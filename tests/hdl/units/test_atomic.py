"""The arithmetic of atomic memory operations against Python's integers."""

import random

import pytest

from hdl.units.atomic import AmoAlu, AmoOp
from tests.support import simulate

MASK = (1 << 64) - 1
CORNERS = (0, 1, 0x7FFF_FFFF, 0x8000_0000, 0xFFFF_FFFF, 1 << 63, MASK >> 1, MASK)


def signed(value, bits):
    value &= (1 << bits) - 1
    return value - (1 << bits) if value >> bits - 1 else value


def reference(op, memory, operand, bits):
    """The `bits` that are stored."""
    mask = (1 << bits) - 1
    memory, operand = memory & mask, operand & mask

    def by_sign(value):
        return signed(value, bits)

    result = {
        AmoOp.ADD: memory + operand,
        AmoOp.SWAP: operand,
        AmoOp.XOR: memory ^ operand,
        AmoOp.OR: memory | operand,
        AmoOp.AND: memory & operand,
        AmoOp.MIN: min(memory, operand, key=by_sign),
        AmoOp.MAX: max(memory, operand, key=by_sign),
        AmoOp.MINU: min(memory, operand),
        AmoOp.MAXU: max(memory, operand),
    }[op]
    return result & mask


@pytest.mark.parametrize("bits", [32, 64])
@pytest.mark.parametrize("op", AmoOp, ids=lambda op: op.name)
def test_operation(op, bits):
    dut = AmoAlu()
    rng = random.Random(op)
    pairs = [(a, b) for a in CORNERS for b in CORNERS]
    pairs += [(rng.getrandbits(64), rng.getrandbits(64)) for _ in range(50)]

    async def testbench(ctx):
        ctx.set(dut.op, op)
        ctx.set(dut.word, bits == 32)
        for memory, operand in pairs:
            ctx.set(dut.memory, signed(memory, bits) & MASK)
            ctx.set(dut.operand, operand)
            stored = ctx.get(dut.result) & (1 << bits) - 1
            assert stored == reference(op, memory, operand, bits), f"{memory=:#x} {operand=:#x}"

    simulate(dut, testbench)


def test_operations_are_numbered_as_instructions_encode_them():
    """`funct5` in table "RV32A Standard Extension" of the manual's instruction listings."""
    assert {op.name: format(op.value, "05b") for op in AmoOp} == {
        "ADD": "00000",
        "SWAP": "00001",
        "XOR": "00100",
        "OR": "01000",
        "AND": "01100",
        "MIN": "10000",
        "MAX": "10100",
        "MINU": "11000",
        "MAXU": "11100",
    }
