"""What must hold of every case: it ends in time, and takes no more memory than it may."""

import resource
import signal
from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["Misbehaved", "bounded", "one_line"]

#: Seconds after which a case is taken to hang; what is slow takes a hundredth on an idle machine.
_SECONDS = 30
#: MiB by which a case may raise the most memory that this process ever had.
_MEMORY = 512


class Misbehaved(AssertionError):
    """A case that has not ended as it must; the message says how."""


@contextmanager
def bounded() -> Iterator[None]:
    """Fails with `Misbehaved` if what is inside hangs or takes too much memory."""

    def expired(number, frame):
        raise Misbehaved(f"it has not ended after {_SECONDS} s")

    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    handler = signal.signal(signal.SIGALRM, expired)
    signal.alarm(_SECONDS)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, handler)
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before >> 10
    if grown > _MEMORY:
        raise Misbehaved(f"it took {grown} MiB of memory")


def one_line(error: Exception) -> str:
    """The message of an error for a user. Fails with `Misbehaved` if it is not one line."""
    message = str(error)
    if not message.strip() or len(message.splitlines()) != 1:
        raise Misbehaved(f"{type(error).__name__} says {message!r}: not one line")
    return message
