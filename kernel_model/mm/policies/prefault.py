"""Faults that follow each other at one distance are expected to go on so."""

from collections.abc import Iterable
from dataclasses import dataclass

from kernel_model.mm.regions import Region
from kernel_model.mm.space import AddressSpace

__all__ = ["Prefault"]


@dataclass(frozen=True)
class Prefault:
    """The second fault in a row at the same distance maps `count` pages further on that way.

    What was learned is the address space's (`AddressSpace.last_fault` and `stride`). It looks at
    faults alone: what is mapped ahead faults no more, so the last of those stands for the fault.
    """

    count: int

    def pages(self, space: AddressSpace, region: Region, page: int) -> Iterable[int]:
        """The next pages on the way, as far as region and whole pages below the size go."""
        stride = page - space.last_fault
        expected = space.last_fault >= 0 and stride == space.stride != 0
        space.last_fault, space.stride = page, stride
        if not expected:
            return ()
        end = space.whole(region)
        way = (page + stride * n for n in range(1, self.count + 1))
        ahead = [other for other in way if region.start <= other < end]
        if ahead:
            space.last_fault = ahead[-1]
        return ahead
