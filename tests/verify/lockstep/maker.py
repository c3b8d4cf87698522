"""The parts of random blocks: single instructions that compute, access memory or load addresses."""

from random import Random

from hdl.arch import PAGE_SIZE, Cause
from tests.verify.lockstep import encode
from tests.verify.lockstep.encode import amo, fill, i_type, li, r_type, s_type, u_type
from tests.verify.lockstep.handlers import RESERVED
from tests.verify.lockstep.program import Item
from tests.verify.lockstep.world import DATA, DATA_PAGES, RAM, RAM_SIZE, VIEWS, ZOO, satps

__all__ = ["FREE", "NEXT_BLOCK", "POINTERS", "SHORT_POINTERS", "TEMPORARY", "Maker"]

#: Registers that hold addresses of data. Only `Maker.aim` writes them, so that no store goes to
#: page tables or code by accident. The short ones are in reach of compressed instructions.
POINTERS = (2, 3, 4, 8, 9)
SHORT_POINTERS = (8, 9)
#: For sequences of the maker's own.
TEMPORARY = (22, 23, 24)
#: Those that random instructions write.
FREE = [n for n in range(1, 32) if n not in (*POINTERS, *RESERVED, *TEMPORARY)]
#: As the target of an item: the beginning of the next block.
NEXT_BLOCK = -1

_CORNERS = (0, 1, 2, 0xFF, 1 << 31, (1 << 31) - 1, 1 << 32, 1 << 63, (1 << 63) - 1, (1 << 64) - 1,
            (1 << 64) - 2, 0xFFFF_FFFF, 0xFFFF_FFFF_8000_0000, 0x5555_5555_5555_5555)  # fmt: skip


class Maker:
    """Collects the items of a block.

    It keeps a belief about the mode that the program will be in by then, so that most of what it
    writes works there and some of it does not. The belief may be wrong, since exceptions change the
    mode too, and that is as good a test.

    Members
    -------
    random
        Where all choices come from.
    mode
        The belief.
    borrowed
        The mode of data accesses, if it is another one.
    number
        Of the last item or block; they grow along the program.
    items
        Of the block that is being made.
    stce
        STIP shows `time >= stimecmp`. Fixed for a program: what it shows when that changes is a bit
        of its own in the hart and not in Spike.
    mideleg, medeleg, satp
        The initial values of these CSRs.
    root
        Which root page table `satp` names, as is believed, 0 or 1.
    later
        Instructions with which the next block begins.
    misaligned
        Many accesses shall be misaligned, and reach across the ends of pages.
    protected
        There is memory protection.
    grain
        What the ends of its regions are multiples of, in bytes. Under 8 there is no `sc.d`: one
        that fails is a store on the hart, and on Spike one of its first byte. A misaligned access
        is checked as one on Spike and by portions on the hart; with such it is a page.
    edges
        Physical addresses of data where a region begins or ends.
    """

    def __init__(self, random: Random, *, misaligned: bool = False, protected: bool = False):
        self.random = random
        self.misaligned, self.protected = misaligned, protected
        self.grain = 8
        if protected:
            self.grain = PAGE_SIZE if misaligned else random.choice((4, 8))
        self.edges: list[int] = []
        self.mode = 3
        self.borrowed: int | None = None
        self._aimed = dict.fromkeys(POINTERS, 3)
        self.number = 0
        self.items: list[Item] = []
        self.stce = random.random() < 0.75
        self.mideleg = random.choice((0, 0x222, 0x222, random.getrandbits(12)))
        medeleg = random.choice((0, 0xB000, 0xB1FF, (1 << 64) - 1, random.getrandbits(64)))
        self.root = random.randrange(2)
        self.satp = random.choice(satps(self.root))
        self.later: tuple[int, ...] = ()
        # A call from S-mode is how the handler there asks M-mode for help.
        self.medeleg = medeleg & ~(1 << Cause.ECALL_S)

    def put(self, *words: int, size: int = 4, fix: str | None = None, target: int = 0) -> None:
        """Adds instructions to the block."""
        for word in words:
            self.number += 1
            self.items.append(Item(self.number, word, size, fix, target))

    def dest(self) -> int:
        """A register to write, now and then x0."""
        return self.random.choice(FREE) if self.random.random() < 0.97 else 0

    def source(self) -> int:
        """A register to read, any."""
        return self.random.randrange(32)

    def value(self) -> int:
        """64 bits, often of a special kind."""
        random = self.random
        if random.random() < 0.4:
            return random.choice(_CORNERS)
        return random.getrandbits(random.choice((6, 12, 20, 32, 48, 64)))

    def compute(self) -> None:
        """One instruction that computes, or a constant."""
        random = self.random
        kind = random.random()
        if kind < 0.35:
            self._compute_compressed()
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
            self.put(*li(random.choice(FREE), self.value()))

    def _compute_compressed(self):
        random = self.random
        pattern = random.choice(encode.COMPRESSED_ALU)
        # With a source of x0, c.mv and c.add are jumps.
        fields = {
            "d": self.dest(),
            "s": random.randrange(1, 32),
            "D": random.randrange(2, 8),
            "S": random.randrange(8),
        }
        self.put(fill(pattern, fields, random.getrandbits(16)), size=2)

    def access(self) -> None:
        """One load, store or atomic at a pointer, or a pair of LR and SC."""
        random = self.random
        kind = random.random()
        pointer = random.choice(SHORT_POINTERS if kind < 0.2 else POINTERS)
        if self._aimed[pointer] != self._data_mode and random.random() < 0.8:
            self.aim(pointer)
        if kind < 0.2:
            self._access_compressed(pointer)
        elif kind < 0.43:
            size = random.choice(encode.LOADS)
            self.put(i_type(0x03, size, self.dest(), pointer, self._offset(size & 3)))
        elif kind < 0.63:
            size = random.choice(encode.STORES)
            self.put(s_type(size, pointer, self.source(), self._offset(size)))
        elif kind < 0.88:
            operation, size = random.choice(encode.AMOS), random.choice((2, 3))
            ordering = random.randrange(4)
            self.put(amo(operation, size, self.dest(), pointer, self.source(), ordering))
        else:
            self._reserve(pointer)

    def _access_compressed(self, pointer):
        random = self.random
        pattern = random.choice((*encode.COMPRESSED_LOADS, *encode.COMPRESSED_STORES))
        fields = {
            "d": random.choice(FREE),
            "s": self.source(),
            "D": random.randrange(2, 8),
            "S": random.randrange(8),
            "P": pointer - 8,
        }
        self.put(fill(pattern, fields, random.getrandbits(16)), size=2)

    def _reserve(self, pointer):
        """LR and SC, mostly both and mostly of the same word."""
        random = self.random
        size, ordering = self.reserving(), random.randrange(4)
        if random.random() < 0.85:
            self.put(amo(2, size, self.dest(), pointer, 0, ordering))
        for _ in range(random.choice((0, 0, 1, 2))):
            self.compute() if random.random() < 0.6 else self.access()
        if random.random() < 0.9:
            other = pointer if random.random() < 0.8 else random.choice(POINTERS)
            size = size if random.random() < 0.9 else self.reserving(5 - size)
            self.put(amo(3, size, self.dest(), other, self.source(), ordering))

    def reserving(self, size: int | None = None) -> int:
        """A size of LR and SC, or of `size` the nearest there is."""
        size = self.random.choice((2, 3)) if size is None else size
        return size if self.grain > 4 else 2

    def _offset(self, size):
        """An immediate: mostly near and aligned."""
        random = self.random
        if self.misaligned and random.random() < 0.6:
            return random.randrange(-5, 5)
        offset = random.choice((random.randrange(-8, 8) * 8, random.randrange(-2048, 2048)))
        return offset if random.random() < 0.06 else offset & ~((1 << size) - 1)

    def address(self, mode: int) -> int:
        """An address for data accesses in `mode`: of data, mostly, and else of all that is not."""
        random = self.random
        if self.edges and random.random() < 0.6:
            near = random.choice(self.edges) + random.choice((-8, -4, 0, 0, 0, 4))
            return random.choice(VIEWS[mode]) + near - RAM
        kind = random.random()
        inside = random.randrange(0, DATA_PAGES * PAGE_SIZE, 8)
        if kind < 0.2:  # around the end of a page
            inside = (inside & -PAGE_SIZE) + 0xFF0 + random.randrange(0, 32, random.choice((1, 4)))
        elif self.misaligned and random.random() < 0.7:
            inside = (inside & -PAGE_SIZE) + 0xFFC
        if kind < 0.75:
            return random.choice(VIEWS[mode]) + DATA - RAM + inside
        if kind < 0.86:
            base, distance = random.choice(ZOO)
            inside = inside % PAGE_SIZE if distance == PAGE_SIZE else DATA - RAM + inside
            return base + random.randrange(18) * distance + inside
        if kind < 0.93:
            return random.choice(VIEWS[random.choice((0, 1, 3))]) + DATA - RAM + inside
        if kind < 0.97:  # not canonical, or another half
            bits = random.choice((1 << random.randrange(38, 64), (1 << 26) - 1 << 38))
            return random.choice(VIEWS[mode]) + inside ^ bits
        beyond = random.choice((RAM + RAM_SIZE, RAM - DATA_PAGES * PAGE_SIZE, 1 << 40, 1 << 56, -8))
        return beyond + inside & (1 << 64) - 1

    @property
    def _data_mode(self):
        return self.mode if self.borrowed is None else self.borrowed

    def aim(self, register: int) -> None:
        """Points a register at data."""
        self._aimed[register] = self._data_mode
        self.put(*li(register, self.address(self._data_mode)))

    def locate(self, register: int, target: int, view: int) -> None:
        """Puts the address of an item, as seen in `view`, into a register."""
        other = TEMPORARY[2]
        self.put(u_type(0x37, register, 0), fix="upper", target=target)
        self.put(i_type(0x13, 0, register, register, 0), fix="lower", target=target)
        self.put(*li(other, view), r_type(0x33, 0, 0, register, register, other))
