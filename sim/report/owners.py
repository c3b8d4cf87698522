"""Whose the pages of each process are over time, in words for the map of its address space."""

from hdl.arch import PAGE_SIZE
from kernel_model.kernel import Kernel
from kernel_model.mm.regions import Region, Regions
from sim.guests.kernel_guest import Rung
from sim.output.sentences import rights
from sim.report.blocks import Blocks, Words

__all__ = ["OWNERS", "OwnerWatch"]

#: From `cycle` on `count` pages of a process, from number `page` on, are of `owner`, a word's
#: number. Who had pages that are given back had them last.
OWNERS = ("cycle", "pid", "page", "count", "owner")


class OwnerWatch:
    """Writes down regions that are new; watches the guest by `rang`.

    Parameters
    ----------
    kernel : Kernel
        Whose processes they are.
    owners : Blocks
        Takes rows of OWNERS.
    words : Words
        Has the names.
    """

    def __init__(self, kernel: Kernel, owners: Blocks, words: Words):
        self._kernel, self._owners, self._words = kernel, owners, words
        self._seen: dict[int, Regions] = {}

    def rang(self, rung: Rung) -> None:
        """The hart has rung, and has its answer."""
        if self._kernel.halted:
            return
        seen = self._seen
        self._seen = {proc.pid: proc.space.regions for proc in self._kernel.procs[1:]}
        for pid, regions in self._seen.items():
            before = seen.get(pid)
            if regions is before:
                continue
            known = set(_all(before)) if before else set()
            for region in _all(regions):
                if region not in known:
                    self._add(rung.answered, pid, region)

    def _add(self, cycle: int, pid: int, region: Region) -> None:
        owner = self._words.number(f"{region.name} {rights(region.rights)}")
        self._owners.add((cycle, pid, region.start // PAGE_SIZE, region.pages, owner))


def _all(regions: Regions) -> tuple[Region, ...]:
    return regions.parts + regions.areas
