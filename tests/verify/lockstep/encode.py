"""Encodings of instructions, and the constants that random programs are made of.

Source: RISC-V Instruction Set Manual, Volume I, "RV32/64G Instruction Set Listings" and "RVC
Instruction Set Listings"; Volume II for the privileged ones.
"""

__all__ = [
    "ALU", "ALU_IMM", "AMOS", "BRANCHES", "COMPRESSED_ALU", "COMPRESSED_LOADS",
    "COMPRESSED_STORES", "LOADS", "SHIFTS", "STORES", "amo", "branch", "csr", "fill", "i_type",
    "jal", "li", "r_type", "s_type", "sfence", "u_type",
]  # fmt: skip

#: Register operations: opcode, funct3, funct7.
ALU = [
    *((0x33, funct3, 0) for funct3 in range(8)),
    (0x33, 0, 0x20),
    (0x33, 5, 0x20),
    *((0x3B, funct3, 0) for funct3 in (0, 1, 5)),
    (0x3B, 0, 0x20),
    (0x3B, 5, 0x20),
    *((0x33, funct3, 1) for funct3 in range(8)),
    *((0x3B, funct3, 1) for funct3 in (0, 4, 5, 6, 7)),
]
#: Operations with an immediate: opcode, funct3.
ALU_IMM = [(0x13, 0), (0x13, 2), (0x13, 3), (0x13, 4), (0x13, 6), (0x13, 7), (0x1B, 0)]
#: Shifts by an immediate: opcode, funct3, the bits above the shift amount, bits of that.
SHIFTS = [
    (0x13, 1, 0, 6),
    (0x13, 5, 0, 6),
    (0x13, 5, 0x400, 6),
    (0x1B, 1, 0, 5),
    (0x1B, 5, 0, 5),
    (0x1B, 5, 0x400, 5),
]
#: funct3 of loads, stores and branches; funct5 of read-modify-write atomics.
LOADS = range(7)
STORES = range(4)
BRANCHES = (0, 1, 4, 5, 6, 7)
AMOS = (0, 1, 4, 8, 12, 16, 20, 24, 28)

#: Compressed instructions, bit 15 first. `i` is any bit; `d` and `s` are registers, read into `s`
#: or written to `d`; `D`, `S` and `P` are those of three bits, x8 to x15; `P` is a base address.
COMPRESSED_ALU = [
    "000idddddiiiii01",  # c.addi, c.nop
    "001idddddiiiii01",  # c.addiw
    "010idddddiiiii01",  # c.li
    "011idddddiiiii01",  # c.lui
    "000iiiiiiiiDDD00",  # c.addi4spn
    "100i00DDDiiiii01",  # c.srli
    "100i01DDDiiiii01",  # c.srai
    "100i10DDDiiiii01",  # c.andi
    "100011DDDiiSSS01",  # c.sub, c.xor, c.or, c.and
    "100111DDD0iSSS01",  # c.subw, c.addw
    "000idddddiiiii10",  # c.slli
    "1000dddddsssss10",  # c.mv
    "1001dddddsssss10",  # c.add
]
COMPRESSED_LOADS = ["010iiiPPPiiDDD00", "011iiiPPPiiDDD00", "010idddddiiiii10", "011idddddiiiii10"]
COMPRESSED_STORES = ["110iiiPPPiiSSS00", "111iiiPPPiiSSS00", "110iiiiiisssss10", "111iiiiiisssss10"]


def r_type(opcode: int, funct3: int, funct7: int, rd: int, rs1: int, rs2: int) -> int:
    """An instruction of three registers."""
    return funct7 << 25 | rs2 << 20 | rs1 << 15 | funct3 << 12 | rd << 7 | opcode


def i_type(opcode: int, funct3: int, rd: int, rs1: int, imm: int) -> int:
    """An instruction with a 12-bit immediate, of which only the low bits count."""
    return (imm & 0xFFF) << 20 | rs1 << 15 | funct3 << 12 | rd << 7 | opcode


def s_type(funct3: int, rs1: int, rs2: int, imm: int) -> int:
    """A store."""
    return r_type(0x23, funct3, imm >> 5 & 0x7F, imm & 0x1F, rs1, rs2)


def u_type(opcode: int, rd: int, upper: int) -> int:
    """`lui` (0x37) or `auipc` (0x17) with 20 bits."""
    return (upper & 0xFFFFF) << 12 | rd << 7 | opcode


def branch(funct3: int, rs1: int, rs2: int, offset: int) -> int:
    """A conditional branch by `offset` bytes."""
    low = (offset >> 1 & 0xF) << 1 | offset >> 11 & 1
    high = (offset >> 12 & 1) << 6 | offset >> 5 & 0x3F
    return r_type(0x63, funct3, high, low, rs1, rs2)


def jal(rd: int, offset: int) -> int:
    """A jump by `offset` bytes."""
    upper = (offset >> 20 & 1) << 19 | (offset >> 1 & 0x3FF) << 9
    return u_type(0x6F, rd, upper | (offset >> 11 & 1) << 8 | offset >> 12 & 0xFF)


def amo(funct5: int, size: int, rd: int, rs1: int, rs2: int, ordering: int = 0) -> int:
    """An atomic; `size` is 2 or 3, `ordering` has aq and rl. LR is 2, SC 3."""
    return r_type(0x2F, size, funct5 << 2 | ordering, rd, rs1, rs2)


def csr(funct3: int, rd: int, address: int, source: int) -> int:
    """A CSR instruction: csrrw, csrrs, csrrc 1 to 3, with an immediate 5 to 7."""
    return i_type(0x73, funct3, rd, source, address)


def sfence(rs1: int, rs2: int) -> int:
    """`sfence.vma` of the address in `rs1` and the address space in `rs2`, of all if it is x0."""
    return r_type(0x73, 0, 9, 0, rs1, rs2)


def li(rd: int, value: int) -> list[int]:
    """Instructions that load any 64-bit `value` into `rd`, the shortest way there is."""
    value = (value & (1 << 64) - 1) - (value >> 63 & 1) * (1 << 64)
    if -(1 << 11) <= value < 1 << 11:
        return [i_type(0x13, 0, rd, 0, value)]
    low = (value & 0xFFF) - (value >> 11 & 1) * 0x1000
    upper = value - low
    if -(1 << 31) <= value < (1 << 31) and upper >> 12 < 1 << 19:
        words = [u_type(0x37, rd, upper >> 12)]
        return [*words, i_type(0x1B, 0, rd, rd, low)] if low else words
    shift = 12
    while not upper >> shift & 1:
        shift += 1
    words = [*li(rd, upper >> shift), i_type(0x13, 1, rd, rd, shift)]
    return [*words, i_type(0x13, 0, rd, rd, low)] if low else words


def fill(pattern: str, fields: dict[str, int], bits: int) -> int:
    """A compressed instruction: `fields` by their letter, and `bits` where any will do."""
    word, used = 0, {}
    for letter in reversed(pattern):
        if letter in "01":
            bit = int(letter)
        elif letter == "i":
            bit, bits = bits & 1, bits >> 1
        else:
            bit = fields[letter] >> used.get(letter, 0) & 1
            used[letter] = used.get(letter, 0) + 1
        word = word >> 1 | bit << 15
    return word
