"""Whether more memory may be promised than there is, as Linux's `vm.overcommit_memory` has it.

Mode 1, always: whoever touches the page that is too much is killed. Mode 2, never: `sbrk` and
`fork` fail before that (kernel documentation, Overcommit Accounting).
"""

from typing import Protocol

from hdl.arch import PTES_PER_PAGE
from kernel_model.mm.state import MemoryState

__all__ = ["Always", "Commit", "Strict"]

#: Page-table pages that may be needed besides one for 512 pages: those of upper levels, at the end.
_TABLES = 3


class Commit(Protocol):
    """What may be promised."""

    def allows(self, kernel: MemoryState, pages: int) -> bool:
        """Whether a process may be promised so many pages more."""


class Always:
    """Anything may."""

    def allows(self, kernel: MemoryState, pages: int) -> bool:
        """Always."""
        return True


class Strict:
    """No more than there is.

    That are the frames that are free without those that were promised already: pages that wait for
    their frame, and copies of shared ones. What the kernel takes for itself later, as for a pipe,
    is not counted.
    """

    def allows(self, kernel: MemoryState, pages: int) -> bool:
        """Whether they would fit, with their page tables, if all that was promised were touched."""
        tables = pages // PTES_PER_PAGE + _TABLES
        return kernel.promised + kernel.kmem.extra_references + pages + tables <= kernel.kmem.free
