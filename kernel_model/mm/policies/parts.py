"""The four decisions of which `Paging` is made, and what lazy allocation decides in each."""

from collections.abc import Iterable
from typing import Protocol

from kernel_model.mm.areas import first_frame
from kernel_model.mm.regions import Region
from kernel_model.mm.served import PteWrite
from kernel_model.mm.space import AddressSpace
from kernel_model.mm.state import MemoryState
from kernel_model.mm.vm import uvmcopyspace

__all__ = ["Blocks", "CopyAll", "Fork", "NoBlocks", "OnePage", "OwnFrame", "Reach", "Touch"]


class Reach(Protocol):
    """Which pages besides its own a fault maps."""

    def pages(self, space: AddressSpace, region: Region, page: int) -> Iterable[int]:
        """Addresses of pages in `region` and whole below the size, nearest or next first.

        `page` is that of the fault, which is mapped already; some of the others may be, too.
        """


class Touch(Protocol):
    """What a page gets that is touched for the first time."""

    def boot(self, kernel: MemoryState) -> None:
        """Take what the kernel needs for good."""

    def page(self, kernel: MemoryState, region: Region, va: int, access: int) -> tuple[int, int]:
        """The frame that the page of `va` begins with, or 0 if none is left, and the rights to map
        it with.

        `access` is the right that is needed, Pte.R, W or X. The reference is the caller's.
        """

    def owns(self, access: int) -> bool:
        """Whether the page gets a frame of its own for that access."""


class Blocks(Protocol):
    """What a fault maps instead of a page."""

    def fill(
        self, kernel: MemoryState, space: AddressSpace, va: int, region: Region
    ) -> list[PteWrite]:
        """Map a superpage of zeros that `va` lies in; the entries written, none if it maps none.

        Then nothing has changed.
        """


class Fork(Protocol):
    """What a child gets of its parent's pages."""

    def fork(self, kernel: MemoryState, old: AddressSpace, new: AddressSpace) -> bool:
        """As `Policy.fork`."""


class OnePage:
    """A fault maps its own page."""

    def pages(self, space: AddressSpace, region: Region, page: int) -> Iterable[int]:
        """None."""
        return ()


class NoBlocks:
    """A fault maps pages."""

    def fill(
        self, kernel: MemoryState, space: AddressSpace, va: int, region: Region
    ) -> list[PteWrite]:
        """None."""
        return []


class OwnFrame:
    """A page gets a frame of its own, with all rights of its region."""

    def boot(self, kernel: MemoryState) -> None:
        """Needs nothing."""

    def page(self, kernel: MemoryState, region: Region, va: int, access: int) -> tuple[int, int]:
        """As `first_frame`."""
        return first_frame(kernel, region, va), region.rights

    def owns(self, access: int) -> bool:
        """Always."""
        return True


class CopyAll:
    """A child gets a copy of each page that is mapped."""

    def fork(self, kernel: MemoryState, old: AddressSpace, new: AddressSpace) -> bool:
        """Copies at once."""
        return uvmcopyspace(kernel, old, new)
