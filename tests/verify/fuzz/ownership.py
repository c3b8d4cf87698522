"""Who owns which frame, read from the page tables in memory and not from the kernel's books."""

from dataclasses import dataclass
from struct import Struct

from hdl.arch import PAGE_SIZE, Pte, page_round_up, pte_to_pa
from kernel_model.facts.memlayout import TRAMPOLINE, TRAPFRAME
from tests.verify.fuzz.guard import Misbehaved

__all__ = ["AddressSpace", "audit", "frames_written_by", "kernel_frames", "page_tables"]

_TABLE = Struct("<512Q")
_V, _W, _U, _X, _R = (int(bit) for bit in (Pte.V, Pte.W, Pte.U, Pte.X, Pte.R))
_RWX = _R | _W | _X


@dataclass
class AddressSpace:
    """What a page table maps: its own pages, and the leaf entry of each virtual address."""

    tables: list[int]
    leaves: dict[int, int]


def address_space(memory, root: int) -> AddressSpace:
    """Reads the page table at `root`; fails if it is no tree of pages of 4 KiB in RAM."""
    space = AddressSpace([], {})
    _read(memory, root, 2, 0, space)
    return space


def _read(memory, table, level, base, space):
    if not memory.base <= table < memory.base + memory.size:
        raise Misbehaved(f"a page table at {table:#x}, which is not RAM")
    space.tables.append(table)
    for index, pte in enumerate(_TABLE.unpack(memory.read(table, PAGE_SIZE))):
        if not pte & _V:
            continue
        va = base + (index << 12 + 9 * level)
        if pte & _RWX and level == 0:
            space.leaves[va] = pte
        elif pte & _RWX or level == 0:
            raise Misbehaved(f"the entry {pte:#x} for {va:#x} at level {level}")
        else:
            _read(memory, pte_to_pa(pte), level - 1, va, space)


def page_tables(memory, root: int) -> set[int]:
    """The frames of the page table at `root`, which may map pages of any size."""
    found, reached = set(), [(root, 2)]
    while reached:
        table, level = reached.pop()
        found.add(table)
        for pte in _TABLE.unpack(memory.read(table, PAGE_SIZE)):
            if level and pte & _V and not pte & _RWX:
                reached.append((pte_to_pa(pte), level - 1))
    return found


def kernel_frames(kernel) -> list[int]:
    """The frames that the kernel took for itself when it started: the first ones of RAM."""
    return [kernel.memory.base + PAGE_SIZE * index for index in range(kernel.own_frames)]


def audit(kernel) -> None:
    """Fails unless each frame in use has exactly one owner, and each process sees only its own."""
    owners = dict.fromkeys(kernel_frames(kernel), "the kernel")

    def claim(frame, owner):
        if frame in owners:
            raise Misbehaved(f"frame {frame:#x} belongs to {owners[frame]} and to {owner}")
        owners[frame] = owner

    for proc in kernel.procs[1:]:
        space = address_space(kernel.memory, proc.pagetable)
        for table in space.tables:
            claim(table, f"the page table of {proc.pid}")
        claim(proc.trapframe.pa, f"the trap frame of {proc.pid}")
        for va, frame in _user_pages(kernel, proc, space).items():
            claim(frame, f"{va:#x} of {proc.pid}")
    for pipe in _pipes(kernel):
        claim(pipe.frame, "a pipe")
    taken = kernel.kmem._taken
    if taken != owners.keys():
        lost = sorted(taken - owners.keys())
        stray = sorted(owners.keys() - taken)
        raise Misbehaved(f"frames in use without an owner {lost}, owned but free {stray}")


def _pipes(kernel):
    """The pipes that a process has open, at either end."""
    files = [file for proc in kernel.procs for file in proc.ofile if file and file.pipe]
    return {id(file.pipe): file.pipe for file in files}.values()


def _user_pages(kernel, proc, space):
    """The frames that are the process's own, by address; the leaves must be as they should."""
    leaves = dict(space.leaves)
    flags = _RWX | _U
    for va, frame, rights in (
        (TRAMPOLINE, kernel.trampoline, _R | _X),
        (TRAPFRAME, proc.trapframe.pa, _R | _W),
    ):
        pte = leaves.pop(va, 0)
        if pte_to_pa(pte) != frame or pte & flags != rights:
            raise Misbehaved(f"the entry {pte:#x} of {proc.pid} for {va:#x}")
    for va, pte in leaves.items():
        if va >= page_round_up(proc.sz):
            raise Misbehaved(f"{proc.pid} of {proc.sz:#x} bytes has a page at {va:#x}")
        region = proc.space.regions.at(va)
        rights = region.rights | _U if region.rights else _R | _W  # those of the guard page
        if pte & flags != rights:
            raise Misbehaved(f"the entry {pte:#x} of {proc.pid} for {va:#x}, in {region}")
    return {va: pte_to_pa(pte) for va, pte in leaves.items()}


def frames_written_by(kernel, proc) -> set[int]:
    """The frames that may change while `proc` runs in user mode: its pages and its trap frame."""
    space = address_space(kernel.memory, proc.pagetable)
    pages = {pte_to_pa(pte) for pte in space.leaves.values() if pte & (_U | _W) == _U | _W}
    return pages | {proc.trapframe.pa}
