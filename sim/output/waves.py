"""Waveforms of a run: which of its cycles are written."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from sim.guests.kernel_guest import KernelGuest
from sim.machine import Machine

__all__ = [
    "CYCLES_AFTER",
    "CYCLES_BEFORE",
    "CYCLES_SLOWER",
    "FIRST_FAULTS",
    "MOST_CYCLES",
    "OPEN_CYCLES",
    "AroundFault",
    "FirstFaults",
    "LastCycles",
    "Trace",
    "CycleRange",
]

#: The window around the first faults: how many, how long after the last of them was served, and
#: how long at most.
FIRST_FAULTS = 3
CYCLES_AFTER = 2_000
MOST_CYCLES = 20_000
#: The window around one fault: so many cycles before it, and `CYCLES_AFTER` behind it.
CYCLES_BEFORE = 4_096
#: How many more for each cycle that memory takes besides the first: so many accesses a trap makes.
CYCLES_SLOWER = 150
#: The most cycles of a window without an end: a waveform takes a kilobyte a cycle.
OPEN_CYCLES = 100_000


@dataclass(frozen=True)
class CycleRange:
    """The cycles from `first` up to `last`; `OPEN_CYCLES` if that is None."""

    first: int = 0
    last: int | None = None

    def bounds(self) -> tuple[int, int]:
        """First and last cycle."""
        return self.first, self.first + OPEN_CYCLES if self.last is None else self.last


class FirstFaults:
    """From the program's first instruction until some time after its first faults."""

    def __init__(self, guest: KernelGuest):
        self._guest = guest

    def bounds(self) -> tuple[int | None, int | None]:
        """First and last cycle as known now; (None, None) before the program runs."""
        first = self._guest.entered_user_at
        if first is None:
            return None, None
        last = first + MOST_CYCLES
        faults = self._guest.faults
        if len(faults) >= FIRST_FAULTS:
            last = min(last, faults[FIRST_FAULTS - 1].trap.cycle + CYCLES_AFTER)
        return first, last


class Trace:
    """Writes the cycles of `window` to the VCD `path`; a watcher of the machine."""

    #: The cycle that it is about, if any.
    focus: int | None = None

    def __init__(self, path: Path, window: CycleRange | FirstFaults):
        self.path = path
        self.started = False
        self._window = window
        self._ended = False

    @property
    def cut_short(self) -> bool:
        """The run went on behind a window that nobody has given an end."""
        return self._ended and isinstance(self._window, CycleRange) and self._window.last is None

    def oldest(self, cycle: int) -> int | None:
        """The oldest cycle that may be in it, when it is `cycle` now; None if none any more."""
        first, _last = self._window.bounds()
        return None if self._ended else cycle if first is None else min(first, cycle)

    def next_stop(self, cycle: int) -> int | None:
        """The cycle in which the window opens or closes next, as far as it is known."""
        later = [bound for bound in self._window.bounds() if bound is not None and bound > cycle]
        return min(later, default=None)

    def look(self, machine: Machine) -> None:
        """Starts and ends the VCD when it is time."""
        first, last = self._window.bounds()
        cycle = machine.engine.cycle
        if not self.started and first is not None and cycle >= first:
            machine.engine.start_trace(self.path)
            self.started = True
        if self.started and not self._ended and last is not None and cycle >= last:
            machine.engine.stop_trace()
            self._ended = True

    def finish(self, machine: Machine) -> None:
        """Called when the run has ended."""
        machine.engine.stop_trace()


class LastCycles:
    """Writes the last `cycles` cycles of a run to the VCD `path`; a watcher of the machine."""

    cut_short = False

    def __init__(self, path: Path, cycles: int):
        self.path = path
        self.started = False
        self.focus: int | None = None
        self._cycles = cycles
        self._keeping = False

    def oldest(self, cycle: int) -> int | None:
        """The oldest cycle that may be in it."""
        return cycle - self._cycles

    def next_stop(self, cycle: int) -> int | None:
        """None: it has no wishes."""
        return None

    def look(self, machine: Machine) -> None:
        """Lets the engine keep its cycles from the first one on."""
        if not self._keeping:
            machine.engine.keep_recent(self._cycles)
            self._keeping = True

    def finish(self, machine: Machine) -> None:
        """Writes them; called when the run has ended."""
        self.focus = machine.engine.cycle
        self.started = machine.engine.write_recent(self.path, 0, machine.engine.cycle)


class AroundFault:
    """Writes the cycles before and after a fault to the VCD `path`; a watcher of the machine.

    `find` tells the cycle of the fault, or None as long as it has not come. The machine stands
    still often enough that the cycles before it are still there when it is noticed. `latency` is
    that of memory.
    """

    cut_short = False

    def __init__(self, path: Path, find: Callable[[Machine], int | None], latency: int = 1):
        self.path = path
        self.started = False
        self.focus: int | None = None
        self._find = find
        self._after = CYCLES_AFTER + CYCLES_SLOWER * (latency - 1)
        self._keeping = False

    def oldest(self, cycle: int) -> int | None:
        """The oldest cycle that may be in it; None once it is written."""
        focus = cycle - 2 * self._after if self.focus is None else self.focus
        return None if self.started else focus - CYCLES_BEFORE

    def next_stop(self, cycle: int) -> int | None:
        """When to look for the fault, or when its window ends."""
        if self.started:
            return None
        return (cycle if self.focus is None else self.focus) + self._after

    def look(self, machine: Machine) -> None:
        """Writes the window if it has passed."""
        if not self._keeping:
            # Twice the cycles behind it: it may be noticed as late as that.
            machine.engine.keep_recent(CYCLES_BEFORE + 2 * self._after)
            self._keeping = True
        if self.focus is None:
            self.focus = self._find(machine)
        if self.focus is not None and machine.engine.cycle >= self.focus + self._after:
            self.finish(machine)

    def finish(self, machine: Machine) -> None:
        """Writes the window as far as it has passed; called when the run has ended, too."""
        if self.started:
            return
        if self.focus is None:
            self.focus = self._find(machine)
        if self.focus is not None:
            first, last = self.focus - CYCLES_BEFORE, self.focus + self._after
            self.started = machine.engine.write_recent(self.path, first, last)
            machine.engine.keep_recent(0)
