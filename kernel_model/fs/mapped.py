"""Files in memory: what areas of `mmap` read from them, and what goes back."""

from hdl.arch import PAGE_SIZE, Pte, pte_to_pa
from kernel_model.facts.costs import Step
from kernel_model.fs.file import MAX_WRITE, fileclose
from kernel_model.fs.inode import readi, writei
from kernel_model.fs.log import end_op, ilock
from kernel_model.fs.state import File, FileState
from kernel_model.mm.areas import is_written_back, unmap_areas
from kernel_model.mm.pagetable import mapped_pages
from kernel_model.mm.space import AddressSpace

__all__ = ["dropareas", "filepage", "filesync", "unmapareas"]

_D = int(Pte.D)


def filepage(kernel: FileState, file: File, offset: int) -> bytes:
    """What the file has in the page at `offset`: fewer bytes at its end, none behind it."""
    kernel.charge(Step.FILE)
    if file.ip is None:
        return b""
    ilock(kernel, file.ip)
    return readi(kernel, file.ip, offset, PAGE_SIZE)


def filesync(kernel: FileState, space: AddressSpace, start: int, end: int) -> None:
    """Write to their files the pages of shared areas from `start` to `end` that were stored to.

    Those are the ones whose D bit is set, and it is set no more then. A file does not grow.
    """
    for region in space.regions.areas:
        area, first, last = region.area, max(region.start, start), min(region.end, end)
        if area is None or first >= last or not is_written_back(region):
            continue
        file = kernel.backings[area.backing].file
        for va, entry, pte in mapped_pages(kernel, space.root, first, last):
            if file and pte & _D:
                _write(kernel, file, va - area.base, pte_to_pa(pte))
                kernel.charge(Step.PTE)
                kernel.memory.write_u64(entry, pte & ~_D)


def _write(kernel: FileState, file: File, offset: int, frame: int) -> None:
    """Write a page to the file, as far as the file goes, in parts as `write` does."""
    ip = file.ip
    if ip is None:
        return
    kernel.charge(Step.FILE)
    data = kernel.memory.read(frame, PAGE_SIZE)[: max(ip.size - offset, 0)]
    kernel.charge(Step.COPY, (len(data) + 7) // 8)
    for done in range(0, len(data), MAX_WRITE):
        ilock(kernel, ip)
        writei(kernel, ip, offset + done, data[done : done + MAX_WRITE])
        end_op(kernel)


def unmapareas(kernel: FileState, space: AddressSpace, start: int, end: int) -> None:
    """Take from a process what areas have from `start` to `end`, multiples of the page size.

    What was stored there goes to the files first; a file of which no area is left is closed.
    """
    filesync(kernel, space, start, end)
    for backing in unmap_areas(kernel, space, start, end):
        if backing.file:
            fileclose(kernel, backing.file)


def dropareas(kernel: FileState, space: AddressSpace) -> None:
    """Take all areas from a process."""
    areas = space.regions.areas
    if areas:
        unmapareas(kernel, space, areas[0].start, areas[-1].end)
