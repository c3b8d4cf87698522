"""What a page fault is told by: look-ups in vain, the walks for them, and the way of a trap.

Both engines record it alike, from `Hart.probe` and the retire port, whether anybody asks or not:
it is little, and a run can be asked afterwards. All numbers are cycles unless it is said what else.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from struct import Struct
from typing import Any, NamedTuple

from hdl.arch import Csr, Priv
from sim.engines.hart import HartPorts

__all__ = [
    "DATA",
    "FETCH",
    "HANDLER",
    "LOOKUP",
    "READS",
    "SIDES",
    "Follower",
    "Lookup",
    "Passage",
    "Read",
    "Side",
    "lookup_of",
    "probed",
]

#: The sides of the MMU, fetches and data, and page-table entries of a walk.
SIDES, READS = 2, 3
FETCH, DATA = range(SIDES)
_FIELDS = ("asked", "answered", "va", "fault", "count")
_READ = ("cycle", "address", "value", "level")
#: The words of a look-up, as they are packed.
LOOKUP = (*_FIELDS, *(f"{name}_{number}" for number in range(READS) for name in _READ))
_PACKED = Struct(f"<{len(LOOKUP)}Q")
#: Of each side of the probe.
_ASKED = ("miss", "fault", "va")
#: Of the retire port, what tells what a handler does.
HANDLER = ("insn", "intr", "csr_addr", "csr_wmask")
_SRET, _MRET = 0x10200073, 0x30200073


class Read(NamedTuple):
    """A page-table entry that the walker read: when memory took the read, and what was there."""

    cycle: int
    #: Physical address of the entry, its value, and the level of its page table (2 is the root).
    address: int
    value: int
    level: int


class Lookup(NamedTuple):
    """A look-up in a TLB that missed, or was refused.

    `asked` is the first cycle in which the translation was asked for, or that of the return that
    has led there, if that is later; `answered` the one in which it was there: the TLB hit, or the
    access was refused.
    """

    asked: int
    answered: int
    #: Virtual address, in bytes.
    va: int
    #: Why it was refused, a number of `hdl.mmu.vocabulary.Fault`; 0 if it was not.
    fault: int
    #: In order. A walk that begins at level 0 had its table from the walk cache; without a read the
    #: TLB held the page, or the address is none.
    reads: tuple[Read, ...]

    def pack(self) -> bytes:
        """Its words, each of 8 bytes, little-endian."""
        words = [word for read in self.reads for word in read]
        words += [0] * (READS * len(_READ) - len(words))
        return _PACKED.pack(*self[:4], len(self.reads), *words)


@lru_cache(16)  # of a fault that is told, several ask
def lookup_of(packed: bytes, side: int) -> Lookup | None:
    """The look-up of FETCH or DATA in the packed ones of both; None if there is none."""
    if not packed:
        return None
    asked, answered, va, fault, count, *words = _PACKED.unpack_from(packed, side * _PACKED.size)
    if not answered:
        return None
    size = len(_READ)
    reads = (Read(*words[size * number : size * (number + 1)]) for number in range(count))
    return Lookup(asked, answered, va, fault, tuple(reads))


#: A look-up that never was.
NO_LOOKUP = bytes(_PACKED.size)


def probed(hart: HartPorts) -> list[Any]:
    """The signals of `hart.probe` that are followed, in order: of each side three, and of reads.

    None if it has no probe: then there is nothing to tell.
    """
    if not hasattr(hart, "probe"):
        return []
    mmu = hart.probe.mmu
    sides = [getattr(side, name) for side in (mmu.fetch, mmu.data) for name in _ASKED]
    return [*sides, mmu.read, mmu.side, mmu.level]


class Passage(NamedTuple):
    """The way of the last trap from user mode, and of the last return to user mode.

    Each is the cycle in which an instruction retired: the one that raised the exception (of an
    interrupt, the first of its handler), the first of the handler, the handler's first write of
    `satp` (0 if there was none yet); and the last write of `satp` before the last `sret` or `mret`,
    and that itself.
    """

    raised: int = 0
    entered: int = 0
    left: int = 0
    back: int = 0
    returned: int = 0


class Side:
    """What one side of the MMU looks up; `Lookup`s as packed words."""

    def __init__(self) -> None:
        self._now: Lookup | None = None
        #: What was refused last, and before that, since the last trap or return.
        self._refused: Lookup | None = None
        self._older: Lookup | None = None
        #: The first that was asked for since the last return to user mode, and has ended.
        self.first = NO_LOOKUP

    def refused(self, va: int) -> bytes:
        """What was refused of the instruction that raises an exception at `va`.

        A younger one may have been refused since: it waits in the execute stage, and there is only
        one.
        """
        older, last = self._older, self._refused
        found = older if older is not None and older.va == va else last
        return NO_LOOKUP if found is None else found.pack()

    def forget(self) -> None:
        """What was refused so far leads to no exception any more."""
        self._refused = self._older = None

    def returned(self, cycle: int) -> None:
        """An `sret` or `mret` retired. What is looked up since then is looked for.

        The fetch of where it returns to may have begun before; of that only the rest comes after.
        """
        self.first = NO_LOOKUP
        if self._now is not None and not self._now.answered:
            self._now = self._now._replace(asked=cycle)

    def look_up(self, cycle: int, miss: int, fault: int, va: int, since: int) -> None:
        """In `cycle` the side asked for `va` in vain, if it missed or was refused with `fault`."""
        now, asks = self._now, miss or fault
        if now is not None and not (asks and now.va == va and not (now.answered and miss)):
            self._end(cycle, since)
        if asks and self._now is None:
            self._now = Lookup(cycle, 0, va, 0, ())
        if fault and self._now is not None and not self._now.answered:
            self._now = self._now._replace(answered=cycle, fault=fault)
            self._older, self._refused = self._refused, self._now

    def _end(self, cycle: int, since: int) -> None:
        now, self._now = self._now, None
        assert now is not None
        if not now.answered:
            now = now._replace(answered=cycle)
        if self.first is NO_LOOKUP and now.asked >= since:
            self.first = now.pack()

    def read(self, read: Read) -> None:
        """The walker reads an entry for it."""
        if self._now is not None:
            reads = self._now.reads
            if reads and read.level >= reads[-1].level:
                reads = ()  # the walk begins anew
            self._now = self._now._replace(reads=(*reads, read))


class Follower:
    """Follows a hart, cycle by cycle, for an engine in Python; story.cpp does the same.

    `probe` are the values of what `probed` names, as they are in a cycle.
    """

    def __init__(self) -> None:
        self.sides = (Side(), Side())
        self.passage = Passage()
        self.satp_written = 0

    def trapped(self, cycle: int, mode: int) -> None:
        """An exception was raised."""
        if mode == Priv.U:
            self.passage = self.passage._replace(raised=cycle)
        self._forget()

    def handled(self, cycle: int, retired: Mapping[str, int]) -> None:
        """An instruction of a handler retired: fields of the retire port."""
        passage = self.passage
        if retired["intr"]:
            interrupt = passage.raised <= passage.returned
            raised = cycle if interrupt else passage.raised
            passage = passage._replace(raised=raised, entered=cycle, left=0)
            self._forget()
        if retired["csr_addr"] == Csr.SATP and retired["csr_wmask"]:
            self.satp_written = cycle
            passage = passage._replace(left=passage.left or cycle)
        if retired["insn"] in (_SRET, _MRET):
            passage = passage._replace(back=self.satp_written, returned=cycle)
            self.sides[DATA].first = NO_LOOKUP
            self.sides[FETCH].returned(cycle)
            self._forget()
        self.passage = passage

    def refused(self, va: int) -> bytes:
        """What was refused of the instruction that raises an exception at `va`, on both sides."""
        return b"".join(side.refused(va) for side in self.sides)

    @property
    def first(self) -> bytes:
        """What was looked up first since the last return to user mode, on both sides."""
        return b"".join(side.first for side in self.sides)

    def follow(
        self, cycle: int, probe: Sequence[int], address: int, word: Callable[[int], int]
    ) -> None:
        """A cycle is over, and its accesses made: that of the data port at `address`.

        `word` gives the 64-bit word of RAM at an address.
        """
        *sides, read, of, level = probe
        for number, side in enumerate(self.sides):
            miss, fault, va = sides[3 * number : 3 * number + 3]
            side.look_up(cycle, miss, fault, va, self.passage.returned)
        if read and of < SIDES:
            self.sides[of].read(Read(cycle, address, word(address), level))

    def _forget(self) -> None:
        for side in self.sides:
            side.forget()
