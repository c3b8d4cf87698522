"""What a run is to stop at.

A moment is a cycle in which the machine stands still before that cycle is computed. An instruction
retires in the cycle in which its record is on the retire port: all that it writes is there then,
and nothing of what follows it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

from hdl.arch import INTERRUPT_BIT, PAGE_FAULTS, Cause, Priv
from sim.engines.inspection import Rules
from sim.output.translation import walk
from sim.session import KernelSession

__all__ = [
    "AccessTo",
    "AtCycle",
    "AtPc",
    "Condition",
    "FaultNumber",
    "Kind",
    "OfKind",
    "PteChange",
]


class Kind(Enum):
    """What a run can be stepped by."""

    CYCLE = "cycle"
    #: An instruction retires.
    INSTRUCTION = "instruction"
    #: The hart raises a page fault in user mode.
    FAULT = "fault"
    #: It raises an exception, or enters the handler of an interrupt.
    TRAP = "trap"
    #: A process calls the kernel.
    SYSCALL = "syscall"


class Condition:
    """Something that happens in some cycles. Each part of it is asked as the run comes by."""

    @property
    def rules(self) -> Rules:
        """Which records may be such that it happens with them; the fewer, the faster the search."""
        return ()

    def record(self, fields: Mapping[str, int], session: KernelSession) -> bool:
        """It happens with this record of the retire port, of the process that runs."""
        return False

    def stands(self, session: KernelSession) -> bool:
        """It happens now, where the machine stands still; asked once at each stand."""
        return False

    def begin(self, session: KernelSession) -> None:
        """The run has come to where the search for it begins."""


@dataclass(frozen=True)
class OfKind(Condition):
    """Whatever is of a kind; cycles are counted, and not looked for."""

    kind: Kind

    def __str__(self) -> str:
        return self.kind.value

    @property
    def rules(self) -> Rules:
        if self.kind is Kind.INSTRUCTION:
            return (("trap", 0, 0),)
        return (
            (_TRAPS, ("intr_cause", 1 << INTERRUPT_BIT, _MOST))
            if self.kind is Kind.TRAP
            else (_TRAPS,)
        )

    def record(self, fields: Mapping[str, int], session: KernelSession) -> bool:
        match self.kind:
            case Kind.INSTRUCTION:
                return not fields["trap"]
            case Kind.TRAP:
                return bool(fields["trap"] or fields["intr_cause"] >> INTERRUPT_BIT)
            case Kind.SYSCALL:
                return bool(fields["trap"]) and fields["cause"] == Cause.ECALL_U
            case Kind.FAULT:
                return _is_fault(fields)
        return False


@dataclass(frozen=True)
class AtPc(Condition):
    """The next instruction is the one at `pc`, in user mode of a process that runs `program`.

    Without a program any that comes there, in whatever mode.
    """

    pc: int
    name: str = ""
    program: str | None = None

    def __str__(self) -> str:
        name = f" ({self.name})" if self.name else ""
        return f"pc {self.pc:#x}{name}"

    @property
    def rules(self) -> Rules:
        return (("pc_wdata", self.pc, self.pc),)

    def record(self, fields: Mapping[str, int], session: KernelSession) -> bool:
        return fields["pc_wdata"] == self.pc and _runs(session, self.program)


@dataclass(frozen=True)
class AccessTo(Condition):
    """An instruction loads or stores some of the `size` bytes from `va` on.

    With `faults` also, if it has a page fault there; with a `pid` only of that process.
    """

    va: int
    size: int = 1
    reads: bool = True
    writes: bool = True
    pid: int | None = None
    faults: bool = True

    def __str__(self) -> str:
        which = "" if self.reads and self.writes else " read" if self.reads else " write"
        size = f" ({self.size:,} bytes)" if self.size > 1 else ""
        return f"va {self.va:#x}{size}{which}"

    @property
    def rules(self) -> Rules:
        accesses = ("mem_addr", max(0, self.va - 7), self.va + self.size - 1)
        return (accesses, _TRAPS) if self.faults else (accesses,)

    def record(self, fields: Mapping[str, int], session: KernelSession) -> bool:
        if self.pid is not None and not _is_pid(session, self.pid):
            return False
        if fields["trap"]:
            if not self.faults:
                return False
            causes = [Cause.LOAD_PAGE] * self.reads + [Cause.STORE_PAGE] * self.writes
            return fields["cause"] in causes and self._covers(fields["tval"], 1)
        mask = 0
        if self.reads:
            mask |= fields["mem_rmask"]
        if self.writes:
            mask |= fields["mem_wmask"]
        return bool(mask) and self._covers(fields["mem_addr"], mask.bit_length())

    def _covers(self, first: int, count: int) -> bool:
        return first < self.va + self.size and self.va < first + count


@dataclass
class PteChange(Condition):
    """An entry that the walker reads for `va` in the page table of process `pid` has changed."""

    va: int
    pid: int
    _seen: tuple[tuple[int, int | None], ...] | None = None

    def __str__(self) -> str:
        return f"pte of {self.va:#x}, pid {self.pid}"

    def begin(self, session: KernelSession) -> None:
        self._seen = self._entries(session)

    def stands(self, session: KernelSession) -> bool:
        before, self._seen = self._seen, self._entries(session)
        return self._seen != before

    def _entries(self, session: KernelSession) -> tuple[tuple[int, int | None], ...]:
        proc = next((proc for proc in session.kernel.procs if proc.pid == self.pid), None)
        if proc is None or not proc.pagetable:
            return ()
        ram = session.machine.ram

        def read(address: int) -> int | None:
            return ram.read_u64(address) if address in ram else None

        return tuple((step.address, step.pte) for step in walk(read, proc.pagetable, self.va).steps)


@dataclass
class FaultNumber(Condition):
    """Page fault `number` of the run is raised; one that a system call takes, as it is served."""

    number: int
    _served: int = 0

    def __str__(self) -> str:
        return f"fault {self.number:,}"

    @property
    def rules(self) -> Rules:
        return (_TRAPS,)

    def record(self, fields: Mapping[str, int], session: KernelSession) -> bool:
        return _is_fault(fields) and len(session.guest.faults) + 1 == self.number

    def begin(self, session: KernelSession) -> None:
        self._served = len(session.guest.faults)

    def stands(self, session: KernelSession) -> bool:
        faults = session.guest.faults
        before, self._served = self._served, len(faults)
        if not before < self.number <= self._served:
            return False
        return faults[self.number - 1].served.via is not None


@dataclass(frozen=True)
class AtCycle(Condition):
    """A cycle comes."""

    cycle: int

    def __str__(self) -> str:
        return f"cycle {self.cycle:,}"

    def stands(self, session: KernelSession) -> bool:
        return session.cycle == self.cycle


#: Records of exceptions; and the largest value of a field.
_MOST = (1 << 64) - 1
_TRAPS = ("trap", 1, 1)


def _is_fault(fields: Mapping[str, int]) -> bool:
    return bool(fields["trap"]) and fields["mode"] == Priv.U and fields["cause"] in PAGE_FAULTS


def _runs(session: KernelSession, program: str | None) -> bool:
    proc = session.kernel.proc
    return program is None or (proc is not None and proc.name == program)


def _is_pid(session: KernelSession, pid: int) -> bool:
    proc = session.kernel.proc
    return proc is not None and proc.pid == pid
