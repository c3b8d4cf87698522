"""What memory is in use over time: how large processes are, what of it is there, what is free."""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from hdl.arch import PAGE_SIZE, pte_to_pa
from kernel_model.facts.memlayout import TRAPFRAME
from kernel_model.kernel import Kernel
from kernel_model.mm.peek import mapped
from kernel_model.mm.regions import Region
from kernel_model.mm.served import Decision, ServedFault
from kernel_model.mm.state import User
from kernel_model.proc.state import KernelWatcher
from sim.guests.kernel_guest import Rung
from sim.output.page_runs import runs
from sim.report.blocks import Blocks

__all__ = ["FRAMES", "GONE", "MAP", "PROMISED", "SHARED", "SIZES", "TOUCHED", "MemoryWatch"]

#: The states of a page: not the process's, or not any more; below its size, or in an area of
#: `mmap`; in memory; in memory, in a frame that others have too.
GONE, PROMISED, TOUCHED, SHARED = range(4)

#: Pages that are the process's, by its size and its areas; and those of them that are in memory.
SIZES = ("cycle", "pid", "pages", "resident")
FRAMES = ("cycle", "free")
#: From `cycle` on `count` pages of a process, from number `page` on, are in `state`.
MAP = ("cycle", "pid", "page", "count", "state")

#: Pages that follow each other: the number of the first, and the one behind the last.
_Span = tuple[int, int]


class _Seen(NamedTuple):
    """What a process had when it was looked at last."""

    root: int
    size: int
    resident: int
    areas: tuple[Region, ...]
    #: The states of those of its pages that are in memory.
    states: dict[int, int]

    def spans(self) -> Iterator[_Span]:
        """The pages of the process: from which number, and to the one behind which."""
        yield 0, -(-self.size // PAGE_SIZE)
        for area in self.areas:
            yield area.start // PAGE_SIZE, area.end // PAGE_SIZE

    @property
    def pages(self) -> int:
        """How many pages are the process's, in memory or not."""
        return sum(last - first for first, last in self.spans())


_NOTHING = _Seen(0, 0, 0, (), {})


class MemoryWatch(KernelWatcher):
    """Writes down what changes; watches the kernel, and by `rang` the guest.

    A change is one of the cycle in which the kernel's answer comes. Only what a page fault has
    changed is known at once; after all else the page table is looked through.

    Parameters
    ----------
    kernel : Kernel
        Whose memory it is.
    sizes, frames, pages : Blocks
        Take rows of SIZES, FRAMES and MAP.
    """

    def __init__(self, kernel: Kernel, sizes: Blocks, frames: Blocks, pages: Blocks):
        self._kernel = kernel
        self._sizes, self._frames, self._pages = sizes, frames, pages
        self._seen: dict[int, _Seen] = {}
        #: The pages that faults have brought since the last answer, by process.
        self._brought: dict[int, list[int]] = {}
        self._free = -1
        self._shared = 0

    def fault(self, proc: User, fault: ServedFault, now: int) -> None:
        """Notes which page has come."""
        if fault.outcome.decision is Decision.MAPPED:
            self._brought.setdefault(proc.pid, []).extend(
                va // PAGE_SIZE for va in (fault.stval, *fault.outcome.ahead)
            )

    def rang(self, rung: Rung) -> None:
        """The hart has rung, and has its answer."""
        kernel, cycle = self._kernel, rung.answered
        if kernel.halted:  # the run is over before the answer comes
            return
        if kernel.kmem.free != self._free:
            self._free = kernel.kmem.free
            self._frames.add((cycle, self._free))
        sharing = kernel.kmem.shared or self._shared
        self._shared = kernel.kmem.shared
        procs = {proc.pid: proc for proc in kernel.procs[1:]}
        for pid in self._seen.keys() - procs.keys():
            self._change(cycle, pid, self._seen.pop(pid), _NOTHING)
        for pid, proc in procs.items():
            before = self._seen.get(pid, _NOTHING)
            space = proc.space
            known = space.root, space.size, space.resident, space.regions.areas
            if known == before[:4] and not sharing:
                continue
            brought = self._brought.get(pid, ())
            if before[:4] == (*known[:2], known[2] - len(brought), known[3]) and not sharing:
                self._add(cycle, pid, brought)
                states = before.states
            else:
                states = dict(self._states(space.root))
            now = _Seen(*known, states)
            self._change(cycle, pid, before, now)
            self._seen[pid] = now
        self._brought.clear()

    def _add(self, cycle: int, pid: int, brought: Iterable[int]) -> None:
        """Faults have brought pages, and nothing else has changed."""
        self._seen[pid].states.update(dict.fromkeys(brought, TOUCHED))
        for first, count in runs(brought):
            self._pages.add((cycle, pid, first, count, TOUCHED))

    def _states(self, root: int) -> Iterator[tuple[int, int]]:
        kmem = self._kernel.kmem
        # What processes share has a reference of the kernel's, too.
        kept = {frame for each in self._kernel.backings.values() for frame in each.frames.values()}
        for va, pte, size in mapped(self._kernel.memory, root, TRAPFRAME):
            for offset in range(0, size, PAGE_SIZE):
                frame = pte_to_pa(pte) + offset
                shared = kmem.shared and kmem.references(frame) > 1 + (frame in kept)
                yield (va + offset) // PAGE_SIZE, SHARED if shared else TOUCHED

    def _change(self, cycle: int, pid: int, before: _Seen, now: _Seen) -> None:
        """Writes what is different now."""
        if (before.pages, before.resident) != (now.pages, now.resident):
            self._sizes.add((cycle, pid, now.pages, now.resident))
        if before.root != now.root:
            self._set(cycle, pid, before.spans(), GONE)
            before = _NOTHING
        if (before.size, before.areas) != (now.size, now.areas):
            self._set(cycle, pid, _without(before.spans(), now.spans()), GONE)
            self._set(cycle, pid, _without(now.spans(), before.spans()), PROMISED)
        if before.states is now.states:
            return
        spans = list(now.spans())
        lost = before.states.keys() - now.states.keys()
        still = (page for page in lost if any(first <= page < last for first, last in spans))
        for first, count in runs(still):
            self._pages.add((cycle, pid, first, count, PROMISED))
        new = now.states.items() - before.states.items()
        for state in (TOUCHED, SHARED):
            for first, count in runs(page for page, its in new if its == state):
                self._pages.add((cycle, pid, first, count, state))

    def _set(self, cycle: int, pid: int, spans: Iterable[_Span], state: int) -> None:
        for first, last in spans:
            if first < last:
                self._pages.add((cycle, pid, first, last - first, state))


def _without(spans: Iterable[_Span], others: Iterable[_Span]) -> list[_Span]:
    """What is in `spans` and not in `others`, each by its bounds."""
    left = list(spans)
    for first, last in others:
        left = [
            part
            for low, top in left
            for part in ((low, min(top, first)), (max(low, last), top))
            if part[0] < part[1]
        ]
    return left
