"""Files that a run writes: an error says which of them it is about."""

import io
from pathlib import Path
from typing import TextIO

__all__ = ["open_output"]


class _Named(io.FileIO):
    """Python's files name themselves when they cannot be opened, but not when they are full."""

    def write(self, data):
        try:
            return super().write(data)
        except OSError as error:
            raise OSError(error.errno, error.strerror, self.name) from error


def open_output(path: Path | str, errors: str = "strict") -> TextIO:
    """Opens `path` to write text in UTF-8. All OSErrors of the file have its name."""
    raw = _Named(str(path), "w")
    return io.TextIOWrapper(io.BufferedWriter(raw), encoding="utf-8", errors=errors)
