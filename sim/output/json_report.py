"""The result of a run as JSON, whose faults are written as they come."""

import json
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TextIO

from sim.host.output_files import STDOUT, open_output, position_of, return_to

__all__ = ["JsonReport"]

#: Characters that are copied to standard output at once.
_CHUNK = 1 << 16

#: Where the file ends, what stands before the next fault, and what has gone wrong.
_State = tuple[int | None, str, OSError | None]


class JsonReport:
    """Writes a JSON object to `path`: the faults first, a line each, then the rest, as of
    `sim.output.facts`.

    What goes wrong in the middle of a run is raised at its end: the run goes on.

    Parameters
    ----------
    path : Path or STDOUT
        Where it goes. If that is standard output, `write` gets it at the end, since what the
        program prints comes first.
    write : function
        Takes bytes for standard output.

    Raises OSError, with the file's name.
    """

    def __init__(self, path: Path | str, write: Callable[[bytes], object]):
        self._write_out = write if path == STDOUT else None
        self._file: TextIO = open_output(path) if path != STDOUT else _temporary_file()
        self._failure: OSError | None = None
        self._separator = "\n    "
        self._write('{\n  "faults": [')

    def fault(self, facts: Mapping[str, Any]) -> None:
        """Writes a fault of which nothing more will be known."""
        self._write(self._separator + json.dumps(facts))
        self._separator = ",\n    "

    def finish(self, facts: Mapping[str, Any]) -> None:
        """Writes all else, and closes the file. Raises what has gone wrong, if anything has."""
        self._write("\n  ],\n" + json.dumps(facts, indent=2)[2:] + "\n")
        if self._failure is None and self._write_out is not None:
            self._copy(self._write_out)
        try:
            self._file.close()
        except OSError as error:
            self._failure = self._failure or error
        if self._failure is not None:
            raise self._failure

    def save_state(self) -> _State:
        """See `sim.checkpoint.Restorable`."""
        return position_of(self._file), self._separator, self._failure

    def load_state(self, state: _State) -> None:
        """The faults since then are taken out of the file."""
        position, self._separator, self._failure = state
        return_to(self._file, position)

    def _copy(self, write: Callable[[bytes], object]) -> None:
        self._file.flush()
        self._file.seek(0)
        while data := self._file.read(_CHUNK):
            write(data.encode())

    def _write(self, text: str) -> None:
        if self._failure is not None:
            return
        try:
            self._file.write(text)
        except OSError as error:
            self._failure = error


def _temporary_file() -> TextIO:
    return tempfile.TemporaryFile("w+", encoding="utf-8")
