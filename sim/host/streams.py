"""Standard streams that may be closed, full, or read by nobody."""

import os
import sys
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import IO, Any, Self, TextIO, cast

__all__ = ["UNREAD", "OutputError", "standard_streams"]

#: The exit status if nobody reads what is printed, as a shell reports it of a program of the host's
#: (128 + SIGPIPE).
UNREAD = 141


class OutputError(Exception):
    """Standard output cannot be written; one line that says so and why.

    No OSError, which libraries may take for one of theirs.

    Members
    -------
    unread : bool
        It was a pipe, and nobody reads it any more.
    """

    def __init__(self, error: OSError):
        super().__init__(f"standard output: {error.strerror or error}")
        self.unread = isinstance(error, BrokenPipeError)


@contextmanager
def standard_streams() -> Iterator[None]:
    """Streams that can be written to, whatever the shell has made of them.

    What cannot be written to standard error is dropped: a run must not fail for want of somebody to
    tell. Standard output raises OutputError. A closed stream is as good as the null device. A write
    waits for a slow reader.
    """
    _open_closed()
    # Another process that has the same pipe or terminal may have made it so.
    unblocked = [number for number in (1, 2) if not os.get_blocking(number)]
    for number in unblocked:
        os.set_blocking(number, True)
    saved = sys.stdout, sys.stderr
    # They are text files in all that they can do.
    sys.stdout = cast(TextIO, _Output(sys.stdout or open(1, "w", closefd=False)))  # noqa: SIM115
    sys.stderr = cast(TextIO, _Errors(sys.stderr or open(2, "w", closefd=False)))  # noqa: SIM115
    try:
        yield
    finally:
        sys.stdout, sys.stderr = saved
        for number in unblocked:
            os.set_blocking(number, False)


def _open_closed() -> None:
    """The next file to be opened would get the number of a closed stream, and its output."""
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # the lowest number that is free


def _abandon(file: IO[Any]) -> None:
    """Sends what still waits in `file`, and all that follows, to the null device.

    Otherwise the interpreter would try to write it once more at exit, and fail with status 120.
    """
    with suppress(OSError):  # io.UnsupportedOperation is one: a file without a descriptor
        target = file.fileno()
        null = os.open(os.devnull, os.O_WRONLY)
        os.dup2(null, target)
        os.close(null)


class _Stream(ABC):
    """A file like `file`, text or binary, but for errors: `_failed` is told of each."""

    def __init__(self, file: IO[Any]):
        self._file = file
        self._error: OSError | None = None

    @property
    def buffer(self) -> Self:
        """The binary file below, of a text file."""
        return type(self)(cast(TextIO, self._file).buffer)

    def write(self, data: str | bytes) -> int:
        """As any file's."""
        self._attempt(lambda: self._file.write(data))
        return len(data)

    def flush(self) -> None:
        """As any file's."""
        self._attempt(self._file.flush)

    @abstractmethod
    def _failed(self, error: OSError) -> None:
        """Called for each attempt to write, as soon as one has failed."""

    def _attempt(self, action: Callable[[], object]) -> None:
        if self._error is None:
            try:
                action()
            except OSError as error:
                self._error = error
                _abandon(self._file)
        # Each time anew, for whoever is told first may only have tried whether it is a text file.
        if self._error is not None:
            self._failed(self._error)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._file, name)


class _Errors(_Stream):
    def _failed(self, error: OSError) -> None:
        pass


class _Output(_Stream):
    def _failed(self, error: OSError) -> None:
        raise OutputError(error)
