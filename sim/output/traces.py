"""Lines that tell what the kernel does, while it does it."""

from collections.abc import Callable

from kernel_model.kernel import Kernel
from kernel_model.mm.served import ServedFault
from kernel_model.mm.state import User
from kernel_model.proc.state import KernelWatcher, Proc
from sim.guests.fault_table import cause_name
from sim.host.terminals import visible
from sim.output.arguments import Call
from sim.output.sentences import in_words

__all__ = ["Emit", "FaultTrace", "SyscallTrace"]

#: Prints a line.
Emit = Callable[[str], None]


class SyscallTrace(KernelWatcher):
    """A line for every system call, as strace has them; a watcher of the kernel.

    A call that waits has two: one when it begins to wait, and one at its end.

    Parameters
    ----------
    kernel : Kernel
        Whose watcher it is.
    raised : function
        The cycle in which the process with this pid trapped last.
    emit : function
        Prints a line.
    """

    def __init__(self, kernel: Kernel, raised: Callable[[int], int], emit: Emit):
        self._kernel = kernel
        self._raised = raised
        self._emit = emit
        #: By pid: the calls that have not ended, with what is known of their arguments.
        self._calls: dict[int, tuple[Call, list[str]]] = {}
        self._waiting: set[int] = set()

    def syscall_begin(self, proc: Proc, number: int, args: tuple[int, ...], now: int) -> None:
        """Reads the arguments, for the call may change them."""
        call = Call(self._kernel, proc, number, args)
        self._calls[proc.pid] = call, call.arguments_before()

    def syscall_waits(self, proc: Proc, number: int, now: int) -> None:
        """Tells that the call has not ended, the first time."""
        if proc.pid not in self._waiting:
            call, before = self._calls[proc.pid]
            self._waiting.add(proc.pid)
            arguments = ", ".join([*before, "<unfinished ...>"])
            self._line(proc, f"{call.name}({arguments}")

    def syscall_end(self, proc: Proc, number: int, result: int, now: int) -> None:
        """Tells of the call, or of its end if it has waited."""
        call, before = self._calls.pop(proc.pid)
        call.result = result
        after = call.arguments_after()
        if proc.pid in self._waiting:
            self._waiting.remove(proc.pid)
            arguments = ", ".join(after)
            start = f"<... {call.name} resumed>"
            self._line(proc, f"{start} {arguments}) = {call.result_in_words()}", now)
        else:
            arguments = ", ".join(before + after)
            self._line(proc, f"{call.name}({arguments}) = {call.result_in_words()}")

    def exited(self, proc: Proc, now: int) -> None:
        """Tells how the process has ended; its last call, if it was one, has no result."""
        if proc.pid in self._calls:
            call, before = self._calls.pop(proc.pid)
            if proc.pid not in self._waiting:
                self._line(proc, f"{call.name}({', '.join(before)}) = ?")
        self._waiting.discard(proc.pid)
        self._line(proc, f"+++ exited with {proc.xstate} +++", now)

    def _line(self, proc: Proc, text: str, cycle: int | None = None) -> None:
        if cycle is None:
            cycle = self._raised(proc.pid)
        self._emit(f"{cycle:>10} {proc.pid:>3}  {text}")


class FaultTrace(KernelWatcher):
    """A line for every page fault; a watcher of the kernel with parameters of `SyscallTrace`."""

    def __init__(self, raised: Callable[[int], int], emit: Emit):
        self._raised = raised
        self._emit = emit

    def fault(self, proc: User, fault: ServedFault, now: int) -> None:
        """Tells of the fault: where, why, and what the kernel has done."""
        where = f"pc {fault.pc:#x}" if fault.via is None else f"{fault.via.value} of a system call"
        self._emit(
            f"{self._raised(proc.pid):>10} {proc.pid:>3}  {visible(proc.name)}: "
            f"{cause_name(fault.cause)} fault at {where}, va {fault.stval:#x}: "
            f"{in_words(fault.outcome)}"
        )
