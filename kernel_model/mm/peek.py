"""Looking at a process's memory from outside: nothing is changed by it, and nothing charged."""

from collections.abc import Iterator, Mapping
from struct import Struct
from types import MappingProxyType
from typing import TYPE_CHECKING

from hdl.arch import LEVELS, PAGE_SIZE, PTE_SIZE, PTES_PER_PAGE, Pte, page_round_down, pte_to_pa
from kernel_model.facts.memlayout import MAXVA
from kernel_model.mm.memory import AccessFault, PhysicalMemory, is_memory
from kernel_model.mm.pagetable import frame_of, lookup
from kernel_model.mm.space import AddressSpace

if TYPE_CHECKING:
    from kernel_model.mm.areas import Backing

__all__ = ["flag_letters", "mapped", "peek", "vmprint"]

_RWX = Pte.R | Pte.W | Pte.X
_USER_READ = Pte.V | Pte.U | Pte.R
_TABLE = Struct(f"<{PTES_PER_PAGE}Q")


def vmprint(memory: PhysicalMemory, root: int, letters: bool = True) -> Iterator[str]:
    """The page table as xv6 prints it: a line for every valid entry, indented by its level.

    Behind each stand its flags, as letters; without `letters` it is the lab's format.
    """
    yield f"page table {root:#018x}"
    for line, pte in _entries(memory, root, 0, LEVELS - 1):
        yield f"{line} {flag_letters(pte)}" if letters else line


def _entries(
    memory: PhysicalMemory, table: int, start: int, level: int
) -> Iterator[tuple[str, int]]:
    """The line of each valid entry, and the entry."""
    for index in range(PTES_PER_PAGE):
        pte = memory.read_u64(table + PTE_SIZE * index)
        if pte & Pte.V == 0:
            continue
        va = start + index * PAGE_SIZE * PTES_PER_PAGE**level
        pa = pte_to_pa(pte)
        where = f"{' ..' * (LEVELS - level)}{va:#018x}"
        yield f"{where}: pte {pte:#018x} pa {pa:#018x}", pte
        if pte & _RWX == 0 and level > 0 and is_memory(memory, pa, PAGE_SIZE):
            yield from _entries(memory, pa, va, level - 1)


def mapped(
    memory: PhysicalMemory, root: int, end: int, level: int = LEVELS - 1
) -> Iterator[tuple[int, int, int]]:
    """The (va, entry, bytes) of each page that is mapped below `end`, by address.

    `root` is a page table of `level` whose first entry is for address 0.
    """
    span = PAGE_SIZE * PTES_PER_PAGE**level
    table = _TABLE.unpack(memory.read(root, PAGE_SIZE))
    for index, pte in enumerate(table[: -(-end // span)]):
        if pte & Pte.V == 0:
            continue
        va = index * span
        if pte & _RWX:
            yield va, pte, span
        elif level > 0 and is_memory(memory, pte_to_pa(pte), PAGE_SIZE):
            for inner, leaf, size in mapped(memory, pte_to_pa(pte), end - va, level - 1):
                yield va + inner, leaf, size


def flag_letters(pte: int) -> str:
    """The flags of an entry as letters, D first; `-` for one that is 0."""
    return "".join(bit.name if pte & bit else "-" for bit in reversed(Pte))


def peek(
    memory: PhysicalMemory,
    space: AddressSpace,
    va: int,
    n: int,
    backings: "Mapping[int, Backing]" = MappingProxyType({}),
) -> bytes | None:
    """The `n` bytes at `va` as a system call would find them there; None if it cannot.

    Pages that were never touched stay untouched: they are zeros, or what the `backings` of areas
    have there.
    """
    parts = []
    while n > 0:
        if va >= MAXVA:
            return None
        try:
            part = _peek_page(memory, space, va, n, backings)
        except AccessFault:
            return None
        if part is None:
            return None
        parts.append(part)
        va += len(part)
        n -= len(part)
    return b"".join(parts)


def _peek_page(
    memory: PhysicalMemory,
    space: AddressSpace,
    va: int,
    n: int,
    backings: "Mapping[int, Backing]",
) -> bytes | None:
    """As `peek`, but of the `n` bytes only those in the page of `va`."""
    offset = va % PAGE_SIZE
    chunk = min(n, PAGE_SIZE - offset)
    pte, level = lookup(memory, space.root, va)
    if pte & _USER_READ == _USER_READ:
        return memory.read(frame_of(pte, level, va) + offset, chunk)
    if pte & Pte.V == 0 and _readable(space, va):
        return _untouched(memory, space, va, backings)[offset : offset + chunk]
    return None


def _readable(space: AddressSpace, va: int) -> bool:
    """A page that was never touched could be read at `va`."""
    region = space.region(va)
    return region is not None and bool(region.rights & Pte.R)


def _untouched(
    memory: PhysicalMemory, space: AddressSpace, va: int, backings: "Mapping[int, Backing]"
) -> bytes:
    """What the first touch of the page of `va` would bring."""
    region = space.region(va)
    area = region.area if region else None
    backing = backings.get(area.backing) if area else None
    if area is None or backing is None:
        return bytes(PAGE_SIZE)
    place = page_round_down(va) - area.base
    if place in backing.frames:
        return memory.read(backing.frames[place], PAGE_SIZE)
    ip = backing.file.ip if backing.file else None
    return bytes(ip.data[place : place + PAGE_SIZE] if ip else b"").ljust(PAGE_SIZE, b"\0")
