"""The cycles of a run that go into a Kanata log: a watcher of the machine, and of the kernel."""

from pathlib import Path

from kernel_model.facts.abi import Syscall
from kernel_model.facts.doorbell import Reason
from kernel_model.mm.served import ServedFault
from kernel_model.mm.state import User
from kernel_model.proc.state import KernelWatcher, Proc
from sim.guests.fault_table import cause_name
from sim.guests.kernel_guest import Rung
from sim.host.output_files import not_whole
from sim.machine import Machine
from sim.output.pipeline import INSPECTED, Pipeline
from sim.output.sentences import in_words
from sim.output.waves import CycleRange, FirstFaults

__all__ = ["KanataLog"]


class KanataLog(KernelWatcher):
    """Writes to `path` what is in the pipeline in the cycles of `window`.

    The machine stands still before each of them, to be looked at. Raises OSError if the file cannot
    be made; what goes wrong later, `finish` tells.
    """

    def __init__(self, path: Path, window: CycleRange | FirstFaults):
        self._path = path
        self._window = window
        self._pipeline: Pipeline | None = None
        self._ended = False
        self._failure: OSError | None = None
        #: The process that runs; what the kernel does for others, and what there is to tell of it.
        self._thread = 0
        self._work: list[tuple[str, str]] = []
        path.open("wb").close()

    def next_stop(self, cycle: int) -> int | None:
        """The next cycle in the window; else that in which it begins, as far as it is known."""
        first, last = self._window.bounds()
        if first is None or self._ended or (last is not None and cycle >= last):
            return None
        return max(first, cycle + 1)

    def look(self, machine: Machine) -> None:
        """Takes the cycle that comes next if it is in the window."""
        first, last = self._window.bounds()
        cycle = machine.engine.cycle
        if first is None or cycle < first or self._ended:
            return
        if last is not None and cycle >= last:
            self._end(cycle)
            return
        if self._pipeline is None:
            self._pipeline = Pipeline(self._path, cycle)
        self._pipeline.thread = self._thread
        self._pipeline.cycle(cycle, machine.engine.inspect(INSPECTED))

    def syscall_begin(self, proc: Proc, number: int, args: tuple[int, ...], now: int) -> None:
        """The kernel serves a system call."""
        known = number in set(Syscall)
        self._work.append((Syscall(number).name.lower() if known else "unknown call", ""))

    def fault(self, proc: User, fault: ServedFault, now: int) -> None:
        """The kernel has served a page fault."""
        name = f"{cause_name(fault.cause)} fault"
        self._work.append((name, f"{name} at {fault.stval:#x}: {in_words(fault.outcome)}"))

    def rang(self, rung: Rung) -> None:
        """The kernel has served a ring of the doorbell."""
        self._thread = 0 if rung.running is None else rung.running.pid
        label, details = self._done(rung)
        if self._pipeline is not None and not self._ended:
            self._pipeline.kernel(rung.rung, rung.answered, label, details)

    def finish(self, cycle: int) -> str | None:
        """The run is over; says what has gone wrong with the file, if anything has."""
        if self._pipeline is None:
            return f"{self._path}: not written, the run ended before {self._beginning}"
        if not self._ended:
            self._end(cycle)
        return None if self._failure is None else not_whole("--kanata", self._failure)

    @property
    def _beginning(self) -> str:
        first, _ = self._window.bounds()
        return "the program" if first is None else f"cycle {first:,}"

    def _end(self, cycle: int) -> None:
        self._ended = True
        if self._pipeline is not None:
            self._failure = self._pipeline.close(cycle)

    def _done(self, rung: Rung) -> tuple[str, str]:
        """What the kernel has done since the last ring, in a few words and in more."""
        work, self._work = self._work, []
        if rung.reason == Reason.BOOT:
            label = "boot"
        elif rung.trapped is None:
            label = "the wait is over"
        else:
            label = f"{work[0][0] if work else 'trap'}, pid {rung.trapped.pid}"
        next_ = f"pid {self._thread} runs" if self._thread else "nobody runs"
        return f"kernel: {label}", "; ".join([*(details for _, details in work if details), next_])
