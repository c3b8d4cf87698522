"""System calls that put files into memory, and memory that is shared: those of the mmap lab.

Each returns the value for `a0`, -1 if it fails, and then nothing has changed.
"""

from hdl.arch import PAGE_SIZE, Pte, page_round_up
from kernel_model.calls.args import argaddr, argint
from kernel_model.calls.state import KernelState
from kernel_model.calls.sysfile import argfd
from kernel_model.calls.sysmem import pages_of
from kernel_model.facts.abi import (
    MAP_ANONYMOUS,
    MAP_PRIVATE,
    MAP_SHARED,
    PROT_EXEC,
    PROT_READ,
    PROT_WRITE,
)
from kernel_model.facts.memlayout import MAXVA
from kernel_model.facts.param import NAREA
from kernel_model.fs.file import fileclose, filedup
from kernel_model.fs.mapped import unmapareas
from kernel_model.fs.state import File, FileType
from kernel_model.mm.areas import add_backing, drop_part, make_area
from kernel_model.mm.regions import Area, Region
from kernel_model.proc.state import Proc

__all__ = ["sys_mmap", "sys_munmap"]

#: The rights that the values of `prot` give: what may be written or executed may be read, too, and
#: nothing is both. The numbers of `prot` are not those of an entry.
_RIGHTS = {
    PROT_READ: int(Pte.R),
    PROT_WRITE: int(Pte.R | Pte.W),
    PROT_READ | PROT_WRITE: int(Pte.R | Pte.W),
    PROT_EXEC: int(Pte.R | Pte.X),
    PROT_READ | PROT_EXEC: int(Pte.R | Pte.X),
}
#: A place in a file is a signed number.
_MOST_OFFSET = 1 << 63
#: The values of `flags`: whether the area is shared, and whether it has a file.
_KINDS = {
    MAP_SHARED: (True, True),
    MAP_PRIVATE: (False, True),
    MAP_SHARED | MAP_ANONYMOUS: (True, False),
    MAP_PRIVATE | MAP_ANONYMOUS: (False, False),
}


def sys_mmap(kernel: KernelState, proc: Proc) -> int:
    """mmap(0, length, prot, flags, fd, offset): the address of a new area."""
    length, offset = argaddr(proc, 1), argaddr(proc, 5)
    rights, kind = _RIGHTS.get(argint(proc, 2)), _KINDS.get(argint(proc, 3))
    if argaddr(proc, 0) or rights is None or kind is None:
        return -1
    if not 0 < length <= MAXVA or offset % PAGE_SIZE or offset >= _MOST_OFFSET:
        return -1
    shared, of_file = kind
    file = _mappable(proc, rights, shared) if of_file else None
    if (of_file and file is None) or len(proc.space.regions.areas) == NAREA:
        return -1
    ip = file.ip if file else None
    what = Area(0, shared, ip.inum if ip else 0, -offset if file else 0)
    region = make_area(proc.space, page_round_up(length), rights, what)
    return -1 if region is None else _map(kernel, proc, region, file)


def _mappable(proc: Proc, rights: int, shared: bool) -> File | None:
    """The file that the call names; None if none, or one that cannot be mapped so."""
    found = argfd(proc, 4)
    file = found[1] if found else None
    if file is None or file.ip is None or file.ip.type is not FileType.FILE or not file.readable:
        return None
    return None if shared and rights & Pte.W and not file.writable else file


def _map(kernel: KernelState, proc: Proc, region: Region, file: File | None) -> int:
    """Give the process the area, if the policy allows it; its address."""
    if file or (region.area and region.area.shared):
        region = add_backing(kernel, region, filedup(file) if file else None)
    if kernel.policy.map(kernel, proc.space, region):
        proc.space.regions = proc.space.regions.with_area(region)
        kernel.areas.promised = max(kernel.areas.promised, proc.space.area_pages)
        return region.start
    drop_part(kernel, region, region.start, region.end)
    if file:
        fileclose(kernel, file)
    return -1


def sys_munmap(kernel: KernelState, proc: Proc) -> int:
    """munmap(va, length): the pages are in areas, and are not any more."""
    pages, regions = pages_of(proc), proc.space.regions
    if pages is None or pages[0] == pages[1] or pages[0] < regions.end:
        return -1
    if not regions.cover(*pages) or len(regions.without(*pages).areas) > NAREA:
        return -1
    unmapareas(kernel, proc.space, *pages)
    return 0
