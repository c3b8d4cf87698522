"""What the processes are doing, in a few words: for whoever wonders why a run does not end."""

from collections.abc import Callable
from time import monotonic
from typing import NamedTuple

from kernel_model.facts.abi import Syscall
from kernel_model.kernel import Kernel
from kernel_model.proc.state import Proc, ProcState
from kernel_model.scheduler import waits_for
from sim.host.terminals import visible

__all__ = ["Activity"]


class _Counts(NamedTuple):
    """What a process has done: system calls, page faults and cycles of user mode."""

    calls: int = 0
    faults: int = 0
    cycles: int = 0


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
        #: By pid: what each had done then.
        self._counts: dict[int, _Counts] = {}

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
        who = f"pid {busiest.pid} {visible(busiest.name)}"
        return who + _in_words(busiest, done[busiest.pid], seconds)

    def _since(self, proc: Proc) -> _Counts:
        before = self._counts.get(proc.pid, _Counts())
        return _Counts(*(now - then for now, then in zip(_counts(proc), before, strict=True)))


def _can_run(proc: Proc) -> bool:
    return proc.state is not ProcState.SLEEPING


def _counts(proc: Proc) -> _Counts:
    account = proc.account
    return _Counts(account.syscalls, account.minor_faults, account.user_cycles)


def _in_words(proc: Proc, done: _Counts, seconds: float) -> str:
    frame = proc.trapframe
    if done.calls >= seconds:
        name = Syscall(frame.a7).name.lower() if frame.a7 in set(Syscall) else "unknown"
        return f": {done.calls / seconds:,.0f} system calls/s, the last one {name}"
    if done.faults >= seconds:
        return f": {done.faults / seconds:,.0f} page faults/s"
    if not _can_run(proc):
        return f" waits for {waits_for(proc)}"
    return f" computes at pc {frame.sepc:#x}"
