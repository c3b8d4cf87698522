"""The physical memory allocator: whole 4096-byte frames."""

from collections.abc import Callable, Set
from typing import Protocol

from hdl.arch import PAGE_BITS, PAGE_SIZE
from kernel_model.facts.costs import Step
from kernel_model.facts.panic import KernelPanic

__all__ = ["Kmem"]


_ALLOCATE = Step.ALLOCATE  # found once, for every fault


class Charge(Protocol):
    """What is called for work that costs cycles."""

    def __call__(self, step: Step, n: int = 1) -> None:
        """`step` was done `n` times."""


def _for_nothing(step: Step, n: int = 1) -> None:
    """Charges nothing."""


class Kmem:
    """The frames of physical memory from `start` up to `end`, both multiples of the page size.

    The free list is kept in Python, not threaded through the free frames as in xv6: simulated RAM
    is then never touched for bookkeeping, and a set of the frames in use finds double and foreign
    frees. For the same reason a freed frame is not filled with junk; everything that takes a frame
    clears it.

    A frame has one reference when it is taken. `share` adds one, `kfree` takes one back, and with
    the last one the frame is free.

    Parameters
    ----------
    charge : callable
        `charge(step, n)` is called for frames taken or put back.
    """

    def __init__(self, start: int, end: int, charge: Charge = _for_nothing):
        self._fresh = start  # frames from here on were never taken
        self._end = end
        self._free: list[int] = []  # frames put back; the last one is taken first
        self._taken: set[int] = set()
        self._shared: dict[int, int] = {}  # references of a frame beyond its first
        self._charge = charge
        self.start = start
        #: Calls of `kalloc` and `kalloc_run` so far; those, by number, that find no frame whatever
        #: there is, and what is called then.
        self.calls = 0
        self.failing: dict[int, Callable[[], object]] = {}
        #: The most frames that were ever in use at once.
        self.used_max = 0

    @property
    def used(self) -> int:
        """Frames in use."""
        return len(self._taken)

    @property
    def free(self) -> int:
        """Frames that `kalloc` can still hand out."""
        return len(self._free) + ((self._end - self._fresh) >> PAGE_BITS)

    @property
    def shared(self) -> int:
        """Frames with more than one reference."""
        return len(self._shared)

    @property
    def shared_frames(self) -> Set[int]:
        """Their physical addresses."""
        return self._shared.keys()

    @property
    def extra_references(self) -> int:
        """References beyond the first of each frame."""
        return sum(self._shared.values())

    def counted(self) -> dict[int, int]:
        """The references to each frame in use."""
        counts = dict.fromkeys(self._taken, 1)
        for pa, more in self._shared.items():
            counts[pa] += more
        return counts

    def kalloc(self) -> int:
        """Take a frame and return its physical address, or 0 if none is left. Not cleared."""
        self._charge(_ALLOCATE)
        self.calls += 1
        if self.failing and self._fails():
            return 0
        if self._free:
            frame = self._free.pop()
        elif self._fresh < self._end:
            frame = self._fresh
            self._fresh += PAGE_SIZE
        else:
            return 0
        taken = self._taken
        taken.add(frame)
        if len(taken) > self.used_max:
            self.used_max = len(taken)
        return frame

    def kalloc_run(self, npages: int) -> int:
        """Take `npages` frames, a power of two, that follow each other from a multiple of them all.

        Return the first one's physical address, or 0 if there is no such run. Not cleared. They are
        freed like any others, together or one by one.
        """
        if npages < 1 or npages & (npages - 1):
            raise KernelPanic(f"kalloc_run: {npages} is no power of two")
        self._charge(Step.ALLOCATE)
        self.calls += 1
        if self.failing and self._fails():
            return 0
        size = npages * PAGE_SIZE
        first = self._fresh_run(size) or self._freed_run(size)
        if first:
            self._taken.update(range(first, first + size, PAGE_SIZE))
            self.used_max = max(self.used_max, len(self._taken))
        return first

    def share(self, pa: int) -> None:
        """Add a reference to the frame at `pa`. Panics unless it is in use."""
        if pa not in self._taken:
            raise KernelPanic(f"share: {pa:#x} is not in use")
        self._shared[pa] = self._shared.get(pa, 0) + 1

    def references(self, pa: int) -> int:
        """How many references to the frame at `pa` there are; 0 if it is not in use."""
        return 1 + self._shared.get(pa, 0) if pa in self._taken else 0

    def kfree(self, pa: int) -> None:
        """Give back a reference to the frame at `pa`; the last one frees it.

        Panics unless `kalloc` returned it and it is in use.
        """
        self._charge(Step.FREE)
        if pa not in self._taken:
            self._refuse(pa)
        if pa in self._shared:
            self._unshare(pa)
            return
        self._taken.remove(pa)
        self._free.append(pa)

    def kfree_all(self, frames: list[int]) -> None:
        """Give back a reference to each of several frames, as `kfree` does."""
        distinct = set(frames)
        plain = len(distinct) == len(frames) and distinct <= self._taken
        if not plain or not distinct.isdisjoint(self._shared):
            for pa in frames:
                self.kfree(pa)
            return
        self._charge(Step.FREE, len(frames))
        self._taken -= distinct
        self._free += frames

    def _fails(self) -> bool:
        """Whether this call is to find nothing; then that is told."""
        told = self.failing.get(self.calls)
        if told is not None:
            told()
        return told is not None

    def _unshare(self, pa: int) -> None:
        self._shared[pa] -= 1
        if self._shared[pa] == 0:
            del self._shared[pa]

    def _fresh_run(self, size: int) -> int:
        """A run of frames that were never taken, or 0. Those that it skips are the last to go."""
        first = -(-self._fresh // size) * size
        if first + size > self._end:
            return 0
        self._free[:0] = range(first - PAGE_SIZE, self._fresh - PAGE_SIZE, -PAGE_SIZE)
        self._fresh = first + size
        return first

    def _freed_run(self, size: int) -> int:
        """The lowest run of frames that were put back, or 0."""
        counts: dict[int, int] = {}
        for pa in self._free:
            counts[pa // size] = counts.get(pa // size, 0) + 1
        whole = [number for number, count in counts.items() if count * PAGE_SIZE == size]
        if not whole:
            return 0
        first = min(whole) * size
        self._free = [pa for pa in self._free if not first <= pa < first + size]
        return first

    def _refuse(self, pa: int) -> None:
        known = self.start <= pa < self._end and pa % PAGE_SIZE == 0
        raise KernelPanic(f"kfree: {pa:#x} is {'free already' if known else 'no frame'}")
