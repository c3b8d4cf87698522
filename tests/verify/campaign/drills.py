"""Drills: every change of a mapping, with every fence, in every cycle.

A drill has one page of interest, in an address space with another one beside it. Something about
the page changes, a fence of some form may come, and the page is asked for before, meanwhile and
after that. `tests.verify.campaign.sequences` judges it.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import product
from zlib import crc32

from tests.verify.campaign.bench import UPDATE
from tests.verify.campaign.sequences import Sequence
from tests.verify.golden.sv39 import Request

__all__ = [
    "ACTS", "CHANGES", "CONTEXTS", "FENCES", "Drill", "Page", "covers", "context_sweeps", "drills",
    "fence_sweeps", "races", "update_fences",
]  # fmt: skip

V, R, W, X, U, G, A, D = (1 << i for i in range(8))
GOOD = V | R | W | X | A | D
#: The page of interest, which has the same place in pages of any size.
VA = 0x12_0345_6ABC
ASID, OTHER_ASID = 5, 6
ROOT, OTHER_ROOT = 0x80010, 0x80020
#: Where pages lie before and after: of 4 KiB, 2 MiB, 1 GiB.
OLD, NEW = (0x81234, 0x81200, 0x80000), (0x85678, 0x85600, 0xC0000)
SIDES = ("LOAD", "FETCH")
LATENCIES = (1, 3)


@dataclass(frozen=True)
class Page:
    """The page of interest: its size, by level, and which PTE on the way to it has G, if any."""

    level: int
    glob: int | None

    def slot(self, level, root=ROOT):
        """The address of the PTE at `level`; tables of a space follow each other."""
        return (root + 2 - level << 12) + (VA >> 12 + 9 * level & 511) * 8

    def pte(self, ppn, flags=GOOD):
        """A leaf; `ppn` has one for each level."""
        return ppn[self.level] << 10 | flags | (G if self.glob == self.level else 0)

    def pointer(self, level, table=None):
        """The pointer at `level`, to a table of the old place or to `table`."""
        table = ROOT + 3 - level if table is None else table
        return table << 10 | V | (G if self.glob == level else 0)

    def tables(self):
        """Writes that map it to the old place."""
        for level in range(2, self.level, -1):
            yield self.slot(level), self.pointer(level)
        yield self.slot(self.level), self.pte(OLD)


def _leaf(page, old, new):
    slot = page.slot(page.level)
    return [(slot, old)], [(slot, new)]


def _smaller(page):
    """A superpage gives way to a table of small pages, or vanishes into one that is empty."""
    below = page.level - 1
    small = Page(below, None)
    pointer = ROOT + 3 - page.level << 10 | V
    return [], [(page.slot(below), small.pte(NEW)), (page.slot(page.level), pointer)]


def _larger(page):
    large = Page(page.level + 1, page.glob)
    return [], [(page.slot(large.level), large.pte(NEW))]


def _other_table(page):
    above, table = page.level + 1, ROOT + 8
    slot = (table << 12) + page.slot(page.level) % 4096
    return [(slot, page.pte(NEW))], [(page.slot(above), page.pointer(above, table))]


#: By name: the writes before, beyond those of `Page.tables`, and those of the change.
CHANGES = {
    "map": lambda p: _leaf(p, 0, p.pte(NEW)),
    "unmap": lambda p: _leaf(p, p.pte(OLD), 0),
    "remap": lambda p: _leaf(p, p.pte(OLD), p.pte(NEW)),
    "protect": lambda p: _leaf(p, p.pte(OLD), p.pte(OLD, V | R | A | D)),
    "give to U": lambda p: _leaf(p, p.pte(OLD), p.pte(OLD, GOOD | U)),
    "take A": lambda p: _leaf(p, p.pte(OLD), p.pte(OLD, GOOD & ~A)),
    "break": lambda p: _leaf(p, p.pte(OLD), p.pte(OLD) | 1 << 60),
    "not global": lambda p: _leaf(p, p.pte(OLD) | G, p.pte(NEW) & ~G),
    "global": lambda p: _leaf(p, p.pte(OLD) & ~G, p.pte(NEW) | G),
    "smaller": _smaller,
    "larger": _larger,
    "other table": _other_table,
}
#: Operands (va, asid) by name.
FENCES = {
    "none": None,
    "all": (None, None),
    "va": (VA & ~0xFFF, None),
    "va, not canonical": (VA | 0xFFF | 1 << 63, None),
    "va beside": (VA ^ 1 << 12, None),
    "va far off": (VA ^ 1 << 37, None),
    "asid": (None, ASID),
    "other asid": (None, OTHER_ASID),
    "va and asid": (VA, ASID),
    "va and other asid": (VA, OTHER_ASID),
    "va beside and asid": (VA ^ 1 << 12, ASID),
}


def covers(fence: str, page: Page, change: str) -> bool:
    """Whether `fence` reaches the entry of the page as it was before `change`."""
    if fence == "none":
        return False
    if FENCES[fence][0] is not None and change in ("larger", "other table") and page.level == 0:
        # "If rs1≠x0, the fence orders only ... leaf page table entries": the pointer stays.
        return False
    is_global = change == "not global" or (page.glob is not None and change != "global")
    if change == "global":
        is_global = page.glob not in (None, page.level)
    if "far" in fence or ("beside" in fence and page.level == 0):
        return False
    return "asid" not in fence or ("other" not in fence and not is_global)


@dataclass(frozen=True)
class Drill:
    """What a sequence is about, and in which of its steps the page is asked for after all."""

    sequence: Sequence
    page: Page
    change: str
    fence: str


def _pages() -> Iterator[Page]:
    for level in (0, 1, 2):
        for glob in (None, *range(level, 3)):
            yield Page(level, glob)


def _changes() -> Iterator[tuple[Page, str]]:
    for page, change in product(_pages(), CHANGES):
        if change == "smaller" and page.level == 0:
            continue
        if change in ("larger", "other table") and page.level == 2:
            continue
        yield page, change


def _request(access, change):
    """The first request, to which "protect" makes a difference."""
    access = "STORE" if access == "LOAD" and change == "protect" else access
    return Request(VA, access, root=ROOT, asid=ASID, mxr=0)


def _begin(id, page, change, latency=1):
    """A sequence in which the page is as it was; returns it and the writes of the change."""
    sequence = Sequence(id)
    sequence.memory(crc32(id.encode()), latency)
    before, after = CHANGES[change](page)
    if change == "protect":
        after = [(slot, pte & ~X) for slot, pte in after]
    for address, pte in (*page.tables(), *before):
        sequence.poke(address, pte)
    return sequence, after


def drills() -> Iterator[Drill]:
    """Ask, change, fence, ask: every change with every fence; then a full fence, and ask again.

    Both address spaces ask, so that what is global can be known from either.
    """
    for (page, change), fence, access in product(_changes(), FENCES, SIDES):
        request = _request(access, change)
        sequence, after = _begin(f"{page} {change!r} {fence!r} {access}", page, change)
        sequence.context(request)
        sequence.ask(request)
        sequence.run()
        for address, pte in after:
            sequence.poke(address, pte)
        if FENCES[fence]:
            sequence.fence(*FENCES[fence])
        sequence.context(request)
        sequence.ask(request)
        sequence.run()
        other = replace(request, asid=OTHER_ASID)
        sequence.context(other)
        sequence.ask(other)
        sequence.run()
        sequence.fence()
        sequence.context(request)
        sequence.ask(request)
        sequence.run()
        yield Drill(sequence, page, change, fence)


def fence_sweeps(latencies=LATENCIES) -> Iterator[Drill]:
    """A change and a fence in every cycle around a refill, the fence with it or some cycles later.

    The request stands all the while, and is asked again afterwards.
    """
    fences = ("none", "all", "va", "asid", "va and asid", "other asid")
    for (page, change), fence, latency in product(_changes(), fences, latencies):
        if page.glob not in (None, page.level):
            continue
        for when in range(1, 3 * latency + 6):
            access = SIDES[when & 1]
            delay = (0, 1, 3)[(when + latency) % 3]
            id = f"{page} {change!r} at {when}, {fence!r} {delay} later, {access}, {latency}"
            request = _request(access, change)
            sequence, after = _begin(id, page, change, latency)
            sequence.context(request)
            sequence.ask(request)
            for address, pte in after:
                sequence.poke(address, pte, when)
            if FENCES[fence]:
                sequence.fence(*FENCES[fence], when + delay)
            sequence.run()
            sequence.context(request)
            sequence.ask(request)
            sequence.run()
            yield Drill(sequence, page, change, fence)


#: Fields of the context that another one differs in.
CONTEXTS = {
    "asid": {"asid": OTHER_ASID},
    "root": {"root": OTHER_ROOT},
    "asid and root": {"asid": OTHER_ASID, "root": OTHER_ROOT},
    "Bare": {"sv39": 0},
    "SUM": {"sum_": 1},
    "MXR": {"mxr": 1},
    "ADUE": {"adue": 1},
}


def context_sweeps(latencies=LATENCIES) -> Iterator[Drill]:
    """The context changes in every cycle around a refill, and back some cycles later."""
    flags = {"SUM": GOOD | U, "MXR": V | X | A, "ADUE": GOOD & ~(A | D)}
    for page, name, latency in product(_pages(), CONTEXTS, latencies):
        for when, back in product(range(1, 3 * latency + 6), (1, 2, 5, None)):
            access = "LOAD" if name in ("SUM", "MXR") else SIDES[when & 1]
            id = f"{page} other {name} at {when}, back {back} later, {access}, {latency}"
            here = Request(VA, access, root=ROOT, asid=ASID)
            there = replace(here, **CONTEXTS[name])
            if when & 2:
                here, there = there, here
            sequence = Sequence(id)
            sequence.memory(when, latency)
            for address, pte in page.tables():
                sequence.poke(address, pte)
            sequence.poke(page.slot(page.level), page.pte(OLD, flags.get(name, GOOD)))
            # In the other space there is the same tree, but for its root, which points to NEW.
            large = Page(2, page.glob)
            sequence.poke(large.slot(2, OTHER_ROOT), 0xC0000 << 10 | GOOD)
            sequence.context(here)
            sequence.ask(here)
            sequence.context(there, when)
            if back:
                sequence.context(here, when + back)
            # A walk for a context that has gone may still be under way.
            sequence.run(rest=8 * latency)
            for request in (here, there):
                sequence.context(request)
                sequence.ask(request)
                sequence.run()
            yield Drill(sequence, page, name, "none")


def _swap(page, flags, *, ppn=OLD):
    return [(page.slot(page.level), page.pte(ppn, flags))]


#: What another hart does to a PTE between the walk's read and the update, by name.
ACTS = {
    "invalidates": lambda p, f: _swap(p, f & ~V),
    "remaps": lambda p, f: _swap(p, f, ppn=NEW),
    "remaps to what is no RAM": lambda p, f: [(p.slot(p.level), f | 1 << 52)],
    "removes permissions": lambda p, f: _swap(p, f & ~(R | W | X) | R),
    "gives to U": lambda p, f: _swap(p, f | U),
    "breaks": lambda p, f: [(p.slot(p.level), p.pte(OLD, f) | 1 << 54)],
    "sets A": lambda p, f: _swap(p, f | A),
    "sets D": lambda p, f: _swap(p, f | D),
    "sets A and D": lambda p, f: _swap(p, f | A | D),
    "changes RSW": lambda p, f: [(p.slot(p.level), p.pte(OLD, f) | 1 << 8)],
    "makes it global": lambda p, f: [(p.slot(p.level), p.pte(OLD, f) ^ G)],
    "changes a pointer": lambda p, f: _larger(p)[1] if p.level < 2 else _swap(p, f, ppn=NEW),
}


def races(latencies=LATENCIES) -> Iterator[Drill]:
    """Another hart acts on a PTE in every cycle of an update, and maybe undoes it right away.

    Nothing it does may be lost, and nothing may be set in a PTE that does not allow the access. The
    instruction's own port asks meanwhile or not, and afterwards.
    """
    starts = (V | R | W | X, V | R | W | X | A)
    pages, accesses = (Page(0, None), Page(1, None), Page(2, 2)), ("LOAD", "STORE", "FETCH", "AMO")
    cases = product(pages, ACTS, accesses, starts, latencies)
    for page, act, access, flags, latency in cases:
        if flags & A and access in SIDES:
            continue
        for when in range(1, 5 * latency + 6):
            undone = when % 4 == 1
            id = f"{page} {act!r} at {when}{', undone' * undone}, {access}, {flags:#x}, {latency}"
            request = Request(VA, access, root=ROOT, asid=ASID, adue=1)
            sequence = Sequence(id)
            sequence.memory(when, latency)
            for address, pte in page.tables():
                sequence.poke(address, pte)
            slot = page.slot(page.level)
            sequence.poke(slot, page.pte(OLD, flags))
            sequence.context(request)
            sequence.ask(request, UPDATE)
            if when & 1:
                sequence.ask(request)
            for address, pte in ACTS[act](page, flags):
                sequence.poke(address, pte, when)
                if undone and address == slot:
                    sequence.poke(address, page.pte(OLD, flags), when + 1 + when // 4 % 2)
            sequence.run()
            for fence in (False, True):
                if fence:
                    sequence.fence()
                sequence.context(request)
                sequence.ask(request)
                sequence.run()
            yield Drill(sequence, page, act, "none")


def update_fences(latencies=LATENCIES) -> Iterator[Drill]:
    """A pointer above the PTE changes in every cycle of an update, and a fence comes after that.

    What the update leaves in the TLB may come from before the fence only if nobody finds it there.
    """
    cases = product((Page(0, None), Page(1, None)), ("other table", "larger"), (0, 1, 3), latencies)
    for page, change, delay, latency in cases:
        for when in range(1, 5 * latency + 6):
            access = ("LOAD", "STORE", "FETCH")[when % 3]
            id = f"update of {page}, {change!r} at {when}, fence {delay} later, {access}, {latency}"
            request = replace(_request(access, change), adue=1)
            sequence, after = _begin(id, page, change, latency)
            sequence.poke(page.slot(page.level), page.pte(OLD, V | R | W | X))
            sequence.context(request)
            sequence.ask(request, UPDATE)
            for address, pte in after:
                sequence.poke(address, pte, when)
            sequence.fence(when=when + delay)
            sequence.run()
            sequence.context(request)
            sequence.ask(request)
            sequence.run()
            yield Drill(sequence, page, change, "all")
