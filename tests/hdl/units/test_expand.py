"""The expander against the RVC listings, read a second time, for all 65536 parcels."""

import random
import re

from hdl.units.expand import Expander
from tests.support import simulate

# -- 32-bit encodings --------------------------------------------------------------------------


def r_type(opcode, rd, funct3, rs1, rs2, funct7=0):
    return funct7 << 25 | rs2 << 20 | rs1 << 15 | funct3 << 12 | rd << 7 | opcode


def i_type(opcode, rd, funct3, rs1, imm):
    return (imm & 0xFFF) << 20 | rs1 << 15 | funct3 << 12 | rd << 7 | opcode


def s_type(opcode, funct3, rs1, rs2, imm):
    return r_type(opcode, imm & 0x1F, funct3, rs1, rs2, imm >> 5 & 0x7F)


def b_type(funct3, rs1, rs2, imm):
    rd = imm & 0x1E | imm >> 11 & 1
    return r_type(0x63, rd, funct3, rs1, rs2, (imm >> 12 & 1) << 6 | imm >> 5 & 0x3F)


def jal(rd, imm):
    high = (imm >> 20 & 1) << 19 | (imm >> 1 & 0x3FF) << 9 | (imm >> 11 & 1) << 8 | imm >> 12 & 0xFF
    return high << 12 | rd << 7 | 0x6F


def addi(rd, rs1, imm):
    return i_type(0x13, rd, 0, rs1, imm)


def load(rd, rs1, size, imm):
    return i_type(0x03, rd, size, rs1, imm)


def store(rs2, rs1, size, imm):
    return s_type(0x23, size, rs1, rs2, imm)


# -- The listings -------------------------------------------------------------------------------


def field(parcel, high, low):
    return parcel >> low & (1 << high - low + 1) - 1


def immediate(parcel, **fields):
    """The immediate that `fields` describe in the manual's notation, from parcel bits downwards.

    `_12_10="5:3"` says that parcel bits 12 to 10 are bits 5 to 3 of the immediate.
    """
    value = 0
    for place, meaning in fields.items():
        source = int(re.match(r"_(\d+)", place)[1])
        for part in meaning.split("|"):
            high, _, low = part.partition(":")
            for bit in range(int(high), int(low or high) - 1, -1):
                value |= (parcel >> source & 1) << bit
                source -= 1
    return value


def signed(value, bits):
    return value - (1 << bits) if value >> bits - 1 else value


def expand(parcel):
    """The equivalent of a compressed `parcel`, or None where this hart has no instruction."""
    quadrant = (quadrant_0, quadrant_1, quadrant_2)[parcel & 3]
    return quadrant(parcel, field(parcel, 15, 13))


def quadrant_0(parcel, funct3):
    rd, rs1 = 8 + field(parcel, 4, 2), 8 + field(parcel, 9, 7)
    word = immediate(parcel, _12_10="5:3", _6_5="2|6")
    double = immediate(parcel, _12_10="5:3", _6_5="7:6")
    if funct3 == 0b000:
        imm = immediate(parcel, _12_5="5:4|9:6|2|3")
        return addi(rd, 2, imm) if imm else None
    if funct3 == 0b010:
        return load(rd, rs1, 2, word)
    if funct3 == 0b011:
        return load(rd, rs1, 3, double)
    if funct3 == 0b110:
        return store(rd, rs1, 2, word)
    if funct3 == 0b111:
        return store(rd, rs1, 3, double)
    return None  # c.fld, c.fsd, reserved


def quadrant_1(parcel, funct3):
    rd = field(parcel, 11, 7)
    imm = signed(immediate(parcel, _12="5", _6_2="4:0"), 6)
    if funct3 == 0b000:
        return addi(rd, rd, imm)
    if funct3 == 0b001:
        return i_type(0x1B, rd, 0, rd, imm) if rd else None
    if funct3 == 0b010:
        return addi(rd, 0, imm)
    if funct3 == 0b011:
        return stack_or_upper(parcel, rd, imm)
    if funct3 == 0b100:
        return arithmetic(parcel, 8 + field(parcel, 9, 7), imm)
    if funct3 == 0b101:
        offset = immediate(parcel, _12_2="11|4|9:8|10|6|7|3:1|5")
        return jal(0, signed(offset, 12))
    offset = signed(immediate(parcel, _12_10="8|4:3", _6_2="7:6|2:1|5"), 9)
    return b_type(funct3 & 1, 8 + field(parcel, 9, 7), 0, offset)


def stack_or_upper(parcel, rd, imm):
    if imm == 0:
        return None
    if rd == 2:
        return addi(2, 2, signed(immediate(parcel, _12="9", _6_2="4|6|8:7|5"), 10))
    return (imm & 0xFFFFF) << 12 | rd << 7 | 0x37


def arithmetic(parcel, rd, imm):
    funct2 = field(parcel, 11, 10)
    if funct2 == 0b00:
        return i_type(0x13, rd, 5, rd, imm & 0x3F)
    if funct2 == 0b01:
        return i_type(0x13, rd, 5, rd, 0x400 | imm & 0x3F)
    if funct2 == 0b10:
        return i_type(0x13, rd, 7, rd, imm)
    rs2 = 8 + field(parcel, 4, 2)
    operation = field(parcel, 12, 12), field(parcel, 6, 5)
    return {
        (0, 0b00): r_type(0x33, rd, 0, rd, rs2, 0x20),  # sub
        (0, 0b01): r_type(0x33, rd, 4, rd, rs2),  # xor
        (0, 0b10): r_type(0x33, rd, 6, rd, rs2),  # or
        (0, 0b11): r_type(0x33, rd, 7, rd, rs2),  # and
        (1, 0b00): r_type(0x3B, rd, 0, rd, rs2, 0x20),  # subw
        (1, 0b01): r_type(0x3B, rd, 0, rd, rs2),  # addw
    }.get(operation)


def quadrant_2(parcel, funct3):
    rd, rs2 = field(parcel, 11, 7), field(parcel, 6, 2)
    if funct3 == 0b000:
        return i_type(0x13, rd, 1, rd, immediate(parcel, _12="5", _6_2="4:0"))
    if funct3 == 0b010:
        return load(rd, 2, 2, immediate(parcel, _12="5", _6_2="4:2|7:6")) if rd else None
    if funct3 == 0b011:
        return load(rd, 2, 3, immediate(parcel, _12="5", _6_2="4:3|8:6")) if rd else None
    if funct3 == 0b100:
        return jump_or_add(rd, rs2, linked=field(parcel, 12, 12))
    if funct3 == 0b110:
        return store(rs2, 2, 2, immediate(parcel, _12_7="5:2|7:6"))
    if funct3 == 0b111:
        return store(rs2, 2, 3, immediate(parcel, _12_7="5:3|8:6"))
    return None  # c.fldsp, c.fsdsp


def jump_or_add(rd, rs2, *, linked):
    if rs2:
        return r_type(0x33, rd, 0, rd if linked else 0, rs2)  # c.add, c.mv
    if rd:
        return i_type(0x67, linked, 0, rd, 0)  # c.jalr, c.jr
    return 0x00100073 if linked else None  # c.ebreak


# -- Tests --------------------------------------------------------------------------------------


def test_every_compressed_parcel():
    dut = Expander()
    rng = random.Random(1)
    parcels = [parcel for parcel in range(1 << 16) if parcel & 3 != 3]
    wrong = []

    async def testbench(ctx):
        for parcel in parcels:
            ctx.set(dut.halves, rng.getrandbits(16) << 16 | parcel)
            insn = None if ctx.get(dut.illegal) else ctx.get(dut.insn)
            if insn != expand(parcel) or not ctx.get(dut.compressed):
                wrong.append(f"{parcel:#06x}: {insn!r}, expected {expand(parcel)!r}")

    simulate(dut, testbench)
    assert wrong == []
    assert len(parcels) == 3 << 14


def test_an_illegal_parcel_is_told():
    dut = Expander()

    async def testbench(ctx):
        for parcel in (0x0000, 0x8000, 0x2000, 0x9C7D):
            ctx.set(dut.halves, 0xABCD_0000 | parcel)
            assert ctx.get(dut.illegal)

    simulate(dut, testbench)


def test_a_long_instruction_passes_unchanged():
    dut = Expander()
    rng = random.Random(2)

    async def testbench(ctx):
        for _ in range(2000):
            halves = rng.getrandbits(32) | 0b11
            ctx.set(dut.halves, halves)
            assert ctx.get(dut.insn) == halves
            assert not ctx.get(dut.compressed)
            assert not ctx.get(dut.illegal)

    simulate(dut, testbench)


def test_known_encodings():
    """Parcels and their equivalents as an assembler writes them."""
    known = {
        0x0001: 0x00000013,  # nop
        0x1141: 0xFF010113,  # addi sp, sp, -16
        0xE406: 0x00113423,  # sd ra, 8(sp)
        0x60A2: 0x00813083,  # ld ra, 8(sp)
        0x8082: 0x00008067,  # ret
        0x9002: 0x00100073,  # ebreak
        0x717D: 0xFF010113,  # addi sp, sp, -16, as c.addi16sp
        0x852E: 0x00B00533,  # mv a0, a1
        0x2505: 0x0015051B,  # addiw a0, a0, 1
        0x1502: 0x02051513,  # slli a0, a0, 32
        0xBFFD: 0xFFFFF06F,  # j .-2
    }
    dut = Expander()

    async def testbench(ctx):
        for parcel, insn in known.items():
            ctx.set(dut.halves, parcel)
            assert ctx.get(dut.insn) == insn
            assert not ctx.get(dut.illegal)

    simulate(dut, testbench)
