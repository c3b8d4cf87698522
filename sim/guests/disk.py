"""What `--disk` names: an image of an xv6 disk, or a folder of the host."""

import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

from kernel_model.facts.param import BSIZE, MAXFILE, NINODES
from kernel_model.fs.disk import Contents, Folder, Geometry, Linked
from sim.guests.disk_image import ImageError, read_image
from sim.guests.host_files import HostFileError

__all__ = ["Disk", "read_disk"]

#: The largest image, in bytes: that of the lab "file system" has 200,000 blocks.
_MAX_IMAGE = 1 << 28


@dataclass(frozen=True)
class Disk:
    """What the disk is filled with.

    Members
    -------
    contents : Contents
        By path.
    geometry : Geometry or None
        How large it is, if an image says so. Then it is a whole disk, to which nothing is added
        unasked; a folder's files are beside the bundled programs.
    """

    contents: Contents
    geometry: Geometry | None = None

    def program(self, name: str) -> bytes | None:
        """The file `name`, with or without a `/` in front, if there is one."""
        entry = self.contents.get(name.removeprefix("/"))
        data = entry.data if isinstance(entry, Linked) else entry
        return data if isinstance(data, bytes) else None


def read_disk(path: Path) -> Disk:
    """What the image or the folder `path` holds. Raises HostFileError or OSError."""
    if path.is_dir():
        return Disk(dict(_folder(path)))
    mode = path.stat()
    if not stat.S_ISREG(mode.st_mode):
        raise HostFileError(f"--disk {path}: is neither a file nor a folder")
    if mode.st_size > _MAX_IMAGE:
        raise HostFileError(f"--disk {path}: {mode.st_size} bytes, more than any disk of xv6")
    try:
        return Disk(*read_image(path.read_bytes()))
    except ImageError as error:
        raise HostFileError(f"--disk {path}: {error}") from error


def _folder(top: Path) -> Iterator[tuple[str, bytes | Folder]]:
    """Yields path and content of what is in the folder `top` and below."""
    count = 0
    for folder, names, files in os.walk(top, onerror=_raise):
        names.sort()
        count += len(names) + len(files)
        if count >= NINODES:
            more = f"more files and folders than the disk has inodes, which are {NINODES - 1}"
            raise HostFileError(f"--disk {top}: {more}")
        for name in names:
            path = Path(folder, name)
            if path.is_symlink():
                raise HostFileError(f"--disk {top}: {path} is a link to a folder; xv6 has none")
            yield _name(path, top), Folder()
        for name in sorted(files):
            path = Path(folder, name)
            yield _name(path, top), _content(path, top)


def _content(path: Path, top: Path) -> bytes:
    """What is in the file; a link is followed."""
    if not stat.S_ISREG(path.stat().st_mode):
        raise HostFileError(f"--disk {top}: {path} is neither a file nor a folder")
    most = MAXFILE * BSIZE
    with path.open("rb") as file:
        data = file.read(most + 1)
    if len(data) > most:
        raise HostFileError(f"--disk {top}: {path} has more than {most} bytes, the most of a file")
    return data


def _name(path: Path, top: Path) -> str:
    return path.relative_to(top).as_posix()


def _raise(error: OSError) -> NoReturn:
    raise error
