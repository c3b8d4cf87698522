"""Replacing a process's program."""

from collections.abc import Sequence
from struct import pack

from hdl.arch import PAGE_SIZE, Pte, page_round_down, page_round_up
from kernel_model.calls.elf import ExecError, Segment, read_elf
from kernel_model.calls.state import KernelState
from kernel_model.facts.costs import Step
from kernel_model.facts.memlayout import TRAPFRAME
from kernel_model.facts.param import MAXARG, USERSTACK
from kernel_model.fs.mapped import dropareas
from kernel_model.mm.pagetable import walkaddr
from kernel_model.mm.regions import Owner, Regions
from kernel_model.mm.space import AddressSpace
from kernel_model.mm.vm import uvmalloc, uvmclear
from kernel_model.proc.proc import proc_freepagetable, proc_pagetable
from kernel_model.proc.state import Proc

__all__ = ["ExecError", "kexec"]


def kexec(kernel: KernelState, proc: Proc, elf: bytes, argv: list[bytes], path: bytes) -> int:
    """Make `proc` run the program `elf`, which was found at `path`; return the number of arguments.

    Raises ExecError if that cannot be; then the old program is intact and no frame is lost.
    """
    image = read_elf(elf)
    kernel.charge(Step.EXEC)
    kernel.charge(Step.BLOCK, 1 + image.headers)
    _check_room(kernel, image.segments)
    space = _space(kernel, proc, image.segments)
    try:
        for segment in image.segments:
            _load(kernel, space, segment)
        _map_stack(kernel, space)
        sp = _push_arguments(kernel, space, argv)
    except ExecError:
        proc_freepagetable(kernel, space.root, space.size)
        raise
    dropareas(kernel, proc.space)
    proc_freepagetable(kernel, proc.space.root, proc.space.size)
    space.most = max(space.most, proc.space.most)
    proc.space = space
    proc.abi = kernel.abi or image.abi or proc.abi
    proc.name = path.rpartition(b"/")[2].decode(errors="replace")
    proc.trapframe.sepc = image.entry
    proc.trapframe.sp = sp
    proc.trapframe.a1 = sp
    kernel.wrote_code = True
    return len(argv)


def _space(kernel: KernelState, proc: Proc, segments: Sequence[Segment]) -> AddressSpace:
    """An address space with the regions of the segments, the guard page and the stack."""
    regions = _regions(segments, kernel.stack_pages)
    if regions.end > TRAPFRAME:
        raise ExecError(f"a stack of {kernel.stack_pages:,} pages reaches past {TRAPFRAME:#x}")
    root = proc_pagetable(kernel, proc.trapframe)
    if root == 0:
        raise ExecError("no frame left for the page table")
    return AddressSpace(root, regions.end, regions)


def _check_room(kernel: KernelState, segments: Sequence[Segment]) -> None:
    """Refuse at once what RAM has no room for: segments may overlap, and be long, many times."""
    pages = sum((segment.end - segment.vaddr) // PAGE_SIZE for segment in segments)
    if pages > kernel.memory.size // PAGE_SIZE:
        raise ExecError(f"no frame left: the segments have {pages} pages, more than all of RAM")


def _regions(segments: Sequence[Segment], stack_pages: int) -> Regions:
    """Whose the pages are, as xv6's `exec` makes them (kernel/exec.c).

    Each segment owns what lies between the end of those before it and its own end. So it owns what
    is below it and in no segment, too, and nothing that an earlier one owns. The order is that of
    the addresses, as ELF wants it of the file: xv6 takes the file's.
    """
    regions = Regions()
    for segment in sorted(segments, key=lambda segment: segment.vaddr):
        regions = regions.grown(segment.end, segment.perm, Owner.SEGMENT)
    regions = regions.grown(regions.end + PAGE_SIZE, 0, Owner.GUARD)
    top = regions.end + stack_pages * PAGE_SIZE
    return regions.grown(top, int(Pte.R | Pte.W), Owner.STACK)


def _load(kernel: KernelState, space: AddressSpace, segment: Segment) -> None:
    """Map the segment's pages that are not yet, and fill them all."""
    if not kernel.policy.exec(kernel, space, segment.vaddr, segment.end):
        raise ExecError(f"no frame left for the segment at {segment.vaddr:#x}")
    _store(kernel, space, segment.vaddr, segment.data)


def _map_stack(kernel: KernelState, space: AddressSpace) -> None:
    """Map the top of the stack, which is at the end, and the guard page below all of it."""
    guard = space.size - (1 + kernel.stack_pages) * PAGE_SIZE
    top = space.size - USERSTACK * PAGE_SIZE
    for start, end in ((guard, guard + PAGE_SIZE), (top, space.size)):
        if uvmalloc(kernel, space.root, start, end, Pte.R | Pte.W | Pte.U) == 0:
            raise ExecError("no frame left for the stack")
    uvmclear(kernel, space.root, guard)
    space.reside(1 + USERSTACK)


def _push_arguments(kernel: KernelState, space: AddressSpace, argv: list[bytes]) -> int:
    """Push the strings of `argv`, then the array of their addresses; return the stack pointer."""
    if len(argv) >= MAXARG:
        raise ExecError(f"{len(argv)} arguments, more than {MAXARG - 1}")
    room = USERSTACK * PAGE_SIZE
    sp = top = space.size
    pushed = []
    for argument in argv:
        sp -= len(argument) + 1
        sp -= sp % 16  # the ABI's alignment of sp
        pushed.append((sp, argument + b"\0"))
    array = pack(f"<{len(argv) + 1}Q", *(va for va, _ in pushed), 0)
    sp -= len(array)
    sp -= sp % 16
    if sp < top - room:
        raise ExecError(f"the arguments need more than the stack's {room} bytes")
    for va, data in [*pushed, (sp, array)]:
        _store(kernel, space, va, data)
    return sp


def _store(kernel: KernelState, space: AddressSpace, va: int, data: bytes) -> None:
    """Store `data` at `va` of an address space under construction, whatever the page permits."""
    done = 0
    kernel.charge(Step.COPY, (len(data) + 7) // 8)
    while done < len(data):
        chunk = min(len(data) - done, page_round_up(va + 1) - va)
        pa = walkaddr(kernel, space.root, va) + va - page_round_down(va)
        kernel.memory.write(pa, data[done : done + chunk])
        done += chunk
        va += chunk
