"""Whether the TLBs agree with page tables where no fence is owed any more, for `--check`.

Whoever changes a page table, or takes up another one, has to execute SFENCE.VMA before an address
is translated by it (privileged architecture, Supervisor Memory-Management Fence Instruction). The
trampoline does so on each way into the kernel, before it rings, and on each way out, before user
mode. So there are two moments in which every entry has to be right: when the kernel has been rung,
and when user mode has been entered.
"""

from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

from hdl.arch import MAXVA_BITS, PAGE_BITS, Priv, Pte, make_pte
from kernel_model.facts.doorbell import Action, Register
from kernel_model.facts.memlayout import MAXVA
from kernel_model.facts.panic import KernelPanic
from kernel_model.kernel import Kernel
from kernel_model.mm.pagetable import SPAN, lookup
from sim.machine import Machine

__all__ = ["TlbCheck"]

#: Cycles after which is looked again whether user mode has been entered.
_STEP = 32
_PPN, _MODE = (1 << 44) - 1, 60
#: Bits that a hart may set in memory after a TLB has taken the entry up.
_USED = int(Pte.A | Pte.D)


class TlbCheck:
    """Watches `machine`, which was made `traced`, and is one of the checks of `kernel`."""

    def __init__(self, kernel: Kernel, machine: Machine):
        self._kernel, self._machine = kernel, machine
        #: A return to user mode has not been looked at yet.
        self._returns = False
        #: What was wrong there: the kernel is told at its next entry.
        self._found = ""

    def __call__(self) -> None:
        """The kernel has been rung: panics if an entry is stale, now or since the last time."""
        found = self._found or self._stale("when the kernel is entered")
        self._returns = self._kernel.doorbell.registers[Register.ACTION] == Action.RUN
        if found:
            raise KernelPanic(f"check: {found}")

    def next_stop(self, cycle: int) -> int | None:
        """As long as a return is under way, the machine stops now and then."""
        return max(cycle, self._kernel.answered_at) + _STEP if self._returns else None

    def look(self, machine: Machine) -> None:
        """Looks at the first stop in user mode."""
        if self._returns and machine.engine.inspect(("priv",))["priv"] == Priv.U:
            self._returns = False
            self._found = self._stale("in user mode")

    def _stale(self, when: str) -> str:
        """The first entry that is not as the page table in use says, in words; "" if none is."""
        values = self._machine.engine.inspect(self._machine.engine.inspectable)
        satp, memory = values["satp"], self._kernel.memory
        if satp >> _MODE == 0:
            return ""
        root = (satp & _PPN) << PAGE_BITS
        for side, entry in _entries(values):
            there, level = lookup(memory, root, entry.va) if entry.va < MAXVA else (0, 0)
            if level != entry.level or not _agrees(entry.pte, there):
                return (
                    f"{self._whose(root)}, the {side} has {entry.pte:#x} for {entry.va:#x} {when}, "
                    f"where the page table has {there:#x}: no sfence.vma"
                )
        return ""

    def _whose(self, root: int) -> str:
        for proc in self._kernel.procs[1:]:
            if proc.pagetable == root:
                return f"pid {proc.pid} ({proc.name})"
        return "the kernel"


class _Entry(NamedTuple):
    """An entry of a TLB: its first virtual address, its level, and the leaf as in memory."""

    va: int
    level: int
    pte: int


def _agrees(held: int, there: int) -> bool:
    """Whether a TLB may hold the leaf `held` where memory has `there`, which may be used more."""
    return held == there & ~_USED | held & there & _USED


def _entries(values: dict[str, int]) -> Iterator[tuple[str, _Entry]]:
    """The valid entries of both TLBs."""
    for side in ("itlb", "dtlb"):
        valid = values[f"{side}.valid"]
        for number in range(valid.bit_length()):
            if valid >> number & 1:
                yield side, _decoded(values[f"{side}.{number}"])


@lru_cache(maxsize=4096)
def _decoded(bits: int) -> _Entry:
    # Not at the top: a run without `--check` does without Amaranth.
    from hdl.mmu.tlb import TlbEntry

    entry = TlbEntry.from_bits(bits)
    page, span = entry.page, SPAN[entry.page.level]
    flags = sum(int(Pte[name.upper()]) for name in "dagxwru" if getattr(page.flags, name))
    va = (entry.vpn << PAGE_BITS) // span * span
    va |= -(va >> MAXVA_BITS - 1 & 1) << MAXVA_BITS & (1 << 64) - 1
    return _Entry(va, page.level, make_pte(page.ppn << PAGE_BITS, flags | Pte.V))
