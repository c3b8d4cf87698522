"""Random programs for both kernels: what `actor.c` is to do.

An operation is a number, that of a system call or one of `Special`, and three arguments. Nothing
in a script waits for ever, reads the clock, or comes so close to the end of memory that it matters
how much of that a kernel needs for itself.
"""

from dataclasses import dataclass
from enum import IntEnum
from functools import cache
from pathlib import Path
from random import Random
from struct import pack

from elftools.elf.elffile import ELFFile

from hdl.arch import PAGE_SIZE, page_round_up
from kernel_model.facts.abi import Syscall
from kernel_model.facts.memlayout import KERNBASE, MAXVA, TRAMPOLINE, TRAPFRAME
from sim.host.programs import build_user

__all__ = ["Operation", "Special", "actor", "encoded", "make"]

#: Operations of a script at most; `actor.c` has room for no more.
LONGEST = 40
_MASK = (1 << 64) - 1
_PATHS = 20
#: What the kernel in C lacks.
_LABS = {call for call in Syscall if call >= Syscall.PGACCESS}
#: What scripts are made of, the usual ones more often.
_CALLS = [
    *(call for call in Syscall if call is not Syscall.EXIT and call not in _LABS),
    *[Syscall.FORK, Syscall.SBRK, Syscall.OPEN] * 2,
    *[Syscall.READ, Syscall.WRITE] * 3,
]
_OPENED = [0x000, 0x001, 0x002, 0x200, 0x201, 0x202, 0x402, 0x601, 0x602, 0x003]


class Special(IntEnum):
    """What an operation is if no system call."""

    LOAD = 101
    STORE = 102
    JUMP = 103
    TRANSFER = 104
    SUM = 105


_ACCESSES = [Special.LOAD, Special.STORE, Special.STORE, Special.TRANSFER, Special.SUM]


@dataclass(frozen=True)
class Operation:
    """A system call, or a `Special`, with its arguments."""

    number: int
    arguments: tuple[int, ...] = ()

    def __str__(self):
        name = next((e.name for kind in (Syscall, Special) for e in kind if e == self.number), "")
        arguments = ", ".join(hex(argument) for argument in self.arguments)
        return f"{name.lower() or self.number}({arguments})"


def encoded(script: list[Operation]) -> bytes:
    """The file from which `actor` reads it."""
    return b"".join(
        pack("<4Q", *(value & _MASK for value in (op.number, *op.arguments, 0, 0, 0)[:4]))
        for op in script
    )


def actor() -> Path:
    """The ELF that does what scripts say."""
    return build_user(Path(__file__).parent / "actor.c")


def make(random: Random) -> list[Operation]:
    """A random script. It begins with a heap, so that there is something to touch.

    A large one has 2 MiB or more, aligned, and ends just behind them.
    """
    large = (random.choice([4, 6]) << 20) - _size() + PAGE_SIZE
    pages = random.choice([2, 5, 16, large // PAGE_SIZE])
    writer = _Writer(random, pages)
    script = [Operation(Syscall.SBRK, (pages * PAGE_SIZE,))]
    return script + [writer.operation() for _ in range(random.randrange(5, LONGEST))]


@cache
def _symbol(name: str) -> int:
    """Where something of the actor's is."""
    with actor().open("rb") as file:
        (symbol,) = ELFFile(file).get_section_by_name(".symtab").get_symbol_by_name(name)
    return symbol["st_value"]


@cache
def _size() -> int:
    """The actor's size when it starts: its segments, a guard page, and a page of stack."""
    with actor().open("rb") as file:
        end = max(each["p_vaddr"] + each["p_memsz"] for each in ELFFile(file).iter_segments())
    return page_round_up(end) + 2 * PAGE_SIZE


class _Writer:
    """Makes operations up, for a process whose heap has so many pages at first."""

    def __init__(self, random: Random, pages: int):
        self._random, self._pages = random, pages

    def operation(self) -> Operation:
        """One of any kind; what is likely to be the process's last one is rare."""
        random = self._random
        if random.random() < 0.4:
            return self._access()
        number = random.choice([*_CALLS, Syscall.EXIT] if random.random() < 0.2 else _CALLS)
        return Operation(number, self._arguments(number))

    def _access(self) -> Operation:
        """A load, a store or a jump, which may kill; or bytes that go through a pipe."""
        random = self._random
        kind = Special.JUMP if random.random() < 0.05 else random.choice(_ACCESSES)
        wild = 0.2 if kind is Special.TRANSFER else 0.04
        match kind:
            case Special.STORE:
                return Operation(kind, (self._address(wild), random.randrange(256)))
            case Special.JUMP:
                # Into the text would be anywhere, and may not come back.
                return Operation(kind, (self._outside(),))
            case Special.TRANSFER:
                ends = self._address(wild), self._address(wild)
                return Operation(kind, (*ends, random.randrange(513)))
            case Special.SUM:
                return Operation(kind, (self._address(wild), random.choice([1, 64, 5000])))
        return Operation(kind, (self._address(wild),))

    def _arguments(self, number: Syscall) -> tuple[int, ...]:
        random = self._random
        descriptor = random.choice([0, 0, 1, 3, 3, 3, 4, 4, 5, random.randrange(-1, 18)])
        count = random.choice([0, 1, 14, 100, 1024, 5000, random.randrange(4000), -1])
        match number:
            case Syscall.FORK:
                return (random.randrange(1, 12),)
            case Syscall.EXIT | Syscall.SLEEP:
                return (random.choice([0, 1, 2, -1]),)
            case Syscall.WAIT | Syscall.PIPE:
                return (self._address(),)
            case Syscall.READ:
                return descriptor, self._address(), count
            case Syscall.WRITE:
                # Not the console with all that is in memory, which would be read by people.
                return max(descriptor, 3), self._address(), count
            case Syscall.KILL:
                return (random.choice([0, -1, 1, 2, 12345]),)
            case Syscall.EXEC:
                return self._path(), random.choice([_symbol("arguments")] * 3 + [self._address()])
            case Syscall.FSTAT:
                return descriptor, self._address()
            case Syscall.DUP | Syscall.CLOSE:
                return (descriptor,)
            case Syscall.SBRK:
                return (random.choice([0, 1, 100, 3 * PAGE_SIZE, -1, -PAGE_SIZE, -5000, 1 << 28]),)
            case Syscall.OPEN:
                return self._path(), random.choice(_OPENED)
            case Syscall.MKNOD:
                return self._path(), random.choice([0, 2, 3, 10, -1]), random.randrange(3)
            case Syscall.LINK:
                return self._path(), self._path()
            case Syscall.CHDIR | Syscall.UNLINK | Syscall.MKDIR:
                return (self._path(),)
        return ()

    def _path(self) -> int:
        if self._random.random() < 0.1:
            return self._address()
        return _symbol("paths") + 32 * self._random.randrange(_PATHS)

    def _address(self, wild: float = 0.2) -> int:
        """Somewhere in the heap or in the actor's buffer, or else where nothing may be."""
        random = self._random
        if random.random() < wild:
            return self._outside()
        start, pages = random.choice([(_size(), self._pages), (_symbol("buffer"), 2)])
        page, offset = random.randrange(pages), random.choice([0, 1, 8, -1, -4, -100, 100, 2000])
        return max(start, start + page * PAGE_SIZE + offset)

    def _outside(self) -> int:
        random = self._random
        guard = _size() - 2 * PAGE_SIZE
        return random.choice(
            [guard, guard + 8, _size() + (1 << 30), TRAPFRAME, TRAPFRAME + 0x70, TRAMPOLINE,
             MAXVA, MAXVA - 4, 1 << 38, 1 << 63, _MASK, _MASK - 7, KERNBASE, KERNBASE + 0x1000,
             0x1000_0000, 0x0C00_0000, 0x0200_0000, 0x0010_0000]
        )  # fmt: skip
