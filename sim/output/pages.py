"""Page tables as xv6 prints them, when a process exits or in a cycle of one's choice."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from kernel_model.kernel import Kernel
from kernel_model.mm.peek import vmprint
from kernel_model.proc.state import KernelWatcher, Proc
from sim.host.terminals import visible
from sim.machine import Machine
from sim.output.traces import Emit

__all__ = ["PagePrint", "PageTables"]


class PagePrint(NamedTuple):
    """Whose page table is to be printed, and in which cycle; None is at its exit."""

    pid: int
    cycle: int | None

    def __str__(self) -> str:
        return f"{self.pid}@{'exit' if self.cycle is None else self.cycle}"


class PageTables(KernelWatcher):
    """Prints what `wanted` says: a watcher of the kernel, and one of the machine.

    Parameters
    ----------
    kernel : Kernel
        Whose processes they are.
    wanted : sequence of PagePrint
        What is to be printed.
    emit : function
        Prints a line.
    """

    def __init__(self, kernel: Kernel, wanted: Sequence[PagePrint], emit: Emit):
        self._kernel = kernel
        self._emit = emit
        self._wanted = list(wanted)

    def exited(self, proc: Proc, now: int) -> None:
        """Prints the page table of a process that has just ended: its memory is still there."""
        at_exit = PagePrint(proc.pid, None)
        self._print([one for one in self._wanted if one == at_exit])

    def next_stop(self, cycle: int) -> int | None:
        """The first cycle that is wanted."""
        cycles = [one.cycle for one in self._wanted if one.cycle is not None and one.cycle > cycle]
        return min(cycles, default=None)

    def look(self, machine: Machine) -> None:
        """Prints what is wanted in this cycle."""
        now = machine.engine.cycle
        self._print([one for one in self._wanted if one.cycle is not None and one.cycle <= now])

    def finish(self) -> None:
        """Says what the run was too short for."""
        for one in self._wanted:
            if not 1 <= one.pid <= self._kernel.procs.last_pid:
                reason = f"there was no process {one.pid}"
            elif one.cycle is None:
                reason = "the process has not exited"
            else:
                reason = "the run has ended before"
            self._emit(f"{one}: {reason}")
        self._wanted = []

    def _print(self, due: Iterable[PagePrint]) -> None:
        for one in due:
            self._wanted.remove(one)
            proc = next((proc for proc in self._kernel.procs if proc.pid == one.pid), None)
            if proc is None or proc is self._kernel.procs.init:
                self._emit(f"{one}: there is no such process with memory of its own")
                continue
            self._emit(f"{one}: {visible(proc.name)}, size {proc.sz:#x}")
            for line in vmprint(self._kernel.memory, proc.pagetable):
                self._emit(line)
