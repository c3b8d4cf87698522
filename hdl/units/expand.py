"""The expander: every compressed instruction becomes its 32-bit equivalent.

Source: RISC-V Instruction Set Manual, Volume I, chapter ""C" Extension for Compressed
Instructions", section "RVC Instruction Set Listings".
"""

from enum import IntEnum

from amaranth.hdl import C, Cat, Module, Value
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

__all__ = ["Expander", "Opcode"]


class Opcode(IntEnum):
    """Major opcodes: bits 6:0 of a 32-bit instruction."""

    LOAD = 0x03
    MISC_MEM = 0x0F
    OP_IMM = 0x13
    AUIPC = 0x17
    OP_IMM_32 = 0x1B
    STORE = 0x23
    AMO = 0x2F
    OP = 0x33
    LUI = 0x37
    OP_32 = 0x3B
    BRANCH = 0x63
    JALR = 0x67
    JAL = 0x6F
    SYSTEM = 0x73


X0, RA, SP = (C(number, 5) for number in (0, 1, 2))
#: funct7 of `sub`, `sra` and their kin.
ALTERNATE = 0x20
EBREAK = C(0x00100073, 32)


def _zero_extend(value: Value, width: int) -> Value:
    return Cat(value, C(0, width - len(value)))


def _sign_extend(value: Value, width: int) -> Value:
    return Cat(value, value[-1].replicate(width - len(value)))


def _r_type(opcode: int, rd: Value, funct3: int, rs1: Value, rs2: Value, funct7: int = 0) -> Value:
    return Cat(C(opcode, 7), rd, C(funct3, 3), rs1, rs2, C(funct7, 7))


def _i_type(opcode: int, rd: Value, funct3: int, rs1: Value, imm12: Value) -> Value:
    return Cat(C(opcode, 7), rd, C(funct3, 3), rs1, imm12)


def _shift(rd: Value, funct3: int, rs1: Value, shamt6: Value, funct7: int = 0) -> Value:
    return _i_type(Opcode.OP_IMM, rd, funct3, rs1, Cat(shamt6, C(funct7 >> 1, 6)))


def _load(rd: Value, size: int, rs1: Value, uimm: Value) -> Value:
    return _i_type(Opcode.LOAD, rd, size, rs1, _zero_extend(uimm, 12))


def _store(rs2: Value, size: int, rs1: Value, uimm: Value) -> Value:
    imm12 = _zero_extend(uimm, 12)
    return Cat(C(Opcode.STORE, 7), imm12[:5], C(size, 3), rs1, rs2, imm12[5:])


def _branch(funct3: int, rs1: Value, rs2: Value, imm13: Value) -> Value:
    low = Cat(C(Opcode.BRANCH, 7), imm13[11], imm13[1:5], C(funct3, 3))
    return Cat(low, rs1, rs2, imm13[5:11], imm13[12])


def _lui(rd: Value, imm20: Value) -> Value:
    return Cat(C(Opcode.LUI, 7), rd, imm20)


def _jal(rd: Value, imm21: Value) -> Value:
    return Cat(C(Opcode.JAL, 7), rd, imm21[12:20], imm21[11], imm21[1:11], imm21[20])


def _jalr(rd: Value, rs1: Value) -> Value:
    return _i_type(Opcode.JALR, rd, 0, rs1, C(0, 12))


class Expander(wiring.Component):
    """Replaces a compressed instruction by the 32-bit instruction that does the same.

    RV64C is complete, without floating-point loads and stores (the hart has neither F nor D) and
    without Zcb, Zcmp and Zcmop. Hints expand to the instruction they are encoded as, which changes
    nothing. Combinational.

    A reserved or unsupported compressed encoding raises `illegal`. A 32-bit instruction passes
    unchanged and is never `illegal` here: that is for the decoder to say.
    """

    #: Two halfwords, the first in bits 15:0; the second is ignored if the first is `compressed`.
    halves: In(32)
    #: The 32-bit instruction; anything while `illegal`.
    insn: Out(32)
    #: The parcel is a compressed encoding that this hart does not have.
    illegal: Out(1)
    #: The instruction takes 16 bits rather than 32.
    compressed: Out(1)

    def elaborate(self, platform: object) -> Module:
        m = Module()
        parcel = self.halves[:16]
        rows = _quadrant_1(parcel) + _quadrant_2(parcel) + _quadrant_0(parcel)
        m.d.comb += [self.compressed.eq(parcel[:2] != 0b11), self.insn.eq(self.halves)]
        with m.Switch(parcel):
            with m.Case(_LONG):
                pass
            for pattern, insn in rows:
                with m.Case(pattern):
                    m.d.comb += self.illegal.eq(insn is None)
            with m.Default():
                m.d.comb += self.illegal.eq(1)
        # Of patterns that exclude each other a tool makes one choice, not one behind the other.
        met: list[str] = []
        with m.Switch(parcel):
            for pattern, insn in rows:
                if insn is not None:
                    pattern = pattern.replace(" ", "")
                    with m.Case(*_without(pattern, met)):
                        m.d.comb += self.insn.eq(insn)
                    met.append(pattern)
        return m


#: The parcel that begins a 32-bit instruction.
_LONG = "-------------- 11"


def _without(pattern: str, others: list[str]) -> list[str]:
    """Patterns that exclude each other, for what `pattern` matches and none of `others` does."""
    left = [pattern]
    for other in others:
        left = [part for each in left for part in _less(each, other)]
    return left


def _less(pattern: str, other: str) -> list[str]:
    """The same for one other pattern."""
    if any({a, b} == {"0", "1"} for a, b in zip(pattern, other, strict=True)):
        return [pattern]
    parts, begin = [], ""
    for place, (a, b) in enumerate(zip(pattern, other, strict=True)):
        if a == "-" and b != "-":
            parts.append(begin + "10"[int(b)] + pattern[place + 1 :])
            begin += b
        else:
            begin += a
    return parts


# The listings: rows of (pattern of the parcel, its 32-bit equivalent or `None` if reserved). The
# first matching row counts, so a reserved case stands before the general one. What no row matches
# is floating point, another extension's or reserved.


def _quadrant_0(parcel: Value) -> list[tuple[str, Value | None]]:
    rd = rs2 = Cat(parcel[2:5], C(0b01, 2))
    rs1 = Cat(parcel[7:10], C(0b01, 2))
    stack = Cat(C(0, 2), parcel[6], parcel[5], parcel[11:13], parcel[7:11])
    word = Cat(C(0, 2), parcel[6], parcel[10:13], parcel[5])
    double = Cat(C(0, 3), parcel[10:13], parcel[5:7])
    return [
        ("000 00000000 --- 00", None),  # c.addi4spn of 0; with rd = 0 the defined illegal
        ("000 -------- --- 00", _i_type(Opcode.OP_IMM, rd, 0, SP, _zero_extend(stack, 12))),
        ("010 --- --- -- --- 00", _load(rd, 2, rs1, word)),  # c.lw
        ("011 --- --- -- --- 00", _load(rd, 3, rs1, double)),  # c.ld
        ("110 --- --- -- --- 00", _store(rs2, 2, rs1, word)),  # c.sw
        ("111 --- --- -- --- 00", _store(rs2, 3, rs1, double)),  # c.sd
    ]


def _quadrant_1(parcel: Value) -> list[tuple[str, Value | None]]:
    rd = parcel[7:12]
    imm6 = Cat(parcel[2:7], parcel[12])
    imm12 = _sign_extend(imm6, 12)
    stack = Cat(C(0, 4), parcel[6], parcel[2], parcel[5], parcel[3:5], parcel[12])
    return [
        ("000 - ----- ----- 01", _i_type(Opcode.OP_IMM, rd, 0, rd, imm12)),  # c.addi, c.nop
        ("001 - 00000 ----- 01", None),  # c.addiw to x0
        ("001 - ----- ----- 01", _i_type(Opcode.OP_IMM_32, rd, 0, rd, imm12)),  # c.addiw
        ("010 - ----- ----- 01", _i_type(Opcode.OP_IMM, rd, 0, X0, imm12)),  # c.li
        ("011 0 ----- 00000 01", None),  # c.addi16sp and c.lui of 0
        ("011 - 00010 ----- 01", _i_type(Opcode.OP_IMM, SP, 0, SP, _sign_extend(stack, 12))),
        ("011 - ----- ----- 01", _lui(rd, _sign_extend(imm6, 20))),  # c.lui
        *_arithmetic(parcel, imm6),
        *_jumps(parcel),
    ]


def _arithmetic(parcel: Value, imm6: Value) -> list[tuple[str, Value | None]]:
    """The rows of quadrant 1 that work on x8 to x15."""
    rd = Cat(parcel[7:10], C(0b01, 2))
    rs2 = Cat(parcel[2:5], C(0b01, 2))
    return [
        ("100 - 00 --- ----- 01", _shift(rd, 5, rd, imm6)),  # c.srli
        ("100 - 01 --- ----- 01", _shift(rd, 5, rd, imm6, ALTERNATE)),  # c.srai
        ("100 - 10 --- ----- 01", _i_type(Opcode.OP_IMM, rd, 7, rd, _sign_extend(imm6, 12))),
        ("100 0 11 --- 00 --- 01", _r_type(Opcode.OP, rd, 0, rd, rs2, ALTERNATE)),  # c.sub
        ("100 0 11 --- 01 --- 01", _r_type(Opcode.OP, rd, 4, rd, rs2)),  # c.xor
        ("100 0 11 --- 10 --- 01", _r_type(Opcode.OP, rd, 6, rd, rs2)),  # c.or
        ("100 0 11 --- 11 --- 01", _r_type(Opcode.OP, rd, 7, rd, rs2)),  # c.and
        ("100 1 11 --- 00 --- 01", _r_type(Opcode.OP_32, rd, 0, rd, rs2, ALTERNATE)),  # c.subw
        ("100 1 11 --- 01 --- 01", _r_type(Opcode.OP_32, rd, 0, rd, rs2)),  # c.addw
    ]


def _jumps(parcel: Value) -> list[tuple[str, Value | None]]:
    """The rows of quadrant 1 that jump or branch."""
    rs1 = Cat(parcel[7:10], C(0b01, 2))
    low = Cat(C(0, 1), parcel[3:6], parcel[11], parcel[2], parcel[7], parcel[6])
    jump = _sign_extend(Cat(low, parcel[9:11], parcel[8], parcel[12]), 21)
    low = Cat(C(0, 1), parcel[3:5], parcel[10:12], parcel[2], parcel[5:7])
    branch = _sign_extend(Cat(low, parcel[12]), 13)
    return [
        ("101 ----------- 01", _jal(X0, jump)),  # c.j
        ("110 --- --- ----- 01", _branch(0, rs1, X0, branch)),  # c.beqz
        ("111 --- --- ----- 01", _branch(1, rs1, X0, branch)),  # c.bnez
    ]


def _quadrant_2(parcel: Value) -> list[tuple[str, Value | None]]:
    rd = rs1 = parcel[7:12]
    rs2 = parcel[2:7]
    load_word = Cat(C(0, 2), parcel[4:7], parcel[12], parcel[2:4])
    load_double = Cat(C(0, 3), parcel[5:7], parcel[12], parcel[2:5])
    store_word = Cat(C(0, 2), parcel[9:13], parcel[7:9])
    store_double = Cat(C(0, 3), parcel[10:13], parcel[7:10])
    return [
        ("000 - ----- ----- 10", _shift(rd, 1, rd, Cat(parcel[2:7], parcel[12]))),  # c.slli
        ("01- - 00000 ----- 10", None),  # c.lwsp and c.ldsp to x0
        ("010 - ----- ----- 10", _load(rd, 2, SP, load_word)),  # c.lwsp
        ("011 - ----- ----- 10", _load(rd, 3, SP, load_double)),  # c.ldsp
        ("100 0 00000 00000 10", None),  # c.jr to x0
        ("100 0 ----- 00000 10", _jalr(X0, rs1)),  # c.jr
        ("100 0 ----- ----- 10", _r_type(Opcode.OP, rd, 0, X0, rs2)),  # c.mv
        ("100 1 00000 00000 10", EBREAK),  # c.ebreak
        ("100 1 ----- 00000 10", _jalr(RA, rs1)),  # c.jalr
        ("100 1 ----- ----- 10", _r_type(Opcode.OP, rd, 0, rd, rs2)),  # c.add
        ("110 ------ ----- 10", _store(rs2, 2, SP, store_word)),  # c.swsp
        ("111 ------ ----- 10", _store(rs2, 3, SP, store_double)),  # c.sdsp
    ]
