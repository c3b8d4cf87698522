"""What memory is in use over time: how large processes are, what of it is there, what is free."""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from hdl.arch import PAGE_SIZE, pte_to_pa
from kernel_model.kernel import Kernel
from kernel_model.mm.peek import mapped
from kernel_model.mm.served import Decision, ServedFault
from kernel_model.mm.state import User
from kernel_model.proc.state import KernelWatcher
from sim.guests.kernel_guest import Rung
from sim.report.blocks import Blocks

__all__ = ["FRAMES", "GONE", "MAP", "PROMISED", "SHARED", "SIZES", "TOUCHED", "MemoryWatch"]

#: The states of a page: not the process's, or not any more; below its size; in memory; in memory,
#: in a frame that others have too.
GONE, PROMISED, TOUCHED, SHARED = range(4)

SIZES = ("cycle", "pid", "size", "resident")
FRAMES = ("cycle", "free")
#: From `cycle` on `count` pages of a process, from number `page` on, are in `state`.
MAP = ("cycle", "pid", "page", "count", "state")


class _Seen(NamedTuple):
    """What a process had when it was looked at last."""

    root: int
    size: int
    resident: int
    #: Pages below the size, and the states of those that are in memory.
    pages: int
    states: dict[int, int]


_NOTHING = _Seen(0, 0, 0, 0, {})


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
            known = space.root, space.size, space.resident
            if known == before[:3] and not sharing:
                continue
            brought = self._brought.get(pid, ())
            if (*before[:2], before.resident + len(brought)) == known and not sharing:
                self._add(cycle, pid, brought)
                states = before.states
            else:
                states = dict(self._states(space.root, _pages_of(space.size)))
            now = _Seen(*known, _pages_of(space.size), states)
            self._change(cycle, pid, before, now)
            self._seen[pid] = now
        self._brought.clear()

    def _add(self, cycle: int, pid: int, brought: Iterable[int]) -> None:
        """Faults have brought pages, and nothing else has changed."""
        self._seen[pid].states.update(dict.fromkeys(brought, TOUCHED))
        for first, count in _runs(brought):
            self._pages.add((cycle, pid, first, count, TOUCHED))

    def _states(self, root: int, pages: int) -> Iterator[tuple[int, int]]:
        kmem = self._kernel.kmem
        for va, pte, size in mapped(self._kernel.memory, root, pages * PAGE_SIZE):
            for offset in range(0, size, PAGE_SIZE):
                shared = kmem.shared and kmem.references(pte_to_pa(pte) + offset) > 1
                yield (va + offset) // PAGE_SIZE, SHARED if shared else TOUCHED

    def _change(self, cycle: int, pid: int, before: _Seen, now: _Seen) -> None:
        """Writes what is different now."""
        if (before.size, before.resident) != (now.size, now.resident):
            self._sizes.add((cycle, pid, now.size, now.resident))
        if before.root != now.root and before.pages:
            self._pages.add((cycle, pid, 0, before.pages, GONE))
            before = _NOTHING
        least, most = sorted((before.pages, now.pages))
        if least < most:
            state = PROMISED if now.pages == most else GONE
            self._pages.add((cycle, pid, least, most - least, state))
        if before.states is now.states:
            return
        lost = (page for page in before.states.keys() - now.states.keys() if page < now.pages)
        for first, count in _runs(lost):
            self._pages.add((cycle, pid, first, count, PROMISED))
        new = now.states.items() - before.states.items()
        for state in (TOUCHED, SHARED):
            for first, count in _runs(page for page, its in new if its == state):
                self._pages.add((cycle, pid, first, count, state))


def _pages_of(size: int) -> int:
    return -(-size // PAGE_SIZE)


def _runs(pages: Iterable[int]) -> Iterator[tuple[int, int]]:
    """Pages that follow each other, as the first and how many."""
    first = count = 0
    for page in sorted(pages):
        if count and page == first + count:
            count += 1
            continue
        if count:
            yield first, count
        first, count = page, 1
    if count:
        yield first, count
