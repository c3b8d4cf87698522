"""Copy-on-write fork: parent and child have the same frames, until one of them stores.

As in the lab "copy-on-write fork" of xv6's course, with references counted by `Kmem.share`. What
ends the sharing of a page is in `unshare.py`.
"""

from kernel_model.mm.space import AddressSpace
from kernel_model.mm.state import MemoryState
from kernel_model.mm.vm import uvmcopyspace

__all__ = ["CopyOnWrite"]


class CopyOnWrite:
    """A child gets its parent's frames, and neither of them may write."""

    def fork(self, kernel: MemoryState, old: AddressSpace, new: AddressSpace) -> bool:
        """Takes frames for page tables only. If one lacks, the parent's pages stay without W: the
        next store to one finds that nobody else has it."""
        return uvmcopyspace(kernel, old, new, share=lambda frame: True)
