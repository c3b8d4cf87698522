"""Signals that would end the process, for tests that send them to it or to what they start."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager

from sim.host.interrupts import ENDING

__all__ = ["heed_all", "heeded"]


def heed_all() -> None:
    """None is ignored any more.

    Who starts the tests in the background, or by nohup, has had them ignored, and what the tests
    start would ignore them, too, and not be interrupted.
    """
    for number in ENDING:
        if signal.getsignal(number) is signal.SIG_IGN:
            signal.signal(number, _usual(number))


@contextmanager
def heeded(number: int) -> Iterator[None]:
    """Meanwhile it does what it does usually, whoever has changed that."""
    before = signal.signal(number, _usual(number))
    yield
    signal.signal(number, before)


def _usual(number: int) -> "signal._HANDLER":
    return signal.default_int_handler if number == signal.SIGINT else signal.SIG_DFL
