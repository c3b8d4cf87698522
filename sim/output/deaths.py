"""Why the kernel has killed a process, where its two lines do not say it."""

from hdl.arch import Cause
from kernel_model.kernel import Kernel
from kernel_model.mm.served import ServedFault, Why
from kernel_model.mm.state import User
from kernel_model.proc.state import KernelWatcher, Proc
from kernel_model.proc.trapframe import TrapFrame
from sim.host.terminals import visible
from sim.output.traces import Emit

__all__ = ["Deaths"]

#: The hart does not tell which of them it was.
_REFUSED = ": it, or a page-table entry on the way to it, is where no memory is, or was refused"
#: Exceptions other than page faults, and what there is to know of each.
_REASONS: dict[int, str] = {
    Cause.FETCH_MISALIGNED: "misaligned jump",
    Cause.FETCH_ACCESS: "fetch access fault" + _REFUSED,
    Cause.ILLEGAL: "illegal instruction {stval:#x} (the hart has no floating point)",
    Cause.BREAKPOINT: "ebreak",
    Cause.LOAD_MISALIGNED: "misaligned load from {stval:#x} (--misaligned allows all but atomics)",
    Cause.STORE_MISALIGNED: "misaligned store to {stval:#x} (--misaligned allows all but atomics)",
    Cause.LOAD_ACCESS: "load access fault at {stval:#x}" + _REFUSED,
    Cause.STORE_ACCESS: "store access fault at {stval:#x}" + _REFUSED,
}


class Deaths(KernelWatcher):
    """A line for each process that is killed for lack of memory, or by another exception than a
    page fault; a watcher of the kernel.

    The table of page faults says why those have killed, and a process may have made one on purpose.

    Parameters
    ----------
    kernel : Kernel
        Whose watcher it is.
    emit : function
        Prints a line.
    """

    def __init__(self, kernel: Kernel, emit: Emit):
        self._kernel = kernel
        self._emit = emit
        self._no_frame = False

    def fault(self, proc: User, fault: ServedFault, now: int) -> None:
        """Notes whether a page could not be had; what is said of it follows the kernel's lines."""
        self._no_frame = fault.outcome.why in (Why.NO_FRAME, Why.NO_TABLE, Why.NO_COPY)

    def unexpected(self, proc: Proc, now: int) -> None:
        """Tells why the kernel has just said that a trap was unexpected."""
        frame = proc.trapframe
        reason = self._reason(frame)
        if reason is not None:
            where = f"pid {proc.pid} ({visible(proc.name)}) is killed at pc {frame.sepc:#x}"
            self._emit(f"trapline: {where}: {reason}")
        self._no_frame = False

    def _reason(self, frame: TrapFrame) -> str | None:
        if frame.scause in _REASONS:
            return _REASONS[frame.scause].format(stval=frame.stval)
        if not self._no_frame:
            return None
        kmem = self._kernel.kmem
        what = f"out of memory for the page of {frame.stval:#x}"
        if kmem.free:
            return f"{what}: kalloc found no frame, though {kmem.free:,} are free (--fail)"
        return f"{what}: all {kmem.used:,} pages of RAM are in use (--memory MIB gives more)"
