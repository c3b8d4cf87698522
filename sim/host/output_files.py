"""Files that a run writes: an error says which of them it is about."""

import errno
import io
import os
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

__all__ = [
    "STDOUT",
    "check_writable",
    "empty",
    "not_whole",
    "open_output",
    "position_of",
    "return_to",
]

#: What stands for standard output where a file may be named.
STDOUT = "-"


class _Named(io.FileIO):
    """Python's files name themselves when they cannot be opened, but not when they are full."""

    def write(self, data: "ReadableBuffer") -> int:
        try:
            return super().write(data)
        except OSError as error:
            raise OSError(error.errno, error.strerror, self.name) from error


def check_writable(path: Path) -> None:
    """Raises OSError if `path` cannot be written; leaves it as it is, and creates nothing."""
    if path.is_dir():
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
    if path.exists() and not path.is_file():
        # To open a pipe would wait for its reader, and be noticed by it.
        if not os.access(path, os.W_OK):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path))
        return
    target = os.path.realpath(path)  # a link may lead to where nothing is yet
    is_new = not os.path.exists(target)
    try:
        open(target, "ab").close()
    except OSError as error:
        raise OSError(error.errno, error.strerror, str(path)) from error
    if is_new:
        os.unlink(target)


def empty(*paths: Path | str | None) -> None:
    """Takes out what is in those of `paths` that are files. Raises OSError."""
    for path in paths:
        if isinstance(path, Path) and path.is_file():
            os.truncate(path, 0)


def open_output(path: Path | str, errors: str = "backslashreplace") -> TextIO:
    """Opens `path` to write text in UTF-8. All OSErrors of the file have its name.

    Names may have bytes that are no text: they are written as `\\udcXX`, as JSON has them.
    """
    raw = _Named(str(path), "w")
    return io.TextIOWrapper(io.BufferedWriter(raw), encoding="utf-8", errors=errors)


def not_whole(option: str, error: OSError) -> str:
    """What is said of a file that could not be written to its end; `option` asked for it."""
    return f"{option} {error.filename}: {error.strerror}; it is not whole"


def position_of(file: TextIO) -> int | None:
    """Where the next byte of an output goes; None for a pipe, which keeps what it got."""
    if not file.seekable():
        return None
    return file.tell()


def return_to(file: TextIO, position: int | None) -> None:
    """Takes back what was written to an output since it was at `position`."""
    if position is not None:
        file.seek(position)
        file.truncate()
