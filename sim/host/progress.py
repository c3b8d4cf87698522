"""What is told of long work: how far a run has come, and what is being compiled."""

import sys
import time
from collections.abc import Callable
from typing import TextIO

from sim.host.tables import columns_of

__all__ = ["Progress", "announce"]

#: Seconds between two lines on a terminal, and before the first.
_INTERVAL = 0.5
#: Seconds after which a run is taken to be a long one, and says what it is doing.
_LONG = 10


class Progress:
    """How far a run has come, on `file`.

    A terminal has it on one line, which is renewed and taken away. Any other file gets a line when
    the run has lasted for `_LONG` seconds, and each time that it has lasted twice as long.

    Members
    -------
    activity : function
        What is being done, in words.

    Parameters
    ----------
    file : TextIO
        Where it is told.
    told : bool
        Other files than terminals are told, too.
    """

    def __init__(self, file: TextIO, told: bool = True):
        self._file = file
        self._terminal = file.isatty()
        self._told = told
        self._shown = False
        self._start: float | None = None
        self._next = 0.0
        self._printed = time.monotonic()
        self.activity: Callable[[], str] = str

    def update(self, cycle: int, faults: int, skipped: int = 0) -> None:
        """Shows how far it is if it is time; called often.

        Of the cycles so far, those `skipped` do not count as speed.
        """
        now = time.monotonic()
        if self._start is None:
            self._start = now
            self._next = now + (_INTERVAL if self._terminal else _LONG)
        if now < self._next:
            return
        seconds = now - self._start
        parts = [f"{cycle:,} cycles", f"{faults:,} page fault{'' if faults == 1 else 's'}",
                 f"{(cycle - skipped) / seconds:,.0f} cycles/s"]  # fmt: skip
        if seconds >= _LONG:
            parts[1:1] = filter(None, [self.activity()])
        if self._terminal:
            self._next = now + _INTERVAL
            self._renew(parts)
        elif self._told:
            self._next = now + seconds
            print(f"trapline: still running after {seconds:.0f} s: {', '.join(parts)}",
                  file=self._file, flush=True)  # fmt: skip

    def silent(self) -> bool:
        """Nothing has been printed for so long that one may wonder."""
        return time.monotonic() - self._printed >= _LONG

    def clear(self) -> None:
        """Takes the line away, before something else is printed."""
        self._printed = time.monotonic()
        self._take_away()

    def _renew(self, parts):
        """Shows as many of the parts, the first first, as fit on one line of the terminal."""
        room = (columns_of(self._file) or 80) - 1
        line = parts[0][:room]
        for part in parts[1:]:
            if len(line) + 2 + len(part) <= room:
                line += f", {part}"
        self._file.write(f"\r\x1b[K{line}")
        self._file.flush()
        self._shown = True

    def _take_away(self):
        if self._shown:
            self._file.write("\r\x1b[K")
            self._file.flush()
            self._shown = False


def announce(what: str) -> None:
    """Says on standard error that `what` takes a while; silent if that is no terminal."""
    if sys.stderr.isatty():
        print(f"\r\x1b[Ktrapline: {what}", file=sys.stderr, flush=True)
