"""The physical memory allocator: whole 4096-byte frames."""

from hdl.arch import PAGE_BITS, PAGE_SIZE
from kernel_model.facts.costs import Step
from kernel_model.facts.panic import KernelPanic

__all__ = ["Kmem"]


class Kmem:
    """The frames of physical memory from `start` up to `end`, both multiples of the page size.

    The free list is kept in Python, not threaded through the free frames as in xv6: simulated RAM
    is then never touched for bookkeeping, and a set of the frames in use finds double and foreign
    frees. For the same reason a freed frame is not filled with junk; everything that takes a frame
    clears it.

    Parameters
    ----------
    charge : callable
        `charge(step, n)` is called for frames taken or put back.
    """

    def __init__(self, start: int, end: int, charge=lambda step, n=1: None):
        self._fresh = start  # frames from here on were never taken
        self._end = end
        self._free = []  # frames put back; the last one is taken first
        self._taken = set()
        self._charge = charge
        self.start = start
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

    def kalloc(self) -> int:
        """Take a frame and return its physical address, or 0 if none is left. Not cleared."""
        self._charge(Step.ALLOCATE)
        if self._free:
            frame = self._free.pop()
        elif self._fresh < self._end:
            frame = self._fresh
            self._fresh += PAGE_SIZE
        else:
            return 0
        self._taken.add(frame)
        if len(self._taken) > self.used_max:
            self.used_max = len(self._taken)
        return frame

    def kfree(self, pa: int) -> None:
        """Put back the frame at `pa`. Panics unless `kalloc` returned it and it is in use."""
        self._charge(Step.FREE)
        if pa not in self._taken:
            self._refuse(pa)
        self._taken.remove(pa)
        self._free.append(pa)

    def kfree_all(self, frames: list[int]) -> None:
        """Put back several frames, as `kfree` does each."""
        distinct = set(frames)
        if len(distinct) < len(frames) or not distinct <= self._taken:
            for pa in frames:
                self.kfree(pa)  # one of them panics
        self._charge(Step.FREE, len(frames))
        self._taken -= distinct
        self._free += frames

    def _refuse(self, pa):
        known = self.start <= pa < self._end and pa % PAGE_SIZE == 0
        raise KernelPanic(f"kfree: {pa:#x} is {'free already' if known else 'no frame'}")
