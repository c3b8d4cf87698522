"""A terminal whose keys go to the simulated console as they are struck."""

import atexit
import os
import select
import signal
from collections.abc import Callable
from contextlib import suppress
from types import FrameType
from typing import Any, TextIO

try:
    import termios
    import tty
except ImportError:  # Windows has no such terminals
    termios = None  # type: ignore[assignment]

from sim.host.terminals import in_foreground

__all__ = ["Terminal"]

_Handler = Callable[[int, FrameType | None], None]

#: Signals that end the process, and would leave the terminal to whoever comes next as it is.
_DEADLY = ("SIGTERM", "SIGHUP", "SIGQUIT")
#: Seconds after which a run in the background looks whether it has the terminal now.
_LOOK_AGAIN = 0.1


class Terminal:
    """Input from a terminal without the host's line editing and echo: the kernel has its own.

    The terminal is changed when input is wanted for the first time, and put back when the process
    stops (Ctrl-Z), when it ends, by a signal too, or when `restore` is called. When it goes on in
    the foreground the terminal is changed again. Ctrl-C and Ctrl-Z work as ever.

    Members
    -------
    patience : function
        The seconds that a `poll` may wait if nothing has been typed; 0 unless somebody says else.

    Parameters
    ----------
    fd : int
        Its file descriptor.
    """

    echo = True
    interrupts = True

    def __init__(self, fd: int):
        self._fd = fd
        self._saved: Any = None
        self._taken = False
        self._handlers: dict[int, Any] = {}
        self._pending = b""
        self._ended = False
        self.patience: Callable[[], float] = float

    @property
    def interactive(self) -> bool:
        """Somebody types: input was wanted from it."""
        return self._saved is not None

    @staticmethod
    def possible(file: TextIO | None) -> bool:
        """The file is a terminal that this class can handle."""
        return termios is not None and file is not None and file.isatty()

    def poll(self, now: int, room: int) -> bytes:
        """What has been typed, at most `room` bytes of it; waits no longer than `patience` says."""
        self._start()
        if not self._pending and not self._ended:
            self._read(timeout=self.patience())
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
            self._give_back()
            self._saved = None
            atexit.unregister(self.restore)
            for number, handler in self._handlers.items():
                signal.signal(number, handler)
            self._handlers = {}

    def _start(self) -> None:
        if self._saved is None and not self._ended:
            self._saved = termios.tcgetattr(self._fd)
            atexit.register(self.restore)
            self._handle("SIGTSTP", self._stop)
            self._handle("SIGCONT", self._go_on)
            for name in _DEADLY:
                self._handle(name, self._die)
            self._take()

    def _take(self) -> None:
        # Not TCSAFLUSH: it would drop what has been typed ahead.
        tty.setcbreak(self._fd, termios.TCSADRAIN)
        self._taken = True

    def _give_back(self) -> None:
        self._taken = False
        with suppress(termios.error):  # it may be gone
            termios.tcsetattr(self._fd, termios.TCSADRAIN, self._saved)

    def _handle(self, name: str, handler: _Handler) -> None:
        """Handles the signal, unless somebody else does or it is ignored, as a shell's `nohup`."""
        number = getattr(signal, name)
        if signal.getsignal(number) is signal.SIG_DFL:
            with suppress(ValueError):  # handlers are for the main thread
                self._handlers[number] = signal.signal(number, handler)

    def _stop(self, number: int, frame: FrameType | None) -> None:
        """Stops the process as Ctrl-Z does; `_go_on` comes next, if anything."""
        if in_foreground(self._fd):
            self._give_back()
        self._by_default(number)
        signal.signal(number, self._stop)
        # A shell without job control has no way to stop us: then there is no SIGCONT.
        self._go_on(number, frame)

    def _go_on(self, number: int, frame: FrameType | None) -> None:
        """The shell may have changed the terminal; in the background it is none of ours."""
        self._taken = False
        self._take_in_foreground()

    def _take_in_foreground(self) -> None:
        if in_foreground(self._fd):
            with suppress(termios.error):
                self._take()

    def _die(self, number: int, frame: FrameType | None) -> None:
        if in_foreground(self._fd):
            self._give_back()
        self._by_default(number)

    @staticmethod
    def _by_default(number: int) -> None:
        signal.signal(number, signal.SIG_DFL)
        signal.raise_signal(number)

    def _read(self, timeout: float | None) -> None:
        """Reads what is there, or comes within `timeout` seconds; None is for ever."""
        while True:
            # A job that runs in the background is not told that it has come to the foreground.
            if not self._taken:
                self._take_in_foreground()
            patience = timeout if self._taken or timeout is not None else _LOOK_AGAIN
            readable, _, _ = select.select([self._fd], [], [], patience)
            if readable:
                break
            if timeout is not None:
                return
        try:
            self._pending = os.read(self._fd, 4096)
        except OSError:  # Linux reports a terminal that was hung up so
            self._pending = b""
        self._ended = not self._pending

    def save_state(self) -> None:
        """See `sim.checkpoint.Restorable`: there is nothing that could be put back."""

    def load_state(self, state: None) -> None:
        """What has been typed is gone."""
