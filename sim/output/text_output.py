"""A file of text that a run writes as it goes, and takes back if the run is put back."""

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import TextIO

from sim.host.output_files import open_output, position_of, return_to

__all__ = ["TextOutput"]

#: Characters that are copied at once.
_CHUNK = 1 << 16


class TextOutput:
    """Writes text to `path`; raises OSError, with the file's name, if it cannot be made.

    Without a path the file has no name, and is only there to be copied (`copy_to`).
    What goes wrong later is no reason to end a run: nothing more is written, and `close` tells.
    """

    def __init__(self, path: Path | str | None):
        self._file = _temporary_file() if path is None else open_output(path)
        self._failure: OSError | None = None

    def write(self, text: str) -> None:
        """Appends it."""
        if self._failure is not None:
            return
        try:
            self._file.write(text)
        except OSError as error:
            self._failure = error

    def copy_to(self, take: Callable[[bytes], object]) -> None:
        """Hands on all that has been written, if nothing has gone wrong."""
        if self._failure is not None:
            return
        self._file.flush()
        self._file.seek(0)
        while data := self._file.read(_CHUNK):
            take(data.encode())

    def close(self) -> OSError | None:
        """Ends the file; returns what has gone wrong, if anything has."""
        try:
            self._file.close()
        except OSError as error:
            self._failure = self._failure or error
        return self._failure

    def save_state(self) -> tuple[int | None, OSError | None]:
        """See `sim.checkpoint.Restorable`."""
        return position_of(self._file), self._failure

    def load_state(self, state: tuple[int | None, OSError | None]) -> None:
        """What has been written since then is taken out of the file."""
        position, self._failure = state
        return_to(self._file, position)


def _temporary_file() -> TextIO:
    return tempfile.TemporaryFile("w+", encoding="utf-8", errors="backslashreplace")
