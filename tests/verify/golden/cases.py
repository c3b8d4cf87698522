"""Random accesses under Sv39, bent to hurt: a page table, a context and one access.

`make_case` first makes a case that works, then bends it in some of the named ways of `BENDS`. It
draws from a `random.Random`; `cases` lets hypothesis do the drawing, which then shrinks.
"""

from dataclasses import dataclass, field, replace
from random import Random

from hypothesis import strategies

from tests.verify.golden import protections
from tests.verify.golden.bends import BENDS, DEVICE, HOLES, RAM_FRAMES
from tests.verify.golden.sv39 import Request

__all__ = ["BENDS", "DEVICE", "RESERVED", "SIZES", "Case", "cases", "content", "make_case"]

V, R, W, X, U, G, A, D = (1 << i for i in range(8))
RAM_BASE = 0x8000_0000
#: RAM that no case maps on purpose: room for the program that performs the accesses.
RESERVED = range(0x8010_0000, 0x8020_0000)
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
    """`request`, asked where RAM is `content` but for the doublewords of `memory`, by address.

    `target` is the physical address that the access has in mind; `bends` are the names of the ways
    in which it was kept from reaching it. `reserved` says whether an SC finds a reservation of the
    address that it reaches, `misaligned` whether the hart does misaligned loads and stores.
    """

    request: Request
    memory: dict[int, int]
    target: int
    bends: tuple[str, ...]
    reserved: bool
    misaligned: bool = False


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

    def misalign(self):
        """Moves the address inside of its doubleword, or to the end of a page.

        Returns the PTE of the page behind, by its address, if the walk may come to it.
        """
        kind = self.pick(0, 1, 2, 2, 2, 2)
        if kind < 2:
            self.va ^= self.random.randrange(8) * kind
            return {}
        page = 4096 << 9 * self.pick(0, self.leaf)
        self.va = self.va // page * page + page - self.random.randrange(1, 8)
        index, table = self.va >> 12 + 9 * self.leaf & 511, self.tables[self.leaf]
        if index == 511 or table not in RAM_FRAMES:
            return {}
        frame = _ram_frame(self.random) if self.pick(1, 1, 1, 0) else self.pick(*HOLES)
        changed = self.pick(0, 0, 0, V, R, W, R | W, U, A, D, A | D, 1 << 63)
        pte = (frame >> 9 * self.leaf << 9 * self.leaf + 10) | self.ptes[self.leaf] % 1024 ^ changed
        return {(table << 12) + (index + 1) * 8: pte}

    def finish(self, bends):
        memory = {
            (self.tables[level] << 12) + (self.va >> (12 + 9 * level) & 511) * 8: pte
            for level, pte in self.ptes.items()
            if self.tables[level] in RAM_FRAMES
        }
        target = (self.frame << 12) + self.va % (4096 << 9 * self.leaf)
        request = Request(self.va, self.access, root=self.tables[2], size=self.size, **self.context)
        return Case(request, memory, target, bends, bool(self.pick(1, 0)))


def make_case(
    random: Random,
    *,
    svadu: bool = False,
    protected: bool = False,
    misaligned: bool = False,
    bends: tuple[str, ...] | None = None,
) -> Case:
    """A case drawn from `random`; `bends` are names in `BENDS`, by default also drawn.

    With `svadu` most cases have `menvcfg.ADUE` set, without it none has. With `protected` there is
    physical memory protection around what it accesses, but none of `RESERVED`. With `misaligned`
    most loads and stores are, and many of them reach into another page.
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
    beyond = draft.misalign() if misaligned and draft.access in ("LOAD", "STORE") else {}
    case = draft.finish(bends)
    case = replace(case, memory={**beyond, **case.memory}, misaligned=misaligned)
    return _protect(random, case) if protected else case


def cases(*, bends: tuple[str, ...] | None = None, **mode: bool):
    """A hypothesis strategy of the same cases; `mode` as for `make_case`."""
    randoms = strategies.randoms(use_true_random=False)
    return randoms.map(lambda random: make_case(random, bends=bends, **mode))


def _protect(random, case):
    """The case with entries around its page tables and what it accesses."""
    q = case.request
    aimed = [case.target] if q.sv39 else [q.va % (1 << 56)]
    pmp = protections.draw(random, [*case.memory, *aimed, *aimed], RESERVED)
    return replace(case, request=replace(q, pmp=pmp))


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
    d.context = dict(
        sv39=1, asid=0, adue=adue, sum_=d.pick(0, 1), mxr=d.pick(0, 1), priv=priv, mprv=0, mpp="U"
    )
    if d.access != "FETCH" and d.pick(0, 1):
        d.context.update(priv="M", mprv=1, mpp=priv)
    return d


def _ram_frame(random):
    frame = random.randrange(RAM_FRAMES.start, RAM_FRAMES.stop - (len(RESERVED) >> 12))
    return frame if frame << 12 < RESERVED.start else frame + (len(RESERVED) >> 12)
