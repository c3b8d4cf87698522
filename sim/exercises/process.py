"""A process under the real kernel model, without a hart: its system calls and its accesses."""

from collections.abc import Sequence
from dataclasses import dataclass
from struct import pack

from hdl.arch import (
    LEVELS,
    PAGE_BITS,
    PAGE_SIZE,
    PTE_SIZE,
    PTES_PER_PAGE,
    VPN_BITS,
    Cause,
    Pte,
    pte_to_pa,
)
from kernel_model.facts.abi import Abi, Syscall
from kernel_model.facts.doorbell import Reason
from kernel_model.facts.memlayout import KERNBASE
from kernel_model.kernel import Kernel
from kernel_model.mm.pagetable import lookup
from kernel_model.mm.served import Decision, FaultOutcome
from kernel_model.mm.space import AddressSpace
from kernel_model.proc.trapframe import SSTATUS_USER, TrapFrame
from sim.exercises.mmu import Access, Answer, Context, answers
from sim.platform.devices.captured import Captured
from sim.platform.ram import Ram

__all__ = ["MEMORY_MIB", "Killed", "Process", "Program", "Touched"]

#: RAM of the machine that it is about.
MEMORY_MIB = 4
_R, _W, _X = 4, 2, 1  # p_flags
_FREE_FRAMES = 3  # that are named: a page, and its tables at most


class Killed(Exception):
    """The process is gone."""


@dataclass(frozen=True)
class Program:
    """What the process runs: pages of text, from address 0, and of data behind them."""

    text_pages: int = 1
    data_pages: int = 1

    def elf(self, code: bytes = b"\x73\x00\x00\x00") -> bytes:
        """It as a file, with `code` at its beginning."""
        text, data = self.text_pages * PAGE_SIZE, self.data_pages * PAGE_SIZE
        segments = [(0, text, code, _R | _X), (text, data, b"", _R | _W)]
        segments = [each for each in segments if each[1]]
        start = 64 + 56 * len(segments)
        header = b"\x7fELF" + bytes([2, 1, 1]) + bytes(9)
        header += pack("<HHIQQQIHHHHHH", 2, 243, 1, 0, 64, 0, 1, 64, 56, len(segments), 64, 0, 0)
        for va, size, content, flags in segments:
            header += pack("<IIQQQQQQ", 1, flags, start, va, va, len(content), size, PAGE_SIZE)
        return header + code


@dataclass(frozen=True)
class Touched:
    """An access of the process: by which page table, and what came of it.

    `outcome` is what the kernel did about its page fault, if there was one.
    """

    access: Access
    memory: dict[int, int]
    answer: Answer
    outcome: FaultOutcome | None


class Process:
    """The first process, which has just started.

    `svadu` says that the hart updates A and D bits; else the kernel sets them.
    """

    def __init__(self, program: Program, *, svadu: bool = False):
        self._ram = Ram(KERNBASE, MEMORY_MIB << 20)
        self._svadu = svadu
        # No hart runs it, so that it needs no trampoline.
        self._kernel = Kernel(self._ram, b"", Captured(), svadu=svadu, abi=Abi.LAB.value)
        self._kernel.exec(program.elf(), ["program"])
        self._kernel.ring(Reason.BOOT)
        # It runs, so that its first page has been fetched from.
        self.touch(Access("the instruction", "fetch", 0, self.context, 4))

    @property
    def space(self) -> AddressSpace:
        """Its address space. Raises Killed."""
        if self._kernel.proc is None:
            raise Killed
        return self._kernel.proc.space

    @property
    def context(self) -> Context:
        """The state that its accesses are subject to."""
        return Context(self.space.root, adue=self._svadu)

    @property
    def free_frames(self) -> Sequence[int]:
        """The frames that the kernel takes next."""
        kmem = self._kernel.kmem
        frames = [kmem.kalloc() for _ in range(_FREE_FRAMES)]
        for frame in reversed(frames):
            kmem.kfree(frame)
        return frames

    @property
    def heap_frames(self) -> int:
        """Pages of the heap that have a frame."""
        space = self.space
        pages = range(space.regions.heap, space.regions.end, PAGE_SIZE)
        return sum(bool(lookup(self._ram, space.root, va)[0] & Pte.V) for va in pages)

    def sbrk(self, n: int) -> int:
        """The system call; returns the old size, or -1."""
        frame = self._frame()
        frame.a0, frame.a7 = n % (1 << 64), Syscall.SBRK
        self._trap(Cause.ECALL_U, 0)
        result = frame.a0
        return result - (result >> 63 << 64)

    def touch(self, access: Access) -> Touched:
        """Makes the access once, and again behind its page fault, as a process does."""
        memory = self.tables(access.va)
        ((_, answer),) = answers(memory, [access])
        outcome = None
        if answer.cause is not None:
            self._trap(answer.cause, answer.stval)
            (fault,) = self._kernel.take_faults()
            outcome = fault.outcome
            if outcome.decision is Decision.MAPPED:
                answers_now = answers(self.tables(access.va), [access])
                self._keep(answers_now[0][1])
        self._keep(answer)
        return Touched(access, memory, answer, outcome)

    def tables(self, va: int) -> dict[int, int]:
        """The entries that are not 0 in the page tables on the way to `va`."""
        entries: dict[int, int] = {}
        table = self.space.root
        for level in range(LEVELS - 1, -1, -1):
            for index in range(PTES_PER_PAGE):
                address = table + PTE_SIZE * index
                if pte := self._ram.read_u64(address):
                    entries[address] = pte
            index = va >> PAGE_BITS + VPN_BITS * level & PTES_PER_PAGE - 1
            pte = entries.get(table + PTE_SIZE * index, 0)
            if not pte & Pte.V:
                break
            table = pte_to_pa(pte)
        return entries

    def _keep(self, answer: Answer) -> None:
        """Memory has the A and D bits that the hart has set."""
        if answer.written is not None:
            self._ram.write_u64(answer.written.address, answer.written.value)

    def _frame(self) -> TrapFrame:
        if self._kernel.proc is None:
            raise Killed
        return self._kernel.proc.trapframe

    def _trap(self, cause: Cause, stval: int) -> None:
        frame = self._frame()
        frame.scause, frame.stval, frame.sstatus = int(cause), stval, SSTATUS_USER
        self._kernel.ring(Reason.USER_TRAP)
