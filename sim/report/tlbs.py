"""What is in the TLBs over time, as far as looking now and then tells."""

from collections import Counter
from functools import lru_cache
from typing import Any, NamedTuple

from hdl.arch import MAXVA_BITS, PAGE_BITS, PAGE_SIZE
from hdl.mmu.tlb import TlbEntry
from kernel_model.facts.memlayout import DOORBELL, KERNBASE, TRAMPOLINE, TRAPFRAME
from kernel_model.kernel import Kernel
from sim.machine import Machine
from sim.output.words import root_of

__all__ = ["MOST", "TLBS", "Page", "TlbWatch"]

TLBS = ("cycle", "itlb", "dtlb", "walk_cache")
_SIDES = ("itlb", "dtlb")
#: How often is looked at most, and cycles between the first looks, and pages that are told.
MOST, _FIRST, _TOLD = 2048, 16, 200
_NAMES = {
    TRAMPOLINE: "trampoline",
    TRAPFRAME: "trap frame",
    DOORBELL: "doorbell",
    KERNBASE: "trampoline",
}


class Page(NamedTuple):
    """A page in a TLB: of a process, or of the kernel's page table, which is pid 0."""

    pid: int
    va: int
    #: In bytes.
    size: int


class TlbWatch:
    """Looks into the TLBs every so many cycles; the more have passed, the more of them.

    It watches a machine that was made `traced`.

    Parameters
    ----------
    kernel : Kernel
        Whose processes run.
    """

    def __init__(self, kernel: Kernel):
        self.interval = _FIRST
        #: Rows of TLBS.
        self.samples: list[tuple[int, ...]] = []
        self._kernel = kernel
        self._next = _FIRST
        #: By TLB: the cycles in which each page was there, taken from the looks.
        self._cycles: dict[str, Counter[Page]] = {side: Counter() for side in _SIDES}

    def next_stop(self, cycle: int) -> int | None:
        """When it looks again."""
        return max(self._next, cycle + 1)

    def look(self, machine: Machine) -> None:
        """Looks, if it is time to."""
        cycle, engine = machine.engine.cycle, machine.engine
        if cycle < self._next:
            return
        values = engine.inspect(engine.inspectable)
        counts = (values[f"{name}.valid"].bit_count() for name in TLBS[1:])
        self.samples.append((cycle, *counts))
        pid = self._whose(values)
        for side in _SIDES:
            for page in _pages(values, side, pid):
                self._cycles[side][page] += self.interval
        if len(self.samples) >= MOST:
            self.interval *= 2
            del self.samples[::2]
        self._next = cycle + self.interval - cycle % self.interval

    def hot_pages(self) -> list[dict[str, Any]]:
        """The pages that were there for longest, with the cycles in each TLB."""
        total = sum(self._cycles.values(), Counter())
        return [
            {
                **page._asdict(),
                "name": _NAMES.get(page.va, ""),
                **{side: self._cycles[side][page] for side in _SIDES},
            }
            for page, _ in total.most_common(_TOLD)
        ]

    def _whose(self, values: dict[str, int]) -> int:
        """Whose page table is in use."""
        root = root_of(values["satp"])
        return next((proc.pid for proc in self._kernel.procs if proc.pagetable == root), 0)


def _pages(values: dict[str, int], side: str, pid: int) -> list[Page]:
    valid = values[f"{side}.valid"]
    numbers = (number for number in range(valid.bit_length()) if valid >> number & 1)
    return [_page(values[f"{side}.{number}"], pid) for number in numbers]


@lru_cache(maxsize=4096)
def _page(bits: int, pid: int) -> Page:
    entry = TlbEntry.from_bits(bits)
    size = PAGE_SIZE << 9 * entry.page.level
    va = (entry.vpn << PAGE_BITS) // size * size
    return Page(pid, va | -(va >> MAXVA_BITS - 1 & 1) << MAXVA_BITS & (1 << 64) - 1, size)
