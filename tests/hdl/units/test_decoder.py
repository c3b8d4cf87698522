"""The decoder against the instruction listings, read a second time.

The listings are written as in the public opcode tables: a name, its operand fields, and the bits
that make it this instruction (`14..12=3`). Everything else follows from them: a word is legal if
and only if a row matches it, and has the operands of that row.
"""

import random

from hdl.units.alu import AluOp
from hdl.units.decoder import Control, Decoder, System, Unit
from tests.support import simulate

SEED = 1

LISTINGS = """
lui     rd imm20 6..0=0x37
auipc   rd imm20 6..0=0x17
jal     rd jimm20 6..0=0x6f
jalr    rd rs1 imm12 14..12=0 6..0=0x67

beq     bimm12 rs1 rs2 14..12=0 6..0=0x63
bne     bimm12 rs1 rs2 14..12=1 6..0=0x63
blt     bimm12 rs1 rs2 14..12=4 6..0=0x63
bge     bimm12 rs1 rs2 14..12=5 6..0=0x63
bltu    bimm12 rs1 rs2 14..12=6 6..0=0x63
bgeu    bimm12 rs1 rs2 14..12=7 6..0=0x63

lb      rd rs1 imm12 14..12=0 6..0=0x03
lh      rd rs1 imm12 14..12=1 6..0=0x03
lw      rd rs1 imm12 14..12=2 6..0=0x03
ld      rd rs1 imm12 14..12=3 6..0=0x03
lbu     rd rs1 imm12 14..12=4 6..0=0x03
lhu     rd rs1 imm12 14..12=5 6..0=0x03
lwu     rd rs1 imm12 14..12=6 6..0=0x03
sb      simm12 rs1 rs2 14..12=0 6..0=0x23
sh      simm12 rs1 rs2 14..12=1 6..0=0x23
sw      simm12 rs1 rs2 14..12=2 6..0=0x23
sd      simm12 rs1 rs2 14..12=3 6..0=0x23

addi    rd rs1 imm12 14..12=0 6..0=0x13
slti    rd rs1 imm12 14..12=2 6..0=0x13
sltiu   rd rs1 imm12 14..12=3 6..0=0x13
xori    rd rs1 imm12 14..12=4 6..0=0x13
ori     rd rs1 imm12 14..12=6 6..0=0x13
andi    rd rs1 imm12 14..12=7 6..0=0x13
slli    rd rs1 shamt6 31..26=0x00 14..12=1 6..0=0x13
srli    rd rs1 shamt6 31..26=0x00 14..12=5 6..0=0x13
srai    rd rs1 shamt6 31..26=0x10 14..12=5 6..0=0x13
addiw   rd rs1 imm12 14..12=0 6..0=0x1b
slliw   rd rs1 shamt5 31..25=0x00 14..12=1 6..0=0x1b
srliw   rd rs1 shamt5 31..25=0x00 14..12=5 6..0=0x1b
sraiw   rd rs1 shamt5 31..25=0x20 14..12=5 6..0=0x1b

add     rd rs1 rs2 31..25=0x00 14..12=0 6..0=0x33
sub     rd rs1 rs2 31..25=0x20 14..12=0 6..0=0x33
sll     rd rs1 rs2 31..25=0x00 14..12=1 6..0=0x33
slt     rd rs1 rs2 31..25=0x00 14..12=2 6..0=0x33
sltu    rd rs1 rs2 31..25=0x00 14..12=3 6..0=0x33
xor     rd rs1 rs2 31..25=0x00 14..12=4 6..0=0x33
srl     rd rs1 rs2 31..25=0x00 14..12=5 6..0=0x33
sra     rd rs1 rs2 31..25=0x20 14..12=5 6..0=0x33
or      rd rs1 rs2 31..25=0x00 14..12=6 6..0=0x33
and     rd rs1 rs2 31..25=0x00 14..12=7 6..0=0x33
addw    rd rs1 rs2 31..25=0x00 14..12=0 6..0=0x3b
subw    rd rs1 rs2 31..25=0x20 14..12=0 6..0=0x3b
sllw    rd rs1 rs2 31..25=0x00 14..12=1 6..0=0x3b
srlw    rd rs1 rs2 31..25=0x00 14..12=5 6..0=0x3b
sraw    rd rs1 rs2 31..25=0x20 14..12=5 6..0=0x3b

mul     rd rs1 rs2 31..25=0x01 14..12=0 6..0=0x33
mulh    rd rs1 rs2 31..25=0x01 14..12=1 6..0=0x33
mulhsu  rd rs1 rs2 31..25=0x01 14..12=2 6..0=0x33
mulhu   rd rs1 rs2 31..25=0x01 14..12=3 6..0=0x33
div     rd rs1 rs2 31..25=0x01 14..12=4 6..0=0x33
divu    rd rs1 rs2 31..25=0x01 14..12=5 6..0=0x33
rem     rd rs1 rs2 31..25=0x01 14..12=6 6..0=0x33
remu    rd rs1 rs2 31..25=0x01 14..12=7 6..0=0x33
mulw    rd rs1 rs2 31..25=0x01 14..12=0 6..0=0x3b
divw    rd rs1 rs2 31..25=0x01 14..12=4 6..0=0x3b
divuw   rd rs1 rs2 31..25=0x01 14..12=5 6..0=0x3b
remw    rd rs1 rs2 31..25=0x01 14..12=6 6..0=0x3b
remuw   rd rs1 rs2 31..25=0x01 14..12=7 6..0=0x3b

lr.w      rd rs1     aqrl 24..20=0 31..27=0x02 14..12=2 6..0=0x2f
sc.w      rd rs1 rs2 aqrl 31..27=0x03 14..12=2 6..0=0x2f
amoadd.w  rd rs1 rs2 aqrl 31..27=0x00 14..12=2 6..0=0x2f
amoswap.w rd rs1 rs2 aqrl 31..27=0x01 14..12=2 6..0=0x2f
amoxor.w  rd rs1 rs2 aqrl 31..27=0x04 14..12=2 6..0=0x2f
amoor.w   rd rs1 rs2 aqrl 31..27=0x08 14..12=2 6..0=0x2f
amoand.w  rd rs1 rs2 aqrl 31..27=0x0c 14..12=2 6..0=0x2f
amomin.w  rd rs1 rs2 aqrl 31..27=0x10 14..12=2 6..0=0x2f
amomax.w  rd rs1 rs2 aqrl 31..27=0x14 14..12=2 6..0=0x2f
amominu.w rd rs1 rs2 aqrl 31..27=0x18 14..12=2 6..0=0x2f
amomaxu.w rd rs1 rs2 aqrl 31..27=0x1c 14..12=2 6..0=0x2f
lr.d      rd rs1     aqrl 24..20=0 31..27=0x02 14..12=3 6..0=0x2f
sc.d      rd rs1 rs2 aqrl 31..27=0x03 14..12=3 6..0=0x2f
amoadd.d  rd rs1 rs2 aqrl 31..27=0x00 14..12=3 6..0=0x2f
amoswap.d rd rs1 rs2 aqrl 31..27=0x01 14..12=3 6..0=0x2f
amoxor.d  rd rs1 rs2 aqrl 31..27=0x04 14..12=3 6..0=0x2f
amoor.d   rd rs1 rs2 aqrl 31..27=0x08 14..12=3 6..0=0x2f
amoand.d  rd rs1 rs2 aqrl 31..27=0x0c 14..12=3 6..0=0x2f
amomin.d  rd rs1 rs2 aqrl 31..27=0x10 14..12=3 6..0=0x2f
amomax.d  rd rs1 rs2 aqrl 31..27=0x14 14..12=3 6..0=0x2f
amominu.d rd rs1 rs2 aqrl 31..27=0x18 14..12=3 6..0=0x2f
amomaxu.d rd rs1 rs2 aqrl 31..27=0x1c 14..12=3 6..0=0x2f

csrrw   rd rs1 csr 14..12=1 6..0=0x73
csrrs   rd rs1 csr 14..12=2 6..0=0x73
csrrc   rd rs1 csr 14..12=3 6..0=0x73
csrrwi  rd zimm csr 14..12=5 6..0=0x73
csrrsi  rd zimm csr 14..12=6 6..0=0x73
csrrci  rd zimm csr 14..12=7 6..0=0x73

fence   ignored 14..12=0 6..0=0x0f
fence.i ignored 14..12=1 6..0=0x0f
ecall   31..0=0x00000073
ebreak  31..0=0x00100073
sret    31..0=0x10200073
mret    31..0=0x30200073
wfi     31..0=0x10500073
sfence.vma rs1 rs2 31..25=0x09 14..7=0 6..0=0x73
"""

UNITS = {
    Unit.BRANCH: "beq bne blt bge bltu bgeu",
    Unit.JUMP: "jal jalr",
    Unit.MULDIV: "mul mulh mulhsu mulhu div divu rem remu mulw divw divuw remw remuw",
    Unit.LOAD: "lb lh lw ld lbu lhu lwu",
    Unit.STORE: "sb sh sw sd",
    Unit.LR: "lr.w lr.d",
    Unit.SC: "sc.w sc.d",
    Unit.CSR: "csrrw csrrs csrrc csrrwi csrrsi csrrci",
    Unit.SYSTEM: "fence fence.i ecall ebreak sret mret wfi sfence.vma",
}
#: What the arithmetic instructions compute, without their suffixes for immediates and words.
ALU_OPS = {op.name.lower(): op for op in AluOp}


class Listing:
    """A row of the listings."""

    def __init__(self, line):
        self.name, *fields = line.split()
        self.operands = [field for field in fields if "=" not in field]
        self.mask = self.match = 0
        for field in fields:
            if "=" in field:
                place, value = field.split("=")
                high, low = map(int, place.split(".."))
                self.mask |= (1 << high + 1) - (1 << low)
                self.match |= int(value, 0) << low

    def unit(self):
        for unit, names in UNITS.items():
            if self.name in names.split():
                return unit
        return Unit.AMO if self.name.startswith("amo") else Unit.ALU

    def registers(self, word):
        """rs1, rs2 and rd, 0 for what the instruction does not have."""
        fields = {"rs1": word >> 15 & 31, "rs2": word >> 20 & 31, "rd": word >> 7 & 31}
        return {name: fields[name] if name in self.operands else 0 for name in fields}

    def immediate(self, word):
        """The immediate as 64 bits, or None if there is none."""

        def bits(high, low):
            return word >> low & (1 << high - low + 1) - 1

        sign = -bits(31, 31)
        values = {
            "imm12": sign << 12 | bits(31, 20),
            "simm12": sign << 12 | bits(31, 25) << 5 | bits(11, 7),
            "bimm12": sign << 12 | bits(7, 7) << 11 | bits(30, 25) << 5 | bits(11, 8) << 1,
            "imm20": sign << 32 | bits(31, 12) << 12,
            "jimm20": sign << 20 | bits(19, 12) << 12 | bits(20, 20) << 11 | bits(30, 21) << 1,
            "shamt6": bits(25, 20),
            "shamt5": bits(24, 20),
        }
        for operand in self.operands:
            if operand in values:
                return values[operand] % (1 << 64)
        return None

    def arithmetic(self):
        """How the ALU is used: op, word, use_pc, use_imm."""
        name = self.name
        if name in ("lui", "auipc"):
            return AluOp.ADD, 0, int(name == "auipc"), 1
        # `sltiu` and `sltu` keep their last letter, `addiw` loses two.
        word = int(self.match & 0x7F in (0x1B, 0x3B))
        immediate = int(self.match & 0x7F in (0x13, 0x1B))
        base = name[:-1] if word else name
        if immediate:
            base = "sltu" if base == "sltiu" else base[:-1]
        return ALU_OPS[base], word, 0, immediate


TABLE = [Listing(line) for line in LISTINGS.splitlines() if line]


def find(word):
    found = [row for row in TABLE if word & row.mask == row.match]
    assert len(found) <= 1
    return found[0] if found else None


class Bench:
    def __init__(self):
        self.dut = Decoder()

    def run(self, check_all):
        async def testbench(ctx):
            self.ctx = ctx
            check_all()

        simulate(self.dut, testbench)

    def decode(self, word):
        self.ctx.set(self.dut.insn, word)

    def get(self, name):
        return self.ctx.get(getattr(self.dut.control, name))

    def check(self, row, word):
        """The controls of `word`, which `row` lists."""
        self.decode(word)
        where = f"{row.name} {word:#010x}"
        assert not self.get("illegal"), where
        unit = row.unit()
        assert self.get("unit") == unit, where
        if row.mask != 0xFFFF_FFFF:
            got = {name: self.get(name) for name in ("rs1", "rs2", "rd")}
            assert got == row.registers(word), where
        assert self.get("funct3") == word >> 12 & 7 or unit == Unit.SYSTEM, where
        self.check_immediate(row, word, where)
        if unit == Unit.ALU:
            names = ("alu_op", "word", "use_pc", "use_imm")
            assert tuple(self.get(name) for name in names) == row.arithmetic(), where
        elif unit == Unit.MULDIV:
            assert self.get("word") == row.name.endswith("w"), where
        elif unit == Unit.JUMP:
            assert self.get("use_pc") == (row.name == "jal"), where
        elif unit == Unit.SYSTEM:
            system = System[row.name.upper().replace(".", "_")]
            assert self.get("system") == system, where

    def check_immediate(self, row, word, where):
        expected, imm = row.immediate(word), self.get("imm")
        if row.unit() in (Unit.LR, Unit.SC, Unit.AMO):
            # The address of an atomic is rs1 alone.
            assert imm == 0, where
        elif "shamt6" in row.operands:
            assert imm & 0x3F == expected, where
        elif "shamt5" in row.operands:
            assert imm & 0x1F == expected, where
        elif expected is not None:
            assert imm == expected, where


def samples(row, rng, count):
    """Words that `row` lists, the extremes of their fields included."""
    words = [row.match, row.match | ~row.mask & 0xFFFF_FFFF]
    words += [row.match | rng.getrandbits(32) & ~row.mask for _ in range(count)]
    return words


def test_the_listings_do_not_overlap():
    rng = random.Random(SEED)
    assert len(TABLE) == len({row.name for row in TABLE}) == 98
    for row in TABLE:
        for word in samples(row, rng, 20):
            assert find(word) is row


def test_every_instruction():
    bench = Bench()
    rng = random.Random(SEED)

    def check_all():
        for row in TABLE:
            for word in samples(row, rng, 12):
                bench.check(row, word)

    bench.run(check_all)


def test_each_register_field():
    bench = Bench()

    def check_all():
        for row in TABLE:
            for shift, field in ((7, "rd"), (15, "rs1"), (20, "rs2")):
                if field in row.operands:
                    for number in (0, 1, 2, 4, 8, 16, 31):
                        bench.check(row, row.match | number << shift)

    bench.run(check_all)


def test_random_words_are_legal_only_if_listed():
    """Uniform ones, ones of the used opcodes, and listed ones with one or two bits flipped."""
    bench = Bench()
    rng = random.Random(SEED)
    opcodes = sorted({row.match & 0x7F for row in TABLE})
    words = [rng.getrandbits(32) for _ in range(500)]
    for opcode in opcodes:
        words += [rng.getrandbits(25) << 7 | opcode for _ in range(150)]
    for row in TABLE:
        for word in samples(row, rng, 6):
            words += [word ^ 1 << rng.randrange(32), word ^ 1 << rng.randrange(32) ^ 1 << 30]
    verdicts = [find(word) is None for word in words]

    def check_all():
        for word, illegal in zip(words, verdicts, strict=True):
            bench.decode(word)
            assert bench.get("illegal") == illegal, f"seed {SEED}, {word:#010x}"

    bench.run(check_all)
    assert min(verdicts.count(True), verdicts.count(False)) > 500


def test_every_opcode_funct3_and_funct7():
    """All combinations of the fields that select an instruction, with x0 and x1 as registers."""
    bench = Bench()
    words = [
        funct7 << 25 | registers | funct3 << 12 | opcode
        for opcode in range(3, 128, 4)
        for funct3 in range(8)
        for funct7 in (*range(16), 0x18, 0x20, 0x21, 0x30, 0x40, 0x41, 0x50, 0x60, 0x70, 0x7F)
        for registers in (0, 1 << 20 | 1 << 15 | 1 << 7)
    ]
    insn, illegal = bench.dut.insn, bench.dut.control.illegal

    def check_all():
        for word in words:
            bench.ctx.set(insn, word)
            assert bench.ctx.get(illegal) == (find(word) is None), f"{word:#010x}"

    bench.run(check_all)


def test_every_system_instruction_without_operands():
    bench = Bench()

    def check_all():
        for immediate in range(1 << 12):
            word = immediate << 20 | 0x73
            bench.decode(word)
            assert bench.get("illegal") == (find(word) is None), f"{word:#010x}"

    bench.run(check_all)


def test_compressed_words_are_none_of_its_business():
    bench = Bench()

    def check_all():
        for low in range(3):
            for rest in (0, 0x13, 0x73, ~3):
                bench.decode((rest | 3) & 0xFFFF_FFFC | low)
                assert bench.get("illegal")

    bench.run(check_all)


def test_privileged_instructions_without_operands_read_no_register():
    bench = Bench()

    def check_all():
        for row in TABLE:
            if row.mask == 0xFFFF_FFFF:
                bench.decode(row.match)
                assert [bench.get(name) for name in ("rs1", "rs2", "rd")] == [0, 0, 0], row.name

    bench.run(check_all)


def test_control_has_no_other_members():
    """A control that is added has to be tested here."""
    checked = {"unit", "system", "rs1", "rs2", "rd", "imm", "alu_op", "word", "use_pc", "use_imm"}
    assert set(Control().members) == checked | {"funct3", "illegal"}
