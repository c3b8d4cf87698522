"""Signals that would end the process, for tests that send them to it."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["heeded"]


@contextmanager
def heeded(number: int) -> Iterator[None]:
    """Meanwhile it is not ignored, as it may be where the tests are started by nohup."""
    usual = signal.default_int_handler if number == signal.SIGINT else signal.SIG_DFL
    before = signal.signal(number, usual)
    yield
    signal.signal(number, before)
