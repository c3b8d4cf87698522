"""What was only ever read is zeros: one frame is enough for all of it."""

from hdl.arch import Pte
from kernel_model.facts.panic import KernelPanic
from kernel_model.mm.areas import first_frame
from kernel_model.mm.pagetable import zalloc
from kernel_model.mm.regions import Region
from kernel_model.mm.space import AddressSpace
from kernel_model.mm.state import MemoryState
from kernel_model.mm.vm import uvmcopyspace

__all__ = ["ShareZeros", "ZeroPage"]

_W = int(Pte.W)


class ZeroPage:
    """A load maps the kernel's page of zeros, without W; a store gets a frame."""

    def boot(self, kernel: MemoryState) -> None:
        """The frame of zeros is the kernel's for good."""
        kernel.zero_frame = zalloc(kernel)
        if kernel.zero_frame == 0:
            raise KernelPanic("boot: no frame left for the page of zeros")

    def page(self, kernel: MemoryState, region: Region, va: int, access: int) -> tuple[int, int]:
        """The frame of zeros, shared; or one for a store, and for what is no zeros or is shared."""
        if self.owns(access) or (region.area and region.area.backing):
            return first_frame(kernel, region, va), region.rights
        kernel.kmem.share(kernel.zero_frame)
        return kernel.zero_frame, region.rights & ~_W

    def owns(self, access: int) -> bool:
        """For a store."""
        return access == _W


class ShareZeros:
    """A child gets copies, but of the page of zeros: that it has, too."""

    def fork(self, kernel: MemoryState, old: AddressSpace, new: AddressSpace) -> bool:
        """Copies what has a frame of its own."""
        return uvmcopyspace(kernel, old, new, share=lambda frame: frame == kernel.zero_frame)
