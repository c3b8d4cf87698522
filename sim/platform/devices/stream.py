"""Input from a pipe or a socket, at whose other end somebody may wait for what is printed."""

import os
import select
import stat
from collections.abc import Callable
from typing import Any, TextIO

__all__ = ["Stream"]

#: Bytes that are read at once.
_READ = 4096


class Stream:
    """Input that comes when it comes: the simulation goes on meanwhile, as with a terminal.

    So in which cycle it comes differs from run to run; a journal has it. It is given a line at a
    time, or as much of one as there is.

    Members
    -------
    patience : function
        The seconds that a `poll` may wait if there is nothing yet.

    Parameters
    ----------
    fd : int
        The file descriptor.
    """

    echo = False
    interrupts = True

    def __init__(self, fd: int):
        self._fd = fd
        self._pending = bytearray()
        self._closed = False
        self.patience: Callable[[], float] = float

    @staticmethod
    def possible(file: TextIO | None) -> bool:
        """The file is a pipe or a socket of this system."""
        try:
            mode = os.fstat(file.fileno()).st_mode if file is not None else 0
        except (OSError, ValueError):  # it is none of the system's
            return False
        return os.name == "posix" and (stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode))

    @property
    def interactive(self) -> bool:
        """Somebody may write to it."""
        return not self._closed

    def poll(self, now: int, room: int) -> bytes:
        """A line of what has come, at most `room` bytes."""
        if b"\n" not in self._pending:
            self._read(self.patience())
        end = self._pending.find(b"\n") + 1 or len(self._pending)
        data = bytes(self._pending[: min(end, room)])
        del self._pending[: len(data)]
        return data

    def next_arrival(self, now: int) -> int | None:
        """Nobody knows."""
        return None

    def wait(self, now: int) -> bool:
        """Waits until something comes; False at the end."""
        if not self._pending:
            self._read(None)
        return bool(self._pending)

    def ended(self, now: int) -> bool:
        """The other end was closed, and all that came has been given."""
        return self._closed and not self._pending

    def save_state(self) -> None:
        """See `sim.checkpoint.Restorable`: there is nothing that could be put back."""

    def load_state(self, state: Any) -> None:
        """What has come is gone."""

    def _read(self, timeout: float | None) -> None:
        """Reads what is there, if that is within so many seconds."""
        if self._closed:
            return
        readable, _, _ = select.select([self._fd], [], [], timeout)
        if readable:
            data = os.read(self._fd, _READ)
            self._closed = not data
            self._pending += data
