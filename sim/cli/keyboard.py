"""Where the input of a booted kernel comes from, and how fast time passes while it waits."""

import signal
import sys

from sim.engines.base import Engine
from sim.platform.device_tree import TICKS_PER_SECOND
from sim.platform.devices.console import Source, standard_input
from sim.platform.devices.escape import Escape
from sim.platform.devices.stream import Stream
from sim.platform.devices.terminal import Terminal

__all__ = ["Keyboard", "Pace"]


class Keyboard:
    """Standard input, for a kernel that looks for it and runs meanwhile.

    Members: `source`, for a console.
    """

    def __init__(self) -> None:
        self._paced: Terminal | Stream | None = None
        self.source: Source
        if Terminal.possible(sys.stdin):
            self._paced = Terminal(sys.stdin.fileno())
            # As Ctrl-C, which the kernel cannot take away either.
            self.source = Escape(self._paced, lambda: signal.raise_signal(signal.SIGINT))
        elif Stream.possible(sys.stdin):
            self.source = self._paced = Stream(sys.stdin.fileno())
        else:
            self.source = standard_input()

    def pace(self, engine: Engine) -> None:
        """Lets idle cycles of `engine` take their time while somebody may type."""
        if self._paced is not None:
            self._paced.patience = Pace(engine)


class Pace:
    """Called again and again, the seconds that the cycles passed over meanwhile should have lasted.

    By the kernel's clock, that is. So a kernel that waits for a key needs next to nothing of the
    host's processor, and one that sleeps for a second wakes after one. Cycles that are computed
    take as long as they take.
    """

    def __init__(self, engine: Engine):
        self._engine = engine
        self._seen = engine.skipped

    def __call__(self) -> float:
        skipped = self._engine.skipped - self._seen
        self._seen += skipped
        return skipped / TICKS_PER_SECOND
