"""Ctrl-C and other signals that end a run: in good order if anything has to be put in order."""

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from threading import current_thread, main_thread
from types import FrameType

__all__ = [
    "ENDING",
    "INTERRUPTED",
    "Interrupted",
    "completing",
    "end_by_signals",
    "interruptible",
    "leaving_at_once",
    "postponed",
]

#: The exit status after Ctrl-C, as a shell reports it of a program of the host's.
INTERRUPTED = 130
#: Signals that end a run.
ENDING = tuple(
    getattr(signal, name)
    for name in ("SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT")
    if hasattr(signal, name)
)


class Interrupted(KeyboardInterrupt):
    """A signal, and nothing of a run is to be put in order.

    Members
    -------
    status : int
        The exit status, as a shell reports it of a program of the host's.
    """

    def __init__(self, number: int):
        super().__init__()
        self.status = 128 + number


def completing() -> bool:
    """The shell wants to know how a command line may go on; somebody is typing it."""
    return "_TRAPLINE_COMPLETE" in os.environ


def end_by_signals(stop: Callable[[int], object]) -> None:
    """Calls `stop` with the number of the first signal of ENDING; the second raises Interrupted.

    One that is ignored, as by `nohup`, stays so.
    """
    heeded = [number for number in ENDING if signal.getsignal(number) is not signal.SIG_IGN]

    def first(number: int, frame: FrameType | None) -> None:
        for each in heeded:
            signal.signal(each, second)
        stop(number)

    def second(number: int, frame: FrameType | None) -> None:
        raise Interrupted(number)

    for each in heeded:
        signal.signal(each, first)


@contextmanager
def interruptible() -> Iterator[None]:
    """Within it signals of ENDING that would end the process raise Interrupted.

    So what was begun is cleaned up, and the user is told. Only in the main thread, which has them.
    """
    usual = []
    if current_thread() is main_thread():
        usual = [number for number in ENDING if signal.getsignal(number) is signal.SIG_DFL]
    for number in usual:
        signal.signal(number, _interrupt)
    try:
        yield
    finally:
        for number in usual:
            signal.signal(number, signal.SIG_DFL)


@contextmanager
def postponed() -> Iterator[None]:
    """Within it signals of ENDING wait, so that what is begun is noted before it is given up.

    For moments only. Only in the main thread, which has them; those that are ignored stay so.
    """
    arrived: list[int] = []
    handlers = {}
    if current_thread() is main_thread():
        handlers = {number: signal.getsignal(number) for number in ENDING}
    awaited = [n for n, handler in handlers.items() if handler not in (signal.SIG_IGN, None)]
    for number in awaited:
        signal.signal(number, lambda number, frame: arrived.append(number))
    try:
        yield
    finally:
        for number in awaited:
            signal.signal(number, handlers[number])
        for number in arrived:
            signal.raise_signal(number)


def _interrupt(number: int, frame: FrameType | None) -> None:
    raise Interrupted(number)


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


def _leave(number: int, frame: FrameType | None) -> None:
    with suppress(OSError):  # it may be closed
        if not completing():
            os.write(2, b"trapline: error: interrupted\n")
    os._exit(INTERRUPTED)
