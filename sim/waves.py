"""Waveforms of a run: which of its cycles are written."""

from dataclasses import dataclass
from pathlib import Path

from sim.kernel_guest import KernelGuest
from sim.machine import Machine

__all__ = ["CYCLES_AFTER", "FIRST_FAULTS", "MOST_CYCLES", "FirstFaults", "Trace", "Window"]

#: The window around the first faults: how many, how long after the last of them was served, and
#: how long at most.
FIRST_FAULTS = 3
CYCLES_AFTER = 2_000
MOST_CYCLES = 20_000


@dataclass(frozen=True)
class Window:
    """The cycles from `first` up to `last`, without end if that is None."""

    first: int = 0
    last: int | None = None

    def bounds(self) -> tuple[int | None, int | None]:
        """First and last cycle as known now."""
        return self.first, self.last


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

    def __init__(self, path: Path, window: Window | FirstFaults):
        self.path = path
        self.started = False
        self._window = window
        self._ended = False

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
