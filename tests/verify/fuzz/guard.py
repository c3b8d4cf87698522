"""What must hold of every case: it ends in time, and takes no more memory than it may."""

import resource
import signal
from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["Misbehaved", "bounded", "one_line"]

#: Seconds of the processor after which a case is taken to hang, and of the clock if it only waits.
#: The slowest take 2 of the processor; of the clock on a busy machine many more.
_SECONDS, _WAITING = 30, 300
#: MiB by which a case may raise the most memory that this process ever had.
_MEMORY = 512
_SIGNALS = (signal.SIGPROF, signal.SIGALRM)


class Misbehaved(AssertionError):
    """A case that has not ended as it must; the message says how."""


@contextmanager
def bounded() -> Iterator[None]:
    """Fails with `Misbehaved` if what is inside hangs or takes too much memory."""

    def expired(number, frame):
        raise Misbehaved(f"it has not ended after {_SECONDS} s of the processor, or waits")

    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    handlers = [(number, signal.signal(number, expired)) for number in _SIGNALS]
    signal.setitimer(signal.ITIMER_PROF, _SECONDS)
    signal.setitimer(signal.ITIMER_REAL, _WAITING)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.setitimer(signal.ITIMER_REAL, 0)
        for number, handler in handlers:
            signal.signal(number, handler)
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before >> 10
    if grown > _MEMORY:
        raise Misbehaved(f"it took {grown} MiB of memory")


def one_line(error: Exception) -> str:
    """The message of an error for a user. Fails with `Misbehaved` if it is not one line."""
    message = str(error)
    if not message.strip() or len(message.splitlines()) != 1:
        raise Misbehaved(f"{type(error).__name__} says {message!r}: not one line")
    return message
