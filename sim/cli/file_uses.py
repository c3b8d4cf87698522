"""The files of a command line: no two of them may be one if it writes to either."""

import os
from collections.abc import Sequence
from itertools import combinations
from pathlib import Path
from typing import NamedTuple

__all__ = ["FileUse", "find_collision"]


class FileUse(NamedTuple):
    """What the command line calls a file, where it is, and whether it is written or read."""

    name: str
    path: Path
    written: bool


def find_collision(uses: Sequence[FileUse]) -> tuple[FileUse, FileUse] | None:
    """Two of `uses` that are the same file, by whatever name, of which one is written.

    Devices and pipes such as /dev/null may be written to twice.
    """
    files = [use for use in uses if use.path.is_file() or not use.path.exists()]
    for one, other in combinations(files, 2):
        if (one.written or other.written) and _identity(one.path) == _identity(other.path):
            return one, other
    return None


def _identity(path: Path) -> object:
    """What all names of a file have in common: links to it, and ways through other folders."""
    if path.exists():
        status = path.stat()
        return status.st_dev, status.st_ino
    return os.path.realpath(path)
