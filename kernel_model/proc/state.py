"""What a process is, and what is global about processes: xv6's `proc.h`."""

from collections.abc import Hashable
from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING, Protocol

from kernel_model.facts.abi import Abi
from kernel_model.facts.accounts import Account
from kernel_model.facts.param import NOFILE
from kernel_model.mm.served import ServedFault
from kernel_model.mm.space import AddressSpace
from kernel_model.mm.state import MemoryState, User
from kernel_model.proc.trapframe import TrapFrame

if TYPE_CHECKING:  # a process holds what it never looks into
    from kernel_model.fs.state import File, Inode

__all__ = ["Clock", "Cpu", "KernelWatcher", "Proc", "ProcState", "ProcTable", "ProcessState"]


class ProcState(Enum):
    """What a process is about; the values are xv6's words for it."""

    RUNNABLE = "runble"
    RUNNING = "run"
    #: It waits for `Proc.chan`.
    SLEEPING = "sleep"
    #: It has exited; `Proc.xstate` is its status.
    ZOMBIE = "zombie"


@dataclass(slots=True, eq=False)
class Proc:
    """A process.

    One that `allocproc` has just made has no pid, and is in no table: `addproc` does that. Init has
    neither a trap frame nor memory: the addresses of both are 0.
    """

    trapframe: TrapFrame
    space: AddressSpace
    pid: int = 0
    name: str = ""
    #: Whose `sbrk` its program calls.
    abi: Abi = Abi.LAB
    state: ProcState = ProcState.RUNNABLE
    #: What it waits for if it sleeps.
    chan: Hashable = None
    #: Who gets its status.
    parent: "Proc | None" = None
    #: It is to exit with status -1 before it runs again.
    killed: bool = False
    #: Status of its `exit`.
    xstate: int = 0
    #: A system call has begun and not ended: it begins again with the process's next turn.
    in_syscall: bool = False
    #: What that call has done so far, in a unit of its own; 0 when it starts.
    done: int = 0
    #: Open files by descriptor, and the working directory, which one that has exited lacks.
    ofile: "list[File | None]" = field(default_factory=lambda: [None] * NOFILE)
    cwd: "Inode | None" = None
    account: Account = field(default_factory=lambda: Account(0))

    @property
    def sz(self) -> int:
        """Size of its memory, in bytes."""
        return self.space.size

    @property
    def pagetable(self) -> int:
        """Physical address of its page table's root."""
        return self.space.root


class ProcTable(list[Proc]):
    """The processes that are not free, by pid; the first is init.

    Members
    -------
    last_pid : int
        The pid that was given last: all that were are from 1 to it.
    """

    def __init__(self) -> None:
        super().__init__()
        self.last_pid = 0

    @property
    def init(self) -> Proc:
        """The process with pid 1."""
        return self[0]

    def allocpid(self) -> int:
        """A process identifier that was never used."""
        self.last_pid += 1
        return self.last_pid


@dataclass(slots=True)
class Clock:
    """What time it is."""

    #: Cycles of one tick of `uptime` and `sleep`.
    tick: int
    #: Cycles since reset, when the hart trapped or rang last.
    now: int = 0

    @property
    def ticks(self) -> int:
        """Ticks since reset."""
        return self.now // self.tick


@dataclass(slots=True)
class Cpu:
    """The hart, and whose turn it is there."""

    #: Cycles of a turn, and those that the timer leaves at least to who returns to user mode.
    quantum: int
    least_turn: int
    #: The process on the hart.
    proc: Proc | None = None
    #: Who had the last turn, and the cycle in which it ends.
    last_pid: int = 0
    turn_ends: int = 0

    def turn_is_over(self, now: int) -> bool:
        """The process on the hart has had its quantum."""
        return self.quantum > 0 and now >= self.turn_ends


class KernelWatcher:
    """Is told what the kernel does, in cycle `now`, and changes nothing; here it looks away.

    A watcher has those of these methods that it wants to be told by.
    """

    def syscall_begin(self, proc: Proc, number: int, args: tuple[int, ...], now: int) -> None:
        """The process begins the system call `number` with what is in a0 to a5."""

    def syscall_waits(self, proc: Proc, number: int, now: int) -> None:
        """The call waits; it begins again when the process is woken."""

    def syscall_end(self, proc: Proc, number: int, result: int, now: int) -> None:
        """The call returns `result`."""

    def fault(self, proc: User, fault: ServedFault, now: int) -> None:
        """A page fault of the process, or one of a system call on its behalf, was served."""

    def unexpected(self, proc: Proc, now: int) -> None:
        """The process has trapped for a reason for which it is killed."""

    def exited(self, proc: Proc, now: int) -> None:
        """The process has ended, with the status `proc.xstate`; its memory is still there."""


class ProcessState(MemoryState, Protocol):
    """Processes, and the memory that they have; `Kernel` has it all."""

    procs: ProcTable
    clock: Clock
    #: What each process has used, by pid; those that are gone included.
    accounts: list[Account]
    #: Whose `sbrk` it is, if not each program's own.
    abi: Abi | None
    #: The trampoline's frame, and the kernel's page table as a value of `satp`.
    trampoline: int
    satp: int
    #: Who is told what happens.
    watchers: list[KernelWatcher]
