"""Random programs: everything the hart can do, in an order that leads somewhere.

A program is made a block at a time. The maker keeps a belief about the mode the program will be in
by then, so that most of what it writes works there and some of it does not; the belief may be wrong,
since exceptions change the mode too, and that is as good a test.
"""

from random import Random

from hdl.arch import MENVCFG_ADUE, MENVCFG_FIOM, MENVCFG_STCE, Csr, Mstatus
from tests.lockstep import encode
from tests.lockstep.encode import amo, csr, fill, i_type, li, r_type, s_type, u_type
from tests.lockstep.handlers import DONE, LOOP, RESERVED
from tests.lockstep.program import Block, Item, Line, Program
from tests.lockstep.spike_differences import SPIKE_ONLY
from tests.lockstep.world import (
    CODE,
    DATA,
    DATA_PAGES,
    EDITABLE,
    IDENTITY,
    MACHINE_HANDLER,
    RAM,
    RAM_SIZE,
    SUPERVISOR_HANDLER,
    VIEWS,
    ZOO,
    bent,
    satps,
    tables,
)

__all__ = ["generate"]

#: Registers that hold addresses of data. Only `_Maker.pointer` writes them, so that no store goes
#: to page tables or code by accident.
POINTERS = (2, 3, 4, 8, 9)
_SHORT_POINTERS = (8, 9)
_FREE = [number for number in range(1, 32) if number not in (*POINTERS, *RESERVED)]
#: Registers for sequences of the maker's own.
_T0, _T1, _T2 = 22, 23, 24
_NEXT_BLOCK = -1

_ECALL, _EBREAK, _SRET, _MRET, _WFI = 0x73, 0x100073, 0x10200073, 0x30200073, 0x10500073
_FENCE_I, _C_EBREAK = 0x100F, 0x9002

_CORNERS = (0, 1, 2, 0xFF, 1 << 31, (1 << 31) - 1, 1 << 32, 1 << 63, (1 << 63) - 1, (1 << 64) - 1,
            (1 << 64) - 2, 0xFFFF_FFFF, 0xFFFF_FFFF_8000_0000, 0x5555_5555_5555_5555)  # fmt: skip
_STATUS_BITS = [1 << Mstatus[name] for name in ("SIE", "SPIE", "MPIE", "SPP", "SUM", "MXR")]
#: CSRs whose random contents do no harm, and those that must get their old ones back, by mode.
_HARMLESS = {
    1: (Csr.SSCRATCH, Csr.SEPC, Csr.SCAUSE, Csr.STVAL, Csr.SCOUNTEREN, Csr.SENVCFG, Csr.SIP),
    3: (Csr.MSCRATCH, Csr.MEPC, Csr.MCAUSE, Csr.MTVAL, Csr.MCOUNTEREN, Csr.MCOUNTINHIBIT, Csr.MISA,
        Csr.MCYCLE, Csr.MINSTRET, Csr.MIDELEG, Csr.MIP),
}  # fmt: skip
_RESTORED = {
    1: (Csr.SIE, Csr.SSTATUS, Csr.STVEC, Csr.STIMECMP),
    3: (Csr.MIE, Csr.MSTATUS, Csr.MTVEC, Csr.STVEC, Csr.SATP, Csr.MEDELEG, Csr.MENVCFG,
        Csr.STIMECMP),
}  # fmt: skip
_INTERRUPTS = 0xAAA


def generate(seed: int) -> Program:
    """The program of `seed`."""
    return _Maker(seed).program()


class _Maker:
    """Makes one program."""

    def __init__(self, seed):
        self.seed = seed
        self.random = Random(seed)
        self.mode = 3
        self.number = 0
        self.items = []
        #: STIP shows `time >= stimecmp`. Fixed for a program: what it shows when that changes is
        #: not the same bit in Spike.
        self.stce = self.random.random() < 0.75

    # Parts of blocks.

    def put(self, *words, size=4, fix=None, target=0):
        """Adds instructions to the block that is being made."""
        for word in words:
            self.number += 1
            self.items.append(Item(self.number, word, size, fix, target))

    def dest(self):
        return self.random.choice(_FREE) if self.random.random() < 0.97 else 0

    def source(self):
        return self.random.randrange(32)

    def value(self):
        """64 bits, often of a special kind."""
        random = self.random
        if random.random() < 0.4:
            return random.choice(_CORNERS)
        return random.getrandbits(random.choice((6, 12, 20, 32, 48, 64)))

    def alu(self):
        """One instruction that computes."""
        random = self.random
        kind = random.random()
        if kind < 0.35:
            pattern = random.choice(encode.COMPRESSED_ALU)
            # A source of 0 would make jumps of c.mv and c.add.
            fields = {"d": self.dest(), "s": random.randrange(1, 32),
                      "D": random.randrange(2, 8), "S": random.randrange(8)}  # fmt: skip
            if fields["d"] == 0 and pattern.startswith("011"):
                fields["d"] = 5
            self.put(fill(pattern, fields, random.getrandbits(16)), size=2)
        elif kind < 0.65:
            opcode, funct3, funct7 = random.choice(encode.ALU)
            self.put(r_type(opcode, funct3, funct7, self.dest(), self.source(), self.source()))
        elif kind < 0.8:
            opcode, funct3 = random.choice(encode.ALU_IMM)
            self.put(i_type(opcode, funct3, self.dest(), self.source(), random.getrandbits(12)))
        elif kind < 0.88:
            opcode, funct3, upper, bits = random.choice(encode.SHIFTS)
            amount = random.getrandbits(bits)
            self.put(i_type(opcode, funct3, self.dest(), self.source(), upper | amount))
        elif kind < 0.94:
            self.put(u_type(random.choice((0x37, 0x17)), self.dest(), random.getrandbits(20)))
        else:
            self.put(*li(random.choice(_FREE), self.value()))

    def access(self):
        """One load, store or atomic at a pointer."""
        random = self.random
        kind = random.random()
        pointer = random.choice(POINTERS)
        if kind < 0.2:
            loads = random.random() < 0.5
            pattern = random.choice(encode.COMPRESSED_LOADS if loads else encode.COMPRESSED_STORES)
            fields = {"d": random.choice(_FREE), "s": self.source(), "D": random.randrange(2, 8),
                      "S": random.randrange(8), "P": random.choice(_SHORT_POINTERS) - 8}  # fmt: skip
            self.put(fill(pattern, fields, random.getrandbits(16)), size=2)
        elif kind < 0.5:
            size = random.choice(encode.LOADS)
            self.put(i_type(0x03, size, self.dest(), pointer, self.offset(size & 3)))
        elif kind < 0.75:
            size = random.choice(encode.STORES)
            self.put(s_type(size, pointer, self.source(), self.offset(size)))
        elif kind < 0.9:
            self.put(amo(random.choice(encode.AMOS), random.choice((2, 3)), self.dest(), pointer,
                         self.source(), random.randrange(4)))  # fmt: skip
        else:
            self.reserve(pointer)

    def reserve(self, pointer):
        """LR and, not always, SC, at mostly the same address."""
        random = self.random
        size, ordering = random.choice((2, 3)), random.randrange(4)
        if random.random() < 0.85:
            self.put(amo(2, size, self.dest(), pointer, 0, ordering))
        for _ in range(random.choice((0, 0, 1, 2))):
            self.alu() if random.random() < 0.6 else self.access()
        if random.random() < 0.9:
            other = pointer if random.random() < 0.8 else random.choice(POINTERS)
            size = size if random.random() < 0.9 else 5 - size
            self.put(amo(3, size, self.dest(), other, self.source(), ordering))

    def offset(self, size):
        """An immediate: mostly near and aligned."""
        random = self.random
        offset = random.choice((random.randrange(-8, 8) * 8, random.randrange(-2048, 2048)))
        return offset if random.random() < 0.06 else offset & ~((1 << size) - 1)

    def address(self, mode):
        """An address for data accesses in `mode`."""
        random = self.random
        kind = random.random()
        inside = random.randrange(0, DATA_PAGES << 12, 8)
        if kind < 0.2:  # around the end of a page
            inside = (inside & ~0xFFF | 0xFF0) + random.randrange(0, 32, random.choice((1, 2, 4)))
        if kind < 0.72:
            return random.choice(VIEWS[mode]) + DATA - RAM + inside
        if kind < 0.84:
            base, distance = random.choice(ZOO)
            index = random.randrange(18)
            low = inside & 0xFFF if distance == 1 << 12 else DATA - RAM + inside
            return base + index * distance + low
        if kind < 0.92:
            return random.choice(VIEWS[random.choice((0, 1, 3))]) + DATA - RAM + inside
        if kind < 0.97:  # not canonical, or just so
            return random.choice(VIEWS[mode]) + inside ^ random.choice((
                1 << random.randrange(38, 64), (1 << 26) - 1 << 38))
        beyond = random.choice((RAM + RAM_SIZE, RAM - DATA_PAGES * 0x1000, 1 << 40, 1 << 56, -8))
        return beyond + inside & (1 << 64) - 1

    def aim(self, register, mode=None):
        """Points a register at data."""
        self.put(*li(register, self.address(self.mode if mode is None else mode)))

    def locate(self, register, target, base):
        """Puts the address of an item, in the view at `base`, into a register; uses `_T2`."""
        self.put(u_type(0x37, register, 0), fix="upper", target=target)
        self.put(i_type(0x13, 0, register, register, 0), fix="lower", target=target)
        self.put(*li(_T2, base), r_type(0x33, 0, 0, register, register, _T2))

    # Blocks.

    def compute(self):
        for _ in range(self.random.randrange(3, 14)):
            self.alu()

    def memory(self):
        random = self.random
        for _ in range(random.choice((0, 1, 1, 2, 3))):
            self.aim(random.choice(POINTERS))
        for _ in range(random.randrange(2, 10)):
            self.access() if random.random() < 0.7 else self.alu()

    def branches(self):
        """Forward ones; each may also be the last of its block."""
        random = self.random
        for _ in range(random.randrange(1, 5)):
            for _ in range(random.randrange(3)):
                self.alu()
            target = self.number + 1 + random.randrange(1, 8)
            kind = random.random()
            if kind < 0.5:
                funct3 = random.choice(encode.BRANCHES)
                word = encode.branch(funct3, self.source(), self.source(), 0)
                self.put(word, fix="branch", target=target)
            elif kind < 0.8:
                pattern = random.choice(("110000SSS0000001", "111000SSS0000001"))
                word = fill(pattern, {"S": random.randrange(8)}, 0)
                self.put(word, size=2, fix="c.branch", target=target)
            elif kind < 0.9:
                self.put(0xA001, size=2, fix="c.j", target=target)
            else:
                self.put(encode.jal(self.dest(), 0), fix="jal", target=target)
        for _ in range(random.randrange(5)):
            self.alu()

    def loop(self):
        random = self.random
        self.put(*li(LOOP, random.randrange(2, 8)))
        start = self.number + 1
        for _ in range(random.randrange(1, 6)):
            self.alu() if random.random() < 0.7 else self.access()
        self.put(i_type(0x13, 0, LOOP, LOOP, -1))
        self.put(encode.branch(1, LOOP, 0, 0), fix="branch", target=start)

    def jump(self):
        """An indirect jump to the next block, or astray."""
        random = self.random
        register = random.choice((1, 5, 10, 15))
        if random.random() < 0.75:
            view = random.choice(VIEWS[self.mode])
            self.locate(register, _NEXT_BLOCK, view)
        else:
            base, distance = random.choice(ZOO)
            stray = (base + random.randrange(16) * distance, 1 << 38, (1 << 64) - 2, 1 << 56,
                     RAM + RAM_SIZE, CODE ^ 1 << random.randrange(38, 64), 0x4000_0000)  # fmt: skip
            self.put(*li(register, random.choice(stray)))
        if random.random() < 0.5:
            odd = random.random() < 0.2
            self.put(i_type(0x67, 0, self.dest(), register, odd))
        else:
            self.put(fill("100idddddiiiii10", {"d": register}, random.choice((0, 32))), size=2)

    def change_mode(self):
        """`mret` or `sret` to the next block, in a random mode."""
        random = self.random
        if self.mode == 0:
            return self.call()
        machine = self.mode == 3 and random.random() < 0.8
        target = random.choice((0, 0, 1, 1, 1, 3) if machine else (0, 1, 1))
        view = random.choice(VIEWS[target if random.random() < 0.95 else random.choice((0, 1))])
        status, previous = (Csr.MSTATUS, Mstatus.MPP) if machine else (Csr.SSTATUS, Mstatus.SPP)
        self.locate(_T0, _NEXT_BLOCK, view)
        self.put(csr(1, 0, Csr.MEPC if machine else Csr.SEPC, _T0))
        self.put(*li(_T1, (3 if machine else 1) << previous), csr(3, 0, status, _T1))
        self.put(*li(_T1, target << previous | self.status_bits()), csr(2, 0, status, _T1))
        self.put(_MRET if machine else _SRET)
        self.mode = target
        return None

    def status_bits(self):
        random = self.random
        bits = sum(bit for bit in _STATUS_BITS[:3] + _STATUS_BITS[4:] if random.random() < 0.4)
        return bits | sum(1 << bit for bit in (Mstatus.TVM, Mstatus.TW, Mstatus.TSR, Mstatus.MPRV)
                          if random.random() < 0.08)  # fmt: skip

    def status(self):
        """Sets or clears what acts on the very next instruction."""
        random = self.random
        if self.mode == 0:
            return self.memory()
        address = Csr.SSTATUS if self.mode == 1 or random.random() < 0.3 else Csr.MSTATUS
        for _ in range(random.randrange(1, 4)):
            bits = [1 << Mstatus.SUM, 1 << Mstatus.MXR, 1 << Mstatus.SUM | 1 << Mstatus.MXR,
                    *_STATUS_BITS, 1 << Mstatus.TVM, 1 << Mstatus.TW, 1 << Mstatus.TSR]  # fmt: skip
            self.put(*li(_T0, random.choice(bits)))
            self.put(csr(random.choice((2, 3, 3)), self.dest(), address, _T0))
            self.access()
        return None

    def borrow(self):
        """M-mode accesses memory with another privilege: MPRV."""
        random = self.random
        if self.mode != 3:
            return self.memory()
        mode = random.choice((0, 1, 1))
        self.put(*li(_T0, 3 << Mstatus.MPP), csr(3, 0, Csr.MSTATUS, _T0))
        for register in random.sample(POINTERS, 3):
            self.aim(register, mode)
        bits = 1 << Mstatus.MPRV | mode << Mstatus.MPP | self.status_bits() & ~(1 << Mstatus.MPRV)
        self.put(*li(_T1, bits), csr(2, 0, Csr.MSTATUS, _T1))
        for _ in range(random.randrange(1, 7)):
            self.access() if random.random() < 0.8 else self.alu()
        self.put(*li(_T1, 1 << Mstatus.MPRV), csr(3, 0, Csr.MSTATUS, _T1))
        return None

    def call(self):
        """An exception by itself."""
        random = self.random
        kind = random.random()
        if kind < 0.45:
            self.put(_ECALL)
            self.mode = 3 if random.random() < 0.6 else self.mode
        elif kind < 0.6:
            self.put(_EBREAK)
        elif kind < 0.7:
            self.put(_C_EBREAK, size=2)
        elif kind < 0.85:
            self.put(self.odd_word())
        else:
            # Floating point, reserved, and 0.
            patterns = ("001iiiPPPiiSSS00", "101iiiPPPiiSSS00", "001idddddiiiii10",
                        "100iiiiiiiiiii00", "1001111iii1iii01", "0000000000000000",
                        "0010000000iiii01", "0110001010000001", "0100000000iii010")  # fmt: skip
            fields = {"P": 0, "S": random.randrange(8), "d": self.dest()}
            pattern = random.choice(patterns)
            self.put(fill(pattern, fields, random.getrandbits(16)), size=2)

    def odd_word(self):
        """32 bits of an opcode that exists, mostly reserved ones, or of one that does not."""
        random = self.random
        bits = random.getrandbits(32) & ~0xF_8F80 | self.dest() << 7
        opcode = random.choice((0x33, 0x3B, 0x13, 0x1B, 0x0F, 0x2F, 0x03, 0x23, 0x07, 0x27, 0x53,
                                0x43, 0x57, 0x0B, 0x2B, 0x5B, 0x7B, 0x73))  # fmt: skip
        if opcode == 0x73:
            # No CSR instruction: funct3 0 or 4.
            return random.getrandbits(32) & 0xFFFF_8F80 | random.choice((0, 0x4000)) | opcode
        return bits | random.choice(POINTERS) << 15 | opcode

    def counters(self):
        random = self.random
        for _ in range(random.randrange(1, 4)):
            address = random.choice((Csr.CYCLE, Csr.TIME, Csr.INSTRET))
            self.put(csr(2, self.dest(), address, 0))
            self.alu()

    def registers(self):
        """CSRs: fields of every kind written with anything, and addresses of every kind."""
        random = self.random
        if random.random() < 0.2 or self.mode == 0:
            return self.any_register()
        which = _HARMLESS[self.mode] if random.random() < 0.5 else _RESTORED[self.mode]
        for _ in range(random.randrange(1, 3)):
            self.probe(random.choice(which), restore=which is _RESTORED[self.mode])
        return None

    def probe(self, address, *, restore):
        """Writes a CSR with anything and reads it back."""
        random = self.random
        if restore:
            # An interrupt must find its handler.
            self.put(csr(7, 0, Csr.MSTATUS if self.mode == 3 else Csr.SSTATUS, 0b1010))
        value = self.value()
        if address == Csr.MENVCFG:
            value = value & ~(1 << MENVCFG_STCE) | self.stce << MENVCFG_STCE
        elif address == Csr.STIMECMP:
            value |= 1 << 62
        elif address == Csr.SATP:
            value = random.choice((0, 8, 8, 9, 10, random.randrange(16))) << 60 | value >> 4
        elif address == Csr.MSTATUS:
            value &= ~(1 << Mstatus.MPRV)
        self.put(*li(_T0, value), csr(1, _T1, address, _T0), csr(2, self.dest(), address, 0))
        if address not in (Csr.MENVCFG, Csr.STIMECMP, Csr.MSTATUS):
            self.put(*li(_T0, self.value()))
            self.put(csr(random.choice((2, 3)), self.dest(), address, _T0))
            self.put(csr(random.choice((6, 7)), self.dest(), address, random.randrange(32)))
            self.put(csr(2, self.dest(), address, 0))
        if restore:
            self.put(csr(1, 0, address, _T1))

    def any_register(self):
        """Reads or writes at any address, of which most are no CSR."""
        random = self.random
        dangerous = {*_RESTORED[1], *_RESTORED[3], *_HARMLESS[3]}
        address = random.choice((random.choice(list(Csr)), random.randrange(0x1000)))
        while address in SPIKE_ONLY:
            address = random.randrange(0x1000)
        if random.random() < 0.6 or address in dangerous:
            self.put(csr(random.choice((2, 3, 6, 7)), self.dest(), address, 0))
        else:
            self.put(csr(random.choice((1, 2, 3, 5, 6, 7)), self.dest(), address, self.source()))

    def page_table(self):
        """Another page table, or address space, or none."""
        random = self.random
        if self.mode == 0:
            return self.call()
        values = [*satps(0), *satps(1)]
        if self.mode == 3 or random.random() < 0.05:
            values.append(0)
        self.put(*li(_T0, random.choice(values)), csr(1, self.dest(), Csr.SATP, _T0))
        return None

    def edit(self):
        """Changes a PTE for data, and fences it."""
        random = self.random
        if self.mode == 0:
            return self.memory()
        table, base, first, count = random.choice(EDITABLE)
        index = random.randrange(count)
        page = DATA + index * 0x1000
        user = 16 if base == 0xC000_0000 or (base == ZOO[0][0] and random.random() < 0.5) else 0
        shared = base == ZOO[0][0]
        pte = page >> 2 | random.choice((0xCF, 0xCF, 0xC7, 0x4F, 0x0F, 0xCB)) | user
        if random.random() < 0.4:
            pte = bent(random, pte, 0, shared=shared)
        address = table + 8 * (first + index)
        va = base + ((first + index) << 12) + random.choice((0, 0, random.randrange(4096)))
        pointer = random.choice(POINTERS)
        self.put(*li(pointer, va & ~7))
        if random.random() < 0.6:  # before and after
            self.put(i_type(0x03, random.choice(encode.LOADS), self.dest(), pointer, 0))
        # Where it is not allowed, the PTE stays as it is.
        self.put(self.fence(0, 0))
        self.put(*li(_T0, address), *li(_T1, pte), *li(_T2, va))
        store = s_type(3, _T0, _T1, 0) if random.random() < 0.8 else amo(1, 3, 0, _T0, _T1)
        selective = not shared and random.random() < 0.6
        self.put(store, self.fence(_T2 if selective else 0, 0))
        for _ in range(random.randrange(1, 4)):
            load = i_type(0x03, random.choice((3, 3, 0)), self.dest(), pointer, 0)
            self.put(load if random.random() < 0.6 else s_type(3, pointer, self.source(), 0))
        return None

    @staticmethod
    def fence(rs1, rs2):
        return r_type(0x73, 0, 9, 0, rs1, rs2)

    def fences(self):
        random = self.random
        for _ in range(random.randrange(1, 4)):
            kind = random.random()
            if kind < 0.5:
                operands = (0, random.choice(POINTERS), self.source())
                self.put(self.fence(random.choice(operands), random.choice((0, self.source()))))
            elif kind < 0.7:
                self.put(_FENCE_I)
            else:
                self.put(random.choice((0x0FF0000F, 0x8330000F, 0x0100000F, 0x0000000F)))
            self.access()

    def rewrite(self):
        """Stores an instruction, then executes it behind a `fence.i`."""
        random = self.random
        twice = random.random() < 0.5
        base = random.choice(VIEWS[self.mode])
        self.put(*li(LOOP, 2 if twice else 1))
        start = slot = self.number + 1
        if twice:
            self.alu_word()
        else:
            # Behind the store: 4 of `locate` at least; see where it is put below.
            slot = None
        first = len(self.items)
        self.locate(_T0, slot or 0, base)
        opcode, funct3, funct7 = random.choice(encode.ALU)
        word = r_type(opcode, funct3, funct7, random.choice(_FREE), self.source(), self.source())
        self.put(*li(_T1, word), s_type(1, _T0, _T1, 0), i_type(0x13, 5, _T1, _T1, 16))
        self.put(s_type(1, _T0, _T1, 2), _FENCE_I)
        if not twice:
            slot = self.number + 1
            self.alu_word()
            self.items[first:] = [
                Item(item.number, item.word, item.size, item.fix, slot if item.fix else 0)
                for item in self.items[first:]
            ]
        self.put(i_type(0x13, 0, LOOP, LOOP, -1))
        self.put(encode.branch(1, LOOP, 0, 0), fix="branch", target=start)

    def alu_word(self):
        """An instruction of four bytes that can be replaced."""
        self.put(i_type(0x13, 0, self.random.choice(_FREE), self.source(), 1))

    def interrupt(self):
        """Makes interrupts possible, or pending, or waits for one."""
        random = self.random
        if self.mode == 0:
            return self.memory()
        machine = self.mode == 3
        status, enable, pending = (
            (Csr.MSTATUS, Csr.MIE, Csr.MIP) if machine else (Csr.SSTATUS, Csr.SIE, Csr.SIP)
        )
        mask = random.choice((_INTERRUPTS, random.getrandbits(12), 1 << 1, 1 << 5))
        self.put(*li(_T0, mask), csr(2, self.dest(), enable, _T0))
        for _ in range(random.randrange(1, 4)):
            kind = random.random()
            if kind < 0.35:
                self.put(csr(6, self.dest(), status, random.choice((2, 8, 10))))
            elif kind < 0.65:
                mask = random.choice((2, 0x20, 0x200, 0x222, random.getrandbits(12)))
                self.put(*li(_T0, mask))
                self.put(csr(random.choice((2, 2, 1, 3)), self.dest(), pending, _T0))
            else:
                self.deadline()
            self.alu()
        if random.random() < 0.25:
            self.put(_WFI)
        for _ in range(random.randrange(4)):
            self.alu()
        return None

    def deadline(self):
        """A timer interrupt in a while."""
        self.put(csr(2, _T0, Csr.TIME, 0))
        self.put(i_type(0x13, 0, _T0, _T0, self.random.choice((1, 10, 40, 100, 300, 1000))))
        self.put(csr(1, self.dest(), Csr.STIMECMP, _T0))

    # The whole.

    _KINDS = {
        compute: 16, memory: 22, branches: 10, loop: 5, jump: 5, change_mode: 13, status: 6,
        borrow: 4, call: 4, counters: 2, registers: 8, page_table: 4, edit: 7, fences: 4,
        rewrite: 4, interrupt: 8,
    }  # fmt: skip

    def block(self, make, before=None):
        """A block that `make` makes."""
        self.number += 1
        number, self.items = self.number, []
        make(self)
        items = tuple(
            Item(item.number, item.word, item.size, item.fix, self.number + 1)
            if item.target == _NEXT_BLOCK
            else item
            for item in self.items
        )
        return Block(number, items, before)

    def program(self) -> Program:
        """The whole program."""
        random = self.random
        count = random.randrange(60, 160)
        # Blocks that begin shortly before the end of a page.
        placed = {random.randrange(count) for _ in range(6)}
        kinds, weights = list(self._KINDS), list(self._KINDS.values())
        blocks = []
        for index in range(count):
            before = random.randrange(2, 60, 2) if index in placed else None
            if self.mode == 3 and random.random() < 0.25:
                make = _Maker.change_mode
            else:
                make = random.choices(kinds, weights)[0]
            blocks.append(self.block(make, before))
        blocks.append(self.block(_Maker.finish))
        return Program(self.seed, tuple(blocks), self.settings(), self.initial(), tables(random),
                       self.lines(), self.dumped())  # fmt: skip

    def finish(self):
        self.put(i_type(0x13, 0, DONE, 0, -1), _ECALL)

    def settings(self):
        random = self.random

        def some(*often):
            return random.choice((*often, *often, random.getrandbits(64)))

        handler = random.choice(VIEWS[1]) + SUPERVISOR_HANDLER - RAM
        status = self.status_bits() & ~(1 << Mstatus.MPRV)
        environment = (self.stce << MENVCFG_STCE | (random.random() < 0.5) << MENVCFG_ADUE
                       | (random.random() < 0.2) << MENVCFG_FIOM)  # fmt: skip
        return (
            (Csr.MTVEC, MACHINE_HANDLER | random.randrange(2)),
            (Csr.STIMECMP, (1 << 64) - 1),
            (Csr.MENVCFG, environment),
            (Csr.STVEC, handler | random.randrange(2)),
            # A call from S-mode is how the handler there asks M-mode for help.
            (Csr.MEDELEG, some(0, (1 << 64) - 1, 0xB000, 0xB1FF) & ~(1 << 9)),
            (Csr.MIDELEG, some(0, 0x222)),
            (Csr.MIE, some(0, _INTERRUPTS)),
            (Csr.MCOUNTEREN, some(7, 7)),
            (Csr.SCOUNTEREN, some(7, 7)),
            (Csr.SATP, random.choice((*satps(0), *satps(1)))),
            (Csr.MSTATUS, status),
        )

    def initial(self):
        registers = [self.value() for _ in range(31)]
        for register in POINTERS:
            registers[register - 1] = self.address(3)
        for register in RESERVED:
            registers[register - 1] = 0
        registers[27 - 1] = CODE
        return tuple(registers)

    def lines(self):
        random = self.random
        lines = []
        for name in ("msip", "mtip", "meip"):
            cycle = random.randrange(100, 3000)
            for _ in range(random.choice((0, 1, 2, 3))):
                length = random.randrange(200, 800)
                lines += [Line(cycle, name, True), Line(cycle + length, name, False)]
                cycle += length + random.randrange(100, 3000)
        return tuple(sorted(lines, key=lambda line: line.cycle))

    def dumped(self):
        readable = [Csr.MIP, Csr.MIE, Csr.SEPC, Csr.SCAUSE, Csr.STVAL, Csr.SSTATUS, Csr.MEDELEG,
                    Csr.MIDELEG, Csr.SATP, Csr.INSTRET, Csr.SIP, Csr.SIE, Csr.MENVCFG,
                    Csr.MINSTRET, Csr.SSCRATCH, Csr.STIMECMP]  # fmt: skip
        return tuple(self.random.sample(readable, self.random.randrange(2, 5)))


assert IDENTITY == RAM
