"""Directories: files of 16-byte entries {ushort inum; char name[14]}; number 0 is an empty one."""

from collections.abc import Iterator
from struct import Struct

from kernel_model.facts.costs import Step
from kernel_model.facts.panic import KernelPanic
from kernel_model.facts.param import BSIZE, DIRSIZ
from kernel_model.fs.inode import iget, iput, writei
from kernel_model.fs.log import bread
from kernel_model.fs.state import FileState, FileType, Inode

__all__ = ["DIRENT_SIZE", "dirlink", "dirlookup", "dirunlink", "isdirempty"]

_DIRENT = Struct(f"<H{DIRSIZ}s")
DIRENT_SIZE = _DIRENT.size


def dirlookup(kernel: FileState, dp: Inode, name: bytes) -> tuple[Inode, int] | None:
    """The inode that the directory `dp` calls `name`, referenced, and its entry's offset."""
    if dp.type is not FileType.DIR:
        raise KernelPanic("dirlookup not DIR")
    wanted = name[:DIRSIZ].ljust(DIRSIZ, b"\0")
    for off, inum, entry in _entries(kernel, dp):
        if inum and entry == wanted:
            return iget(kernel, inum), off
    return None


def dirlink(kernel: FileState, dp: Inode, name: bytes, inum: int) -> bool:
    """Add an entry, in the first empty place; False if `name` is there or no block is left."""
    found = dirlookup(kernel, dp, name)
    if found:
        iput(kernel, found[0])
        return False
    place = next((off for off, used, _ in _entries(kernel, dp) if not used), dp.size)
    return writei(kernel, dp, place, _DIRENT.pack(inum, name)) == DIRENT_SIZE


def dirunlink(kernel: FileState, dp: Inode, off: int) -> None:
    """Empty the entry at `off`."""
    if writei(kernel, dp, off, bytes(DIRENT_SIZE)) != DIRENT_SIZE:
        raise KernelPanic("unlink: writei")


def isdirempty(kernel: FileState, dp: Inode) -> bool:
    """Nothing but `.` and `..` is in the directory."""
    return all(off < 2 * DIRENT_SIZE or not inum for off, inum, _ in _entries(kernel, dp))


def _entries(kernel: FileState, dp: Inode) -> Iterator[tuple[int, int, bytes]]:
    """Yield (offset, inode number, name with its NULs) of each entry, empty ones too."""
    for index, (inum, name) in enumerate(_DIRENT.iter_unpack(dp.data)):
        if index * DIRENT_SIZE % BSIZE == 0:
            bread(kernel, (dp.inum, index * DIRENT_SIZE // BSIZE))
        kernel.charge(Step.ENTRY)
        yield index * DIRENT_SIZE, inum, name
