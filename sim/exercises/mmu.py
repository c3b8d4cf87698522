"""What the MMU does with accesses that follow each other: TLBs, walk cache and cycles, in Python.

The rules of one translation are those of `sim.output.translation`. How long one takes is written in
docs/performance.md and in `hdl.mmu.mmu.Mmu`; the tests compare it with the hart.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from hdl.arch import LEVELS, PAGE_BITS, RAM_BASE, VPN_BITS, Cause, Priv, Pte, pte_to_pa
from sim.output.translation import Walk, walk

__all__ = ["Access", "Answer", "Context", "Fence", "Mmu", "Put", "Step", "answers"]

_RAM = range(RAM_BASE, RAM_BASE + (128 << 20))
_MISALIGNED = {"load": Cause.LOAD_MISALIGNED, "store": Cause.STORE_MISALIGNED}


@dataclass(frozen=True)
class Context:
    """The state that an access is subject to: `satp`, the mode, bits of `mstatus` and `menvcfg`.

    `root` is the physical address of the page table.
    """

    root: int
    asid: int = 0
    priv: Priv = Priv.U
    sum_: bool = False
    mxr: bool = False
    adue: bool = False


@dataclass(frozen=True)
class Access:
    """`insn` as it is written; `kind` is load, store or fetch; `size` in bytes.

    Of a fetch it is what has to be translated at once: the part of an instruction on one page.
    """

    insn: str
    kind: str
    va: int
    context: Context
    size: int = 8


@dataclass(frozen=True)
class Put:
    """The kernel stores `value` in the page-table entry at a physical address."""

    address: int
    value: int


@dataclass(frozen=True)
class Fence:
    """`sfence.vma`, of all addresses or one, of all address spaces or one."""

    va: int | None = None
    asid: int | None = None


Step = Access | Put | Fence


@dataclass(frozen=True)
class Answer:
    """What comes of an access.

    Attributes
    ----------
    pa, cause, stval
        The physical address; or the exception and what it leaves in `stval` (then `pa` is None).
    reads : tuple of int
        Physical addresses of the page-table entries that are read, in order.
    cycles : int
        What the translation adds to the access.
    reason : str
        Why it faults, or which bits the hart sets.
    rule : int
        The step of the specification's that decides; 0 stands for what it says before them.
    walk : Walk or None
        What was read, now or as the TLB was filled; None for a misaligned access.
    hit : bool
        The TLB held the page.
    cached : bool
        The walk began at level 0, with a table that the walk cache knew.
    written : Put or None
        The entry in which the hart set A or D.
    """

    pa: int | None
    cause: Cause | None = None
    stval: int = 0
    reads: tuple[int, ...] = ()
    cycles: int = 0
    reason: str = ""
    rule: int = 0
    walk: Walk | None = None
    hit: bool = False
    cached: bool = False
    written: Put | None = None


@dataclass(frozen=True)
class _Entry:
    """A page in a TLB: for fetches or data, in which address space, and the walk that found it."""

    fetch: bool
    asid: int
    found: Walk

    @property
    def page_bits(self) -> int:
        return PAGE_BITS + VPN_BITS * self.found.steps[-1].level

    @property
    def is_global(self) -> bool:
        assert self.found.leaf is not None
        return bool(self.found.leaf & Pte.G)

    def covers(self, va: int) -> bool:
        return (self.found.va ^ va) >> self.page_bits == 0


class Mmu:
    """The MMU of a hart with empty TLBs, in front of `memory`; it never runs out of entries.

    Parameters
    ----------
    memory : mapping
        The page-table entries that are not 0, by their physical addresses.
    latency : int
        Cycles from a request to memory to its response.
    """

    def __init__(self, memory: Mapping[int, int], latency: int = 1):
        self._memory = dict(memory)
        self._latency = latency
        self._entries: list[_Entry] = []
        #: Level-0 tables, by the upper fields of the page number and the address space.
        self._tables: dict[tuple[int, int], int] = {}

    def read(self, address: int) -> int | None:
        """The page-table entry at a physical address; None where there is no RAM."""
        return self._memory.get(address, 0) if address in _RAM else None

    def do(self, step: Step) -> Answer | None:
        """Does a step; what comes of it, if it is an access."""
        match step:
            case Put(address, value):
                self._memory[address] = value
            case Fence():
                self._entries = [each for each in self._entries if not _fenced(each, step)]
                # One of an address orders "only accesses to leaf PTEs" (privileged specification,
                # "Supervisor Memory-Management Fence Instruction").
                if step.va is None:
                    self._tables.clear()
            case Access():
                return self._access(step)
        return None

    def _access(self, access: Access) -> Answer:
        if access.kind != "fetch" and access.va % access.size:
            reason = f"not a multiple of {access.size}"
            return Answer(None, _MISALIGNED[access.kind], access.va, reason=reason)
        entry = self._look_up(access)
        if entry is not None:
            found = replace(entry.found, va=access.va)
            answer = replace(self._conclude(access, found), hit=True)
            if answer.rule != 9:  # A or D is clear: that is for a walk to decide
                return answer
        return self._walk(access)

    def _look_up(self, access: Access) -> _Entry | None:
        for entry in self._entries:
            owned = entry.is_global or entry.asid == access.context.asid
            if entry.fetch == (access.kind == "fetch") and owned and entry.covers(access.va):
                return entry
        return None

    def _walk(self, access: Access) -> Answer:
        context = access.context
        key = access.va >> PAGE_BITS + VPN_BITS, context.asid
        table = self._tables.get(key)
        if table is None:
            found = walk(self.read, context.root, access.va)
        else:
            found = walk(self.read, table, access.va, 0)
        read = [step for step in found.steps if step.pte is not None]
        if len(read) >= LEVELS - 1 and read[LEVELS - 2].conclusion.startswith("points"):
            pte = read[LEVELS - 2].pte
            assert pte is not None
            self._tables[key] = pte_to_pa(pte)
        answer = self._conclude(access, found)
        # Each read waits for the one before it; an address that is none is refused at once.
        cycles = len(read) * self._latency + 1 if found.steps else 0
        written = None
        if answer.cause is None:
            if answer.rule == 9:
                written = self._set_bits(access, found)
                found = walk(self.read, context.root, access.va)
                # All levels again, the locked read and the write; and the cycle of the response.
                cycles += (len(found.steps) + 2) * self._latency + 3
            self._fill(_Entry(access.kind == "fetch", context.asid, found))
        return replace(
            answer,
            reads=tuple(step.address for step in read),
            cycles=cycles,
            cached=table is not None,
            written=written,
        )

    def _conclude(self, access: Access, found: Walk) -> Answer:
        c = access.context
        outcome = found.outcome(access.kind, svadu=c.adue, priv=c.priv, sum_=c.sum_, mxr=c.mxr)
        if outcome.cause is None:
            return Answer(found.pa, reason=outcome.reason, rule=outcome.rule, walk=found)
        return Answer(
            None, outcome.cause, access.va, reason=outcome.reason, rule=outcome.rule, walk=found
        )

    def _set_bits(self, access: Access, found: Walk) -> Put:
        leaf = found.steps[-1]
        assert leaf.pte is not None
        put = Put(leaf.address, leaf.pte | Pte.A | (Pte.D if access.kind == "store" else 0))
        self.do(put)
        return put

    def _fill(self, new: _Entry) -> None:
        def overlaps(old: _Entry) -> bool:
            same = old.asid == new.asid or old.is_global or new.is_global
            return old.fetch == new.fetch and same and old.covers(new.found.va)

        self._entries = [each for each in self._entries if not overlaps(each)] + [new]


def _fenced(entry: _Entry, fence: Fence) -> bool:
    owned = fence.asid is None or (not entry.is_global and entry.asid == fence.asid)
    return owned and (fence.va is None or entry.covers(fence.va))


def answers(
    memory: Mapping[int, int], steps: Iterable[Step], latency: int = 1
) -> list[tuple[Access, Answer]]:
    """What comes of each access among `steps`, which follow each other."""
    mmu = Mmu(memory, latency)
    done = [(step, mmu.do(step)) for step in steps]
    return [(step, answer) for step, answer in done if isinstance(step, Access) and answer]
