"""Looking at a process from outside: nothing is changed by it, and nothing charged."""

from collections.abc import Iterator

from hdl.arch import LEVELS, PAGE_SIZE, PTE_SIZE, PTES_PER_PAGE, Pte, pte_to_pa, vpn
from kernel_model.facts.memlayout import MAXVA
from kernel_model.mm.memory import PhysicalMemory
from kernel_model.proc.proc import Proc

__all__ = ["peek", "vmprint"]

_RWX = Pte.R | Pte.W | Pte.X
_USER_READ = Pte.V | Pte.U | Pte.R


def vmprint(memory: PhysicalMemory, root: int) -> Iterator[str]:
    """The page table as xv6 prints it: a line for every valid entry, indented by its level."""
    yield f"page table {root:#018x}"
    yield from _entries(memory, root, 0, LEVELS - 1)


def _entries(memory, table, start, level):
    for index in range(PTES_PER_PAGE):
        pte = memory.read_u64(table + PTE_SIZE * index)
        if pte & Pte.V == 0:
            continue
        va = start + index * PAGE_SIZE * PTES_PER_PAGE**level
        pa = pte_to_pa(pte)
        yield f"{' ..' * (LEVELS - level)}{va:#018x}: pte {pte:#018x} pa {pa:#018x}"
        if pte & _RWX == 0 and level > 0:
            yield from _entries(memory, pa, va, level - 1)


def peek(memory: PhysicalMemory, proc: Proc, va: int, n: int) -> bytes | None:
    """The `n` bytes at `va` of the process as a system call would find them; None if it cannot.

    Pages that were never touched are zeros, and stay untouched.
    """
    parts = []
    while n > 0:
        offset = va % PAGE_SIZE
        chunk = min(n, PAGE_SIZE - offset)
        pte = _pte(memory, proc.pagetable, va)
        if pte & _USER_READ == _USER_READ:
            parts.append(memory.read(pte_to_pa(pte) + offset, chunk))
        elif pte & Pte.V == 0 and va < proc.sz and proc.regions.at(va).rights & Pte.R:
            parts.append(bytes(chunk))
        else:
            return None
        va += chunk
        n -= chunk
    return b"".join(parts)


def _pte(memory, table, va):
    """The entry of the page at `va`; 0 if there is none."""
    if va >= MAXVA:
        return 0
    for level in range(LEVELS - 1, 0, -1):
        pte = memory.read_u64(table + PTE_SIZE * vpn(va, level))
        if pte & Pte.V == 0:
            return 0
        table = pte_to_pa(pte)
    return memory.read_u64(table + PTE_SIZE * vpn(va, 0))
