"""The encodings, as Spike's disassembler reads them."""

import pytest

from tests import spike
from tests.verify.lockstep import encode
from tests.verify.lockstep.reference import disassemble

spike.require()


@pytest.mark.parametrize(
    "word, text",
    [
        (encode.r_type(0x33, 0, 0x20, 3, 4, 5), "sub gp, tp, t0"),
        (encode.i_type(0x13, 0, 6, 7, -2048), "addi t1, t2, -2048"),
        (encode.s_type(3, 8, 9, -8), "sd s1, -8(s0)"),
        (encode.u_type(0x37, 10, 0xFFFFF), "lui a0, 0xfffff"),
        (encode.branch(4, 1, 2, -4096), "blt ra, sp, pc - 4096"),
        (encode.branch(4, 1, 2, 4094), "blt ra, sp, pc + 4094"),
        (encode.jal(1, -(1 << 20)), "jal pc - 0x100000"),
        (encode.jal(5, 0x7FE), "jal t0, pc + 0x7fe"),
        (encode.amo(0, 3, 1, 2, 3, ordering=3), "amoadd.d.aqrl ra, gp, (sp)"),
        (encode.csr(6, 5, 0x304, 31), "csrrsi t0, mie, 31"),
        (encode.fill("1001dddddsssss10", {"d": 5, "s": 31}, 0), "c.add t0, t6"),
        (encode.fill("100111DDD0iSSS01", {"D": 7, "S": 0}, 1), "c.addw a5, s0"),
    ],
)
def test_instructions(word, text):
    assert " ".join(disassemble(word).split()) == text


@pytest.mark.parametrize(
    "value", [0, 1, -1, 2047, -2048, 2048, 1 << 31, -(1 << 31), (1 << 63) - 1, 1 << 63, 0x8000_1234,
              0x1234_5678_9ABC_DEF0, 0xFFFF_FFFF_FFFF_F800, 0x7FFF_F800]
)  # fmt: skip
def test_constants(value):
    register = 0
    for word in encode.li(5, value):
        register = executed(word, register) & (1 << 64) - 1

    assert register == value & (1 << 64) - 1


def executed(word, register):
    """What one of the four instructions that load constants makes of `register`."""
    opcode, funct3, imm = word & 0x7F, word >> 12 & 7, (word >> 20 ^ 0x800) - 0x800
    if opcode == 0x37:
        return signed(word & 0xFFFF_F000, 32)
    operand = register if word >> 15 & 0x1F else 0
    if funct3 == 1:
        return operand << (imm & 0x3F)
    return operand + imm if opcode == 0x13 else signed(operand + imm, 32)


def signed(value, bits):
    return (value + (1 << bits - 1) & (1 << bits) - 1) - (1 << bits - 1)
