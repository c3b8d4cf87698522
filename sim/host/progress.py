"""What is told of long work: how far a run has come, and what is being compiled."""

import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from threading import Timer, current_thread, main_thread
from typing import TextIO

from sim.host.terminals import columns_of, in_foreground

__all__ = ["Progress", "announced", "tell_files"]

#: Seconds between two lines on a terminal, and before the first.
_INTERVAL = 0.5
#: Seconds after which a run is taken to be a long one, and says what it is doing.
_LONG = 10
#: Seconds after which other work is worth a line in a file.
_SOME = 5.0

_files_are_told = True


class Progress:
    """How far a run has come, on `file`.

    A terminal has it on one line, which is renewed and taken away, but not while somebody else has
    the terminal, as after `bg`. Any other file gets a line when the run has lasted for `_LONG`
    seconds, and each time that it has lasted twice as long.

    Members
    -------
    activity : function
        What is being done, in words.
    before : int
        Cycles that had been computed before it began: they are no speed.

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
        self.before = 0

    def update(self, cycle: int, faults: int, skipped: int = 0) -> None:
        """Shows how far it is if it is time; called often.

        Of the cycles so far, those `skipped` have not been computed and do not count as speed.
        """
        now = time.monotonic()
        if self._start is None:
            self._start = now
            self._next = now + (_INTERVAL if self._terminal else _LONG)
        if now < self._next:
            return
        seconds = now - self._start
        speed = (cycle - skipped - self.before) / seconds
        parts = [
            f"{cycle:,} cycles",
            f"{faults:,} page fault{'' if faults == 1 else 's'}",
            f"{speed:,.0f} {'computed ' if skipped else ''}cycles/s",
        ]
        if seconds >= _LONG:
            parts[1:1] = filter(None, [self.activity()])
        if self._terminal:
            self._next = now + _INTERVAL
            self._renew(parts)
        elif self._told:
            self._next = now + seconds
            line = f"trapline: still running after {seconds:.0f} s: {', '.join(parts)}"
            print(line, file=self._file, flush=True)

    def silent(self) -> bool:
        """Nothing has been printed for so long that one may wonder."""
        return time.monotonic() - self._printed >= _LONG

    def clear(self) -> None:
        """Takes the line away, before something else is printed."""
        self._printed = time.monotonic()
        self._take_away()

    def _renew(self, parts: Sequence[str]) -> None:
        """Shows as many of the parts, the first first, as fit on one line of the terminal."""
        if not in_foreground(self._file):
            return
        room = _room(self._file)
        line = parts[0]
        if len(line) > room:
            return  # part of a number would be another number
        for part in parts[1:]:
            if len(line) + 2 + len(part) <= room:
                line += f", {part}"
        self._file.write(f"\r\x1b[K{line}")
        self._file.flush()
        self._shown = True

    def _take_away(self) -> None:
        if self._shown and in_foreground(self._file):
            self._file.write("\r\x1b[K")
            self._file.flush()
        self._shown = False


def _room(file: TextIO) -> int:
    """Columns of a line that is renewed; with the cursor in the last one some terminals scroll."""
    return (columns_of(file) or 80) - 1


def tell_files(told: bool) -> None:
    """Whether `announced` tells other files than terminals, too: unless somebody wants it quiet."""
    global _files_are_told
    _files_are_told = told


@contextmanager
def announced(what: str) -> Iterator[Callable[[str], None]]:
    """Says on standard error that `what`, which is done within, takes a while.

    A terminal is told at once, any other file when it has taken `_SOME` seconds. Yields a function
    that says how far it is, in words that follow `what`: a terminal's line is renewed. What other
    threads than the main one do is a part of what that says, and nobody is told.
    """
    file = sys.stderr
    if current_thread() is not main_thread():
        yield lambda how_far: None
    elif file.isatty():
        yield from _on_terminal(what, file)
    else:
        yield from _on_file(what, file)


def _on_terminal(what: str, file: TextIO) -> Iterator[Callable[[str], None]]:
    def show(how_far: str) -> None:
        file.write("\r\x1b[K" + f"trapline: {what}{how_far}"[: _room(file)])
        file.flush()

    show("")
    try:
        yield show
    finally:
        file.write("\n")
        file.flush()


def _on_file(what: str, file: TextIO) -> Iterator[Callable[[str], None]]:
    latest = ""

    def show(how_far: str) -> None:
        nonlocal latest
        latest = how_far

    timer = Timer(_SOME, lambda: print(f"trapline: {what}{latest}", file=file, flush=True))
    timer.daemon = True
    if _files_are_told:
        timer.start()
    try:
        yield show
    finally:
        timer.cancel()
