"""A fault maps the pages around it, too: fault-around, as Linux has it for files."""

from collections.abc import Iterable
from dataclasses import dataclass

from hdl.arch import PAGE_SIZE
from kernel_model.mm.regions import Region
from kernel_model.mm.space import AddressSpace

__all__ = ["Batch"]


@dataclass(frozen=True)
class Batch:
    """A fault maps the aligned block of `count` pages that it lies in, a power of two.

    What is in another region is left out, and so is the last page if the size covers a part of it:
    it may only come by an access below the size, which is compared to the byte.
    """

    count: int

    def pages(self, space: AddressSpace, region: Region, page: int) -> Iterable[int]:
        """The block's other pages, by address."""
        size = self.count * PAGE_SIZE
        block = page // size * size
        start = max(block, region.start)
        end = min(block + size, space.whole(region))
        return (other for other in range(start, end, PAGE_SIZE) if other != page)
