"""Ctrl-C while modules are imported, when there is nothing yet to be left in good order."""

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress

__all__ = ["INTERRUPTED", "completing", "leaving_at_once"]

#: The exit status after Ctrl-C, as a shell reports it of a program of the host's.
INTERRUPTED = 130


def completing() -> bool:
    """The shell wants to know how a command line may go on; somebody is typing it."""
    return "_TRAPLINE_COMPLETE" in os.environ


@contextmanager
def leaving_at_once() -> Iterator[None]:
    """Within it Ctrl-C ends the process, with status INTERRUPTED and a line that says so.

    An exception would do so with a traceback, or be lost: Python's import machinery has callbacks
    from which none gets out. Where Ctrl-C is ignored it stays so.
    """
    before = signal.getsignal(signal.SIGINT)
    if before is not signal.default_int_handler:
        yield
        return
    signal.signal(signal.SIGINT, _leave)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _leave(number, frame):
    with suppress(OSError):  # it may be closed
        if not completing():
            os.write(2, b"trapline: error: interrupted\n")
    os._exit(INTERRUPTED)
