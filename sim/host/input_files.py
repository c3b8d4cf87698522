"""Files that are read whole, before a run: regular ones, for others may have no end."""

import errno
import stat
from pathlib import Path

__all__ = ["fault_of", "read_whole"]

_KINDS = {
    stat.S_IFDIR: "is a folder",
    stat.S_IFIFO: "is a pipe, no regular file",
    stat.S_IFSOCK: "is a socket, no regular file",
    stat.S_IFCHR: "is a device, no regular file",
    stat.S_IFBLK: "is a device, no regular file",
}


def fault_of(path: Path | str) -> str | None:
    """Why `path` is no file to be read, in words; None if it is one."""
    if not str(path):
        return "the file's name is empty"
    try:
        kind = stat.S_IFMT(Path(path).stat().st_mode)
    except (OSError, ValueError) as error:
        return getattr(error, "strerror", None) or str(error)
    return None if kind == stat.S_IFREG else _KINDS.get(kind, "is no regular file")


def read_whole(path: Path, most: int = -1) -> bytes:
    """The content, or its first `most` bytes. Raises OSError, also if it is no regular file."""
    fault = fault_of(path)
    if fault is not None and path.exists():
        raise OSError(errno.EINVAL, fault, str(path))
    with path.open("rb") as file:
        return file.read(most)
