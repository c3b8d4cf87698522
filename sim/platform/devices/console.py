"""The console: standard input and output of the process that runs the simulation.

The kernel's side is `kernel_model.dev.console`. Where input comes from is an object of its own: the
terminal (`sim.platform.devices.terminal`), a pipe or a file (`Piped`), or the journal of an
earlier run (`sim.platform.devices.journal`).
"""

import io
import sys
from collections.abc import Callable
from typing import BinaryIO, Protocol, TypeVar

from sim.host.streams import OutputError
from sim.platform.device import Device
from sim.platform.devices.echo import Echo
from sim.platform.devices.journal import Journal
from sim.platform.devices.terminal import Terminal

__all__ = ["Console", "Piped", "Source", "standard_input"]


_T = TypeVar("_T")


class _Stoppable(Protocol):
    """A `sim.machine.Machine`."""

    def stop(self) -> None:
        """Ends the run soon."""


class Source(Protocol):
    """Where input comes from; see `kernel_model.dev.state.Console` for what its parts do."""

    echo: bool
    interrupts: bool

    @property
    def interactive(self) -> bool:
        """Somebody types, and has not ended yet."""

    def poll(self, now: int, room: int) -> bytes:
        """What has come by cycle `now`, at most `room` bytes of it."""

    def next_arrival(self, now: int) -> int | None:
        """The cycle in which more comes, if that is known."""

    def wait(self, now: int) -> bool:
        """Waits for input; False at its end."""

    def ended(self, now: int) -> bool:
        """Nothing will ever come again."""


class _Interrupted(KeyboardInterrupt):
    """Raised in the middle of a wait."""


class Piped:
    """Input from a pipe or a file, which is all there from cycle 0.

    It is read a line at a time, when a process wants it. So the run is the same however fast the
    other end of the pipe writes, and that may wait for an answer before it goes on. While it does,
    simulated time stands.
    """

    echo = False
    interrupts = False
    interactive = False

    def __init__(self, file: BinaryIO):
        self._file = file
        #: All that has been read so far, and how much of it was given.
        self._read = bytearray()
        self._given = 0
        self._ended = False

    def poll(self, now: int, room: int) -> bytes:
        """Waits for a line, and returns it or `room` bytes of it; nothing at the end."""
        if self._given == len(self._read) and not self._ended:
            self._read += self._file.readline(room)
        line = bytes(self._read[self._given : self._given + room]).partition(b"\n")
        data = line[0] + line[1]
        self._given += len(data)
        self._ended = not data
        return data

    def next_arrival(self, now: int) -> int | None:
        """Not known: whoever wants input gets it at once."""
        return None

    def wait(self, now: int) -> bool:
        """Nothing to wait for: `poll` does."""
        return not self._ended

    def ended(self, now: int) -> bool:
        """The end has been read."""
        return self._ended

    def save_state(self) -> tuple[int, bool]:
        """See `sim.checkpoint.Restorable`."""
        return self._given, self._ended

    def load_state(self, state: tuple[int, bool]) -> None:
        """What has been read since then is given once more."""
        self._given, self._ended = state


class Console(Device):
    """Bytes out, which appear at once, and bytes in; a watcher of the machine, too.

    It has no registers: the kernel model asks it.

    The simulated UART takes every byte, for the program is not to behave otherwise because of what
    the host's shell did with its output. If nobody reads it any more the run ends, as a program of
    the host's would; for any other failure, such as a full disk, it goes on without.

    Members
    -------
    echo, interrupts : bool
        Those of the source.
    midline : bool
        The output is a terminal, and its cursor stands within a line.
    failure : OutputError or None
        Why output is lost, from the first byte that could not be written on.

    Parameters
    ----------
    output : binary file
        By default standard output.
    source : Source
        By default standard input, as `standard_input` says.
    before_write : function
        Called before every write, for what else stands on the terminal.
    """

    def __init__(
        self,
        output: BinaryIO | None = None,
        source: Source | None = None,
        before_write: Callable[[], None] = lambda: None,
    ):
        self._output = output if output is not None else sys.stdout.buffer
        self._source = source if source is not None else standard_input()
        self._on_terminal = self._output.isatty()
        self._typed = Echo()
        self._before_write = before_write
        self.midline = False
        self.failure: OutputError | None = None
        self._journal: Journal | None = None
        self._waited = False
        self._waiting = False
        self._interrupted = False
        self.echo = self._source.echo
        self.interrupts = self._source.interrupts

    def keep(self, journal: Journal) -> None:
        """From now on input is written down there as it comes."""
        journal.record_source(self.echo, self.interrupts)
        self._journal = journal

    @property
    def journal_failure(self) -> OSError | None:
        """What kept input from being written down, if anything has."""
        return None if self._journal is None else self._journal.failure

    def write(self, data: bytes) -> None:
        """Prints `data` at once."""
        if self.failure is not None:
            return
        self._before_write()
        try:
            self._output.write(data)
            self._output.flush()
        except OutputError as error:
            self.failure = error
            self.midline = False
            return
        if data:
            self.midline = self._on_terminal and not data.endswith(b"\n")

    def write_echo(self, data: bytes) -> None:
        """Prints what was typed: on a terminal in a way that moves no cursor, else as it is."""
        self.write(self._typed.shown(data) if self._on_terminal else data)

    @property
    def interactive(self) -> bool:
        """Somebody types what the programs read, now or in the run that is replayed."""
        return self._source.interactive

    @property
    def occupied(self) -> bool:
        """Somebody types and reads on a terminal: whatever else is shown there is in the way."""
        return self._on_terminal and self.interactive

    @property
    def unread(self) -> bool:
        """Nobody reads the output any more."""
        return self.failure is not None and self.failure.unread

    def next_stop(self, cycle: int) -> int | None:
        """None: see `sim.machine.Watcher`."""
        return None

    def look(self, machine: _Stoppable) -> None:
        """Ends the run if it has no reader."""
        if self.unread:
            machine.stop()

    def end_line(self) -> None:
        """Sees that what else is printed on the terminal begins a line."""
        if self.midline:
            self.write(b"\n")

    def poll(self, now: int, room: int) -> bytes:
        """What has come by cycle `now`, at most `room` bytes of it."""
        data = self._unless_interrupted(lambda: self._source.poll(now, room), b"")
        if data:
            if self._journal is not None:
                self._journal.record(now, data, self._waited)
            self._waited = False
        return data

    def next_arrival(self, now: int) -> int | None:
        """The cycle in which more comes, if that is known."""
        return self._source.next_arrival(now)

    def wait(self, now: int) -> bool:
        """Waits for input; False at its end."""
        self._waited = self._unless_interrupted(lambda: self._source.wait(now), False)
        return self._waited

    def ended(self, now: int) -> bool:
        """Nothing will ever come again."""
        return self._interrupted or self._source.ended(now)

    def interrupt(self) -> None:
        """Ends input, also in the middle of a wait; for the handler of a signal."""
        self._interrupted = True
        if self._waiting:
            raise _Interrupted

    def _unless_interrupted(self, ask: Callable[[], _T], otherwise: _T) -> _T:
        if self._interrupted:
            return otherwise
        self._waiting = True
        try:
            return ask()
        except _Interrupted:
            return otherwise
        finally:
            self._waiting = False


def standard_input() -> Source:
    """The terminal, if standard input is one and this system has a way to handle it."""
    if Terminal.possible(sys.stdin):
        return Terminal(sys.stdin.fileno())
    return Piped(sys.stdin.buffer if sys.stdin is not None else io.BytesIO())
