"""What a terminal is told of long work: how far a run has come, and what is being compiled."""

import sys
import time
from typing import TextIO

__all__ = ["Progress", "announce"]

#: Seconds between two lines, and before the first.
_INTERVAL = 0.5


class Progress:
    """Cycles, faults and cycles a second on one line of `file`; silent if that is no terminal."""

    def __init__(self, file: TextIO):
        self._file = file
        self._enabled = file.isatty()
        self._shown = False
        self._start = self._last = time.monotonic()

    def update(self, cycle: int, faults: int, skipped: int = 0) -> None:
        """Shows the line anew if it is time; called often.

        Of the cycles so far, those `skipped` do not count as speed.
        """
        now = time.monotonic()
        if not self._enabled or now - self._last < _INTERVAL:
            return
        self._last = now
        speed = (cycle - skipped) / (now - self._start)
        plural = "" if faults == 1 else "s"
        line = f"{cycle:,} cycles, {faults:,} page fault{plural}, {speed:,.0f} cycles/s"
        self._file.write(f"\r\x1b[K{line}")
        self._file.flush()
        self._shown = True

    def clear(self) -> None:
        """Takes the line away, before something else is printed."""
        if self._shown:
            self._file.write("\r\x1b[K")
            self._file.flush()
            self._shown = False


def announce(what: str) -> None:
    """Says on standard error that `what` takes a while; silent if that is no terminal."""
    if sys.stderr.isatty():
        print(f"\r\x1b[Ktrapline: {what}", file=sys.stderr, flush=True)
