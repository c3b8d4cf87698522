"""A terminal whose keys go to the simulated console as they are struck."""

import atexit
import os
import select
from contextlib import suppress
from typing import TextIO

try:
    import termios
    import tty
except ImportError:  # Windows has no such terminals
    termios = None

__all__ = ["Terminal"]


class Terminal:
    """Input from a terminal without the host's line editing and echo: the kernel has its own.

    The terminal is changed when input is wanted for the first time, and put back when the process
    ends or `restore` is called. Ctrl-C and Ctrl-Z work as ever.

    Parameters
    ----------
    fd : int
        Its file descriptor.
    """

    echo = True
    interrupts = True

    def __init__(self, fd: int):
        self._fd = fd
        self._saved = None
        self._pending = b""
        self._ended = False

    @staticmethod
    def possible(file: TextIO | None) -> bool:
        """The file is a terminal that this class can handle."""
        return termios is not None and file is not None and file.isatty()

    def poll(self, now: int, room: int) -> bytes:
        """What has been typed, at most `room` bytes of it; never waits."""
        self._start()
        if not self._pending and not self._ended:
            self._read(timeout=0)
        data, self._pending = self._pending[:room], self._pending[room:]
        return data

    def next_arrival(self, now: int) -> int | None:
        """Nobody knows."""
        return None

    def wait(self, now: int) -> bool:
        """Waits until something is typed; False if the terminal is gone."""
        self._start()
        if not self._pending and not self._ended:
            self._read(timeout=None)
        return bool(self._pending)

    def ended(self, now: int) -> bool:
        """The terminal is gone, and all that was typed there has been given."""
        return self._ended and not self._pending

    def restore(self) -> None:
        """Gives the terminal back as it was."""
        if self._saved is not None:
            with suppress(termios.error):  # it may be gone
                termios.tcsetattr(self._fd, termios.TCSADRAIN, self._saved)
            self._saved = None
            atexit.unregister(self.restore)

    def _start(self):
        if self._saved is None and not self._ended:
            self._saved = termios.tcgetattr(self._fd)
            atexit.register(self.restore)
            # Not TCSAFLUSH: it would drop what has been typed ahead.
            tty.setcbreak(self._fd, termios.TCSADRAIN)

    def _read(self, timeout):
        readable, _, _ = select.select([self._fd], [], [], timeout)
        if not readable:
            return
        try:
            self._pending = os.read(self._fd, 4096)
        except OSError:  # Linux reports a terminal that was hung up so
            self._pending = b""
        self._ended = not self._pending

    def __deepcopy__(self, memo):
        """The same: there is one terminal."""
        return self
