"""What the processes are doing, in a few words: for whoever wonders why a run does not end."""

from collections.abc import Callable
from time import monotonic

from kernel_model.facts.abi import Syscall
from kernel_model.kernel import Kernel
from kernel_model.proc.state import Proc, ProcState
from kernel_model.scheduler import waits_for

__all__ = ["Activity"]


class Activity:
    """Tells what the busiest process has done since it was asked last.

    Parameters
    ----------
    kernel : Kernel
        Whose processes they are.
    clock : function
        Seconds of the host's.
    """

    def __init__(self, kernel: Kernel, clock: Callable[[], float] = monotonic):
        self._kernel = kernel
        self._clock = clock
        self._then = clock()
        #: By pid: system calls, page faults and cycles of user mode then.
        self._counts: dict[int, tuple[int, int, int]] = {}

    def __call__(self) -> str:
        """Such as `pid 3 usertests: 12,000 system calls/s, the last one sbrk`."""
        now = self._clock()
        seconds, self._then = max(now - self._then, 1e-3), now
        procs = [proc for proc in self._kernel.procs[1:] if proc.state is not ProcState.ZOMBIE]
        done = {proc.pid: self._since(proc) for proc in procs}
        self._counts = {proc.pid: _counts(proc) for proc in procs}
        if not procs:
            return ""
        # If all wait, the last one: the others may wait for it.
        busiest = max(procs, key=lambda proc: (done[proc.pid][::-1], _can_run(proc), proc.pid))
        return f"pid {busiest.pid} {busiest.name}{_in_words(busiest, *done[busiest.pid], seconds)}"

    def _since(self, proc):
        before = self._counts.get(proc.pid, (0, 0, 0))
        return tuple(now - then for now, then in zip(_counts(proc), before, strict=True))


def _can_run(proc):
    return proc.state is not ProcState.SLEEPING


def _counts(proc):
    account = proc.account
    return account.syscalls, account.minor_faults, account.user_cycles


def _in_words(proc: Proc, calls: int, faults: int, _cycles: int, seconds: float) -> str:
    frame = proc.trapframe
    if calls >= seconds:
        name = Syscall(frame.a7).name.lower() if frame.a7 in set(Syscall) else "unknown"
        return f": {calls / seconds:,.0f} system calls/s, the last one {name}"
    if faults >= seconds:
        return f": {faults / seconds:,.0f} page faults/s"
    if not _can_run(proc):
        return f" waits for {waits_for(proc)}"
    return f" computes at pc {frame.sepc:#x}"
