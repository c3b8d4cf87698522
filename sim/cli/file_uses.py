"""The files of a command line: no two of them may be one if it writes to either."""

import os
from collections.abc import Iterator, Sequence
from itertools import combinations, islice
from pathlib import Path
from typing import NamedTuple

from kernel_model.facts.param import NINODES

__all__ = ["FileUse", "find_collision", "find_intrusion"]


class FileUse(NamedTuple):
    """What the command line calls a file, where it is, and whether it is written or read.

    A folder is read with all that lies in it.
    """

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


def find_intrusion(uses: Sequence[FileUse]) -> tuple[FileUse, FileUse] | None:
    """A file of `uses` that is written, and a folder among them that has it, or would have it.

    It has what is a file there by another name, too.
    """
    written = [use for use in uses if use.written]
    for folder in (use for use in uses if use.path.is_dir()):
        known = {_identity(path) for path in _files(folder.path)} if written else set()
        for use in written:
            if _lies_in(use.path, folder.path) or _identity(use.path) in known:
                return use, folder
    return None


def _identity(path: Path) -> object:
    """What all names of a file have in common: links to it, and ways through other folders."""
    if path.exists():
        status = path.stat()
        return status.st_dev, status.st_ino
    return os.path.realpath(path)


def _files(top: Path) -> Iterator[Path]:
    """What is in the folder and below. Of more than the kernel's disk holds none is ever read."""
    paths = (Path(folder, name) for folder, _, names in os.walk(top) for name in names)
    return islice(paths, NINODES)


def _lies_in(path: Path, folder: Path) -> bool:
    """The file is in the folder or below, itself or as a link."""
    places = os.path.realpath(path), os.path.join(os.path.realpath(path.parent), path.name)
    return any(Path(place).is_relative_to(os.path.realpath(folder)) for place in places)
