"""Whose turn it is, and how a process waits.

The kernel has no stacks. A system call that has to wait raises `Blocked` out of `sleep`, and when
the process has its turn again, the call is begun again: what it has done already is in `Proc.done`.
"""

from collections.abc import Hashable
from typing import NoReturn

from kernel_model.proc.state import Proc, ProcessState, ProcState

__all__ = ["TICKS", "Blocked", "next_turn", "sleep", "wakeup", "yield_"]

#: What a process that sleeps for some time waits for.
TICKS = "ticks"


class Blocked(Exception):
    """The system call cannot go on before somebody wakes `chan`."""

    def __init__(self, chan: Hashable):
        super().__init__(chan)
        self.chan = chan


def sleep(kernel: ProcessState, proc: Proc, chan: Hashable) -> NoReturn:
    """Let the process wait for `chan`; its system call begins again afterwards."""
    raise Blocked(chan)


def wakeup(kernel: ProcessState, chan: Hashable) -> None:
    """Wake every process that waits for `chan`."""
    for proc in kernel.procs:
        if proc.state is ProcState.SLEEPING and proc.chan == chan:
            proc.state = ProcState.RUNNABLE
            proc.chan = None


def yield_(proc: Proc) -> None:
    """The quantum is over: the process waits for its next turn."""
    proc.state = ProcState.RUNNABLE


def next_turn(kernel: ProcessState, last: int) -> Proc | None:
    """The process to run after the one with the pid `last`: round robin, by pid; None if none can.

    But init first: it only frees what others leave behind.
    """
    if kernel.procs.init.state is ProcState.RUNNABLE:
        return kernel.procs.init
    first = None
    for proc in kernel.procs:
        if proc.state is ProcState.RUNNABLE:
            if proc.pid > last:
                return proc
            first = first or proc
    return first
