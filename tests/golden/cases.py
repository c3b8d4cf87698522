"""Random accesses under Sv39, bent to hurt: a page table, a context and one access.

`make_case` first makes a case that works, then bends it in some of the named ways of `BENDS`. It
draws from a `random.Random`; `cases` lets hypothesis do the drawing, which then shrinks.
"""

from dataclasses import dataclass, field
from random import Random

from hypothesis import strategies

from tests.golden.sv39 import Question

__all__ = ["BENDS", "DEVICE", "RESERVED", "SIZES", "Case", "cases", "content", "make_case"]

V, R, W, X, U, G, A, D = (1 << i for i in range(8))
RAM_BASE = 0x8000_0000
RAM_FRAMES = range(RAM_BASE >> 12, 0x8800_0000 >> 12)
#: RAM that no case maps on purpose: room for the program that performs the accesses.
RESERVED = range(0x8010_0000, 0x8020_0000)
#: A doubleword of a device: mtimecmp of the usual CLINT.
DEVICE = 0x0200_4000
#: Frames in which there is nothing: among devices, next to RAM, and wherever a bit that is lost
#: would make RAM of them.
HOLES = (0x3000, 0x7FFFF, 0x88000, 0xC0000, 1 << 20 | 0x80005, 1 << 32 | 0x80005, 1 << 43 | 0x80005,
         (1 << 44) - 1)  # fmt: skip
#: Bytes that each kind of access may have; code runs in doublewords of `content`.
SIZES = {
    "LOAD": (8, 4, 2, 1),
    "STORE": (8, 4, 2, 1),
    "FETCH": (8,),
    "AMO": (8, 4),
    "LR": (8, 4),
    "SC": (8, 4),
}


def content(address: int) -> int:
    """The doubleword that RAM holds at `address`, a multiple of 8, unless a case says otherwise.

    It tells its own address when it is loaded, and when it is run: lui and c.addi to a2, c.ebreak.
    As a PTE it is malformed.
    """
    high, low = divmod(address - RAM_BASE >> 3, 16)
    return 0x9002_0601_0000_0637 | high << 12 | low << 34


@dataclass(frozen=True)
class Case:
    """`question`, asked where RAM is `content` but for the doublewords of `memory`, by address.

    `target` is the physical address that the access has in mind; `bends` are the names of the ways
    in which it was kept from reaching it. `reserved` says whether an SC finds a reservation of the
    address that it reaches.
    """

    question: Question
    memory: dict[int, int]
    target: int
    bends: tuple[str, ...]
    reserved: bool


@dataclass
class Draft:
    """A case in the making: `tables` and `ptes` by level."""

    random: Random
    va: int = 0
    access: str = "LOAD"
    size: int = 8
    leaf: int = 0
    frame: int = 0
    tables: dict[int, int] = field(default_factory=dict)
    ptes: dict[int, int] = field(default_factory=dict)
    context: dict[str, object] = field(default_factory=dict)

    def pick(self, *choices):
        """One of `choices`, the plainest of which comes first."""
        return choices[self.random.randrange(len(choices))]

    def bit(self, low, high):
        """One set bit from `low` to `high`."""
        return 1 << self.random.randrange(low, high + 1)

    def level(self):
        """The level of one of the PTEs."""
        return self.random.randrange(self.leaf, 3)

    def pointer(self):
        """The level of a pointer, or of a leaf that has none above it."""
        return self.random.randrange(min(self.leaf + 1, 2), 3)

    def aim(self, level, frame):
        """Lets the PTE at `level` name `frame`."""
        self.ptes[level] = self.ptes[level] & ~((1 << 44) - 1 << 10) | frame << 10

    def finish(self, bends):
        memory = {
            (self.tables[level] << 12) + (self.va >> (12 + 9 * level) & 511) * 8: pte
            for level, pte in self.ptes.items()
            if self.tables[level] in RAM_FRAMES
        }
        target = (self.frame << 12) + self.va % (4096 << 9 * self.leaf)
        question = Question(self.va, self.access, root=self.tables[2], size=self.size,
                            **self.context)  # fmt: skip
        return Case(question, memory, target, bends, bool(self.pick(1, 0)))


def make_case(random: Random, *, svadu: bool = False, bends: tuple[str, ...] | None = None) -> Case:
    """A case drawn from `random`; `bends` are names in `BENDS`, by default also drawn.

    With `svadu` most cases have `menvcfg.ADUE` set, without it none has.
    """
    draft = _plain(random, svadu)
    if bends is None:
        count = draft.pick(0, 1, 1, 1, 1, 2, 2, 2, 3, 3)
        bends = tuple(draft.pick(*BENDS) for _ in range(count))
    for name in bends:
        BENDS[name](draft)
    if draft.context["priv"] != "M":
        # Every return to a lower mode clears MPRV.
        draft.context["mprv"] = 0
    if not draft.context["sv39"]:
        # "If MODE is Bare, software must write zero to the remaining fields of satp."
        draft.tables[2] = draft.context["asid"] = 0
    return draft.finish(bends)


def cases(*, svadu: bool = False, bends: tuple[str, ...] | None = None):
    """A hypothesis strategy of the same cases."""
    randoms = strategies.randoms(use_true_random=False)
    return randoms.map(lambda random: make_case(random, svadu=svadu, bends=bends))


def _plain(random, svadu):
    """A draft whose access reaches RAM."""
    d = Draft(random)
    d.access = d.pick(*SIZES)
    d.size = d.pick(*SIZES[d.access])
    d.leaf = d.pick(0, 0, 0, 1, 1, 2)
    target = _ram_frame(random)
    d.frame = target >> 9 * d.leaf << 9 * d.leaf
    offset_bits = 12 + 9 * d.leaf
    va = random.randrange(1 << 39) >> offset_bits << offset_bits
    va |= (target << 12) % (1 << offset_bits) + random.randrange(4096) // d.size * d.size
    # Canonical: bits 63 to 39 repeat bit 38.
    d.va = va | -(va >> 38) % (1 << 26) << 38
    user = d.pick(0, 1)
    for level in range(2, d.leaf - 1, -1):
        d.tables[level] = _ram_frame(random)
    for level in range(2, d.leaf, -1):
        d.ptes[level] = d.tables[level - 1] << 10 | V
    d.ptes[d.leaf] = d.frame << 10 | V | R | W | X | A | D | U * user
    priv = "SU"[user]
    adue = d.pick(1, 1, 1, 0) if svadu else 0
    d.context = dict(sv39=1, asid=0, adue=adue, sum_=d.pick(0, 1), mxr=d.pick(0, 1),
                     priv=priv, mprv=0, mpp="U")  # fmt: skip
    if d.access != "FETCH" and d.pick(0, 1):
        d.context.update(priv="M", mprv=1, mpp=priv)
    return d


def _ram_frame(random):
    frame = random.randrange(RAM_FRAMES.start, RAM_FRAMES.stop - (len(RESERVED) >> 12))
    return frame if frame << 12 < RESERVED.start else frame + (len(RESERVED) >> 12)


#: Every way to bend a draft, by name.
BENDS = {}


def _bend(function):
    BENDS[function.__name__] = function


# ------------------------------------------------------------------------ the PTEs


@_bend
def invalid_pte(d):
    d.ptes[d.level()] &= ~V


@_bend
def any_flags(d):
    """All 256 sets of flags of a leaf."""
    d.ptes[d.leaf] = d.ptes[d.leaf] & ~0xFF | d.random.randrange(256)


@_bend
def no_permission(d):
    d.ptes[d.leaf] &= ~d.pick(R, W, X, W | X, R | W, R | X)


@_bend
def execute_only(d):
    d.ptes[d.leaf] &= ~(R | W)


@_bend
def write_without_read(d):
    d.ptes[d.level()] = d.ptes[d.level()] & ~R | W


@_bend
def other_owner(d):
    d.ptes[d.leaf] ^= U


@_bend
def not_accessed(d):
    d.ptes[d.leaf] &= ~A


@_bend
def not_dirty(d):
    d.ptes[d.leaf] &= ~D


@_bend
def not_accessed_nor_dirty(d):
    d.ptes[d.leaf] &= ~(A | D)


@_bend
def reserved_bit(d):
    d.ptes[d.level()] |= d.bit(54, 60)


@_bend
def memory_type(d):
    """PBMT, of Svpbmt."""
    d.ptes[d.level()] |= d.pick(1, 2, 3) << 61


@_bend
def napot(d):
    """N, of Svnapot; a page of 64 KiB that it would allow, too."""
    level = d.level()
    d.ptes[level] |= 1 << 63
    if d.pick(0, 1):
        d.aim(level, d.ptes[level] >> 10 & (1 << 44) - 16 | 8)


@_bend
def software_bits(d):
    """RSW and G, which change nothing."""
    d.ptes[d.level()] |= d.pick(1, 2, 3) << 8 | d.pick(0, G)


@_bend
def pointer_flags(d):
    d.ptes[d.pointer()] |= d.pick(A, D, U, A | D | U)


@_bend
def pointer_becomes_leaf(d):
    d.ptes[d.pointer()] |= d.pick(R, X, R | W | X) | A | D | d.pick(0, U)


@_bend
def leaf_becomes_pointer(d):
    d.ptes[d.leaf] &= ~(R | W | X)
    if d.pick(0, 1):
        d.ptes[d.leaf] &= ~(A | D | U)


@_bend
def random_pte(d):
    d.ptes[d.level()] = d.random.getrandbits(64) | d.pick(V, 0)


@_bend
def one_bit(d):
    d.ptes[d.level()] ^= d.bit(0, 63)


@_bend
def swapped_levels(d):
    """The leaf and what points to its table."""
    above = min(d.leaf + 1, 2)
    d.ptes[above], d.ptes[d.leaf] = d.ptes[d.leaf], d.ptes[above]


# ------------------------------------------------------------------------ where they point


@_bend
def misaligned_superpage(d):
    d.ptes[d.leaf] ^= d.bit(10, 10 + max(9 * d.leaf - 1, 0))


@_bend
def leaf_outside_ram(d):
    d.aim(d.leaf, d.pick(*HOLES) >> 9 * d.leaf << 9 * d.leaf)


@_bend
def high_bit_of_leaf(d):
    d.ptes[d.leaf] ^= d.bit(10 + 20, 53)


@_bend
def device(d):
    """mtimecmp, through a page of 4 KiB or more."""
    offset = 4096 << 9 * d.leaf
    d.aim(d.leaf, DEVICE // offset * offset >> 12)
    d.va = d.va // offset * offset + DEVICE % offset


@_bend
def edge_of_ram(d):
    d.va = d.va & ~0xFFF | d.pick(0, 0xFF8)
    d.aim(d.leaf, d.pick(RAM_FRAMES[0], RAM_FRAMES[-1], RAM_FRAMES[0] - 1, RAM_FRAMES[-1] + 1))


@_bend
def table_outside_ram(d):
    d.aim(d.pointer(), d.pick(*HOLES, DEVICE >> 12))


@_bend
def table_at_edge_of_ram(d):
    level = d.pointer()
    d.tables[max(level - 1, 0)] = frame = d.pick(RAM_FRAMES[0], RAM_FRAMES[-1])
    d.aim(level, frame)


@_bend
def high_bit_of_pointer(d):
    d.ptes[d.pointer()] ^= d.bit(10 + 20, 53)


@_bend
def other_table(d):
    """One bit of a pointer's PPN is wrong: it names a page that holds no PTE."""
    d.ptes[d.pointer()] ^= d.bit(10, 10 + 14)


@_bend
def loop(d):
    """A table that is its own next level; with equal indices for ever."""
    d.aim(d.pointer(), d.tables[d.pointer()])
    if d.pick(1, 0):
        d.va &= ~(0x3FFFF << 12)
        d.va |= (d.va >> 30 & 511) * 0x201 << 12


# ------------------------------------------------------------------------ the address


@_bend
def not_canonical(d):
    d.va ^= d.bit(39, 63)


@_bend
def wrong_sign(d):
    d.va ^= d.pick(1 << 38, (1 << 25) - 1 << 39, 1 << 63)


@_bend
def edge_of_address_space(d):
    d.va = (
        d.pick(0, 1 << 38, (1 << 38) - 4096, (1 << 64) - 4096, (1 << 64) - (1 << 38)) + d.va % 4096
    )


@_bend
def misaligned(d):
    """Code may begin at the second and third of the instructions of `content`."""
    d.va = d.va & ~7 | d.pick(4, 6) if d.access == "FETCH" else d.va ^ d.random.randrange(d.size)


@_bend
def physical_address(d):
    """The address is that of the page itself, as it is right without translation."""
    d.va = (d.frame << 12) + d.va % (4096 << 9 * d.leaf)
    if d.pick(1, 0):
        d.context.update(d.pick({"sv39": 0}, {"priv": "M", "mprv": 0}, {"priv": "M", "mpp": "M"}))


# ------------------------------------------------------------------------ the context


@_bend
def other_privilege(d):
    d.context["priv"] = d.pick("S", "U", "M")


@_bend
def modified_privilege(d):
    d.context.update(priv="M", mprv=d.pick(1, 0), mpp=d.pick("S", "U", "M"))


@_bend
def supervisor_on_user_page(d):
    """Only SUM lets it, and never fetch."""
    d.context["priv" if d.access == "FETCH" or not d.context["mprv"] else "mpp"] = "S"
    d.ptes[d.leaf] |= U


@_bend
def loads_of_code(d):
    """Only MXR lets them."""
    d.access = d.pick("LOAD", "LR")
    d.size = 8
    d.va &= ~7
    d.ptes[d.leaf] &= ~(R | W)


@_bend
def bare(d):
    d.context["sv39"] = 0


@_bend
def any_asid(d):
    d.context["asid"] = d.random.getrandbits(16)


@_bend
def root_outside_ram(d):
    d.tables[2] = d.pick(*HOLES, DEVICE >> 12, 0)


@_bend
def root_at_edge_of_ram(d):
    d.tables[2] = d.pick(RAM_FRAMES[0], RAM_FRAMES[-1])


@_bend
def high_bit_of_root(d):
    d.tables[2] ^= d.bit(20, 43)
