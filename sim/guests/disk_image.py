"""Reads the disk image of xv6 for RISC-V, `fs.img`, as its `mkfs` writes it.

Everything is little-endian and in blocks of 1,024 bytes (xv6-riscv, kernel/fs.h and mkfs/mkfs.c):
boot block, super block, log, inodes of 64 bytes, a bit for each block in use, data. Releases differ
in the numbers only, which the super block tells. What the bits say is not looked at: the blocks in
use are those of the files that a path leads to.
"""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from struct import Struct, iter_unpack, unpack_from
from typing import NamedTuple

from kernel_model.facts.param import BSIZE, MAXFILE, NDIRECT, NINDIRECT, ROOTINO
from kernel_model.fs.disk import Contents, Device, Folder, Geometry, Linked
from kernel_model.fs.state import FileType

__all__ = ["ImageError", "read_image"]

_MAGIC = 0x1020_3040
_SUPER_BLOCK = Struct("<8I")
_INODE = Struct(f"<4hI{NDIRECT + 1}I")
_INODES_A_BLOCK = BSIZE // _INODE.size
#: Inode numbers in directories have 16 bits.
_MAX_INODES = 1 << 16


class ImageError(Exception):
    """The image cannot be used; one line that says what is wrong with it, and where."""


class _SuperBlock(NamedTuple):
    """`struct superblock`: numbers of blocks and inodes, and the blocks at which parts begin."""

    magic: int
    size: int
    nblocks: int
    ninodes: int
    nlog: int
    logstart: int
    inodestart: int
    bmapstart: int

    @property
    def first(self) -> int:
        """The first block for data."""
        return self.size - self.nblocks

    def in_order(self) -> bool:
        """The parts follow each other."""
        inode_blocks = -(-self.ninodes // _INODES_A_BLOCK)
        starts = [
            2,
            self.logstart,
            self.logstart + self.nlog,
            self.inodestart,
            self.inodestart + inode_blocks,
            self.bmapstart,
            self.first,
            self.size,
        ]
        return starts == sorted(starts)


@dataclass(frozen=True)
class _Inode:
    inum: int
    type: FileType
    major: int
    minor: int
    size: int
    addrs: tuple[int, ...]


def read_image(image: bytes) -> tuple[Contents, Geometry]:
    """What is on the disk, by path, and how large it is. Raises ImageError."""
    super_block = _read_super_block(image)
    geometry = Geometry(super_block.ninodes, super_block.nblocks)
    return _Disk(image, super_block).contents(), geometry


def _read_super_block(image: bytes) -> _SuperBlock:
    size = len(image)
    if size < 2 * BSIZE:
        raise ImageError(f"no disk image of xv6: {size} bytes, too few for a super block")
    block = _SuperBlock(*_SUPER_BLOCK.unpack_from(image, BSIZE))
    if block.magic != _MAGIC:
        begins = f"block 1 begins with {block.magic:#x}, not {_MAGIC:#x}"
        raise ImageError(f"no disk image of xv6 for RISC-V: {begins}")
    if block.size * BSIZE > size:
        told = f"the super block tells of {block.size} blocks of {BSIZE}"
        raise ImageError(f"truncated: {size} bytes, but {told}")
    if not block.in_order() or not ROOTINO < block.ninodes <= _MAX_INODES:
        raise ImageError("the super block is damaged: its parts do not follow each other")
    return block


class _Disk:
    def __init__(self, image: bytes, super_block: _SuperBlock):
        self._image = image
        self._super = super_block
        #: Blocks that the log has, and which are not yet written where they belong.
        self._recovered: dict[int, bytes] = {}
        self._recovered = self._recover()
        #: Whose each block is.
        self._owners: dict[int, int] = {}
        self._files: dict[int, Linked] = {}

    def _recover(self) -> dict[int, bytes]:
        """The blocks that a log has which was committed and not yet written where they belong."""
        if self._super.nlog == 0:
            return {}
        (count,) = unpack_from("<i", self._image, self._super.logstart * BSIZE)
        if not 0 <= count < min(self._super.nlog, BSIZE // 4):
            raise ImageError(f"the log is damaged: {count} blocks in one of {self._super.nlog}")
        numbers = unpack_from(f"<{count}I", self._image, self._super.logstart * BSIZE + 4)
        if any(number >= self._super.size for number in numbers):
            raise ImageError("the log is damaged: it has a block that is past the disk's end")
        copies = [self._block(self._super.logstart + 1 + n) for n in range(count)]
        return dict(zip(numbers, copies, strict=True))

    def contents(self) -> Contents:
        """The files, by path. A folder is there for itself, too."""
        found: dict[str, bytes | Linked | Device | Folder] = {}
        seen = {ROOTINO}
        folders = [("", self._inode(ROOTINO, "/"))]
        if folders[0][1].type is not FileType.DIR:
            raise ImageError(f"/: inode {ROOTINO} is no folder")
        while folders:
            path, folder = folders.pop()
            for name, inum in self._entries(folder, path):
                inode = self._inode(inum, path + name)
                if path + name in found:
                    raise ImageError(f"/{path}{name} is there twice")
                if inode.type is FileType.DIR:
                    if inum in seen:
                        raise ImageError(f"/{path}{name}: the folder has two places")
                    seen.add(inum)
                    folders.append((f"{path}{name}/", inode))
                found[path + name] = self._entry(inode, path + name)
        return found

    def _entry(self, inode: _Inode, path: str) -> Linked | Device | Folder:
        if inode.type is FileType.DIR:
            return Folder()
        if inode.type is FileType.DEVICE:
            return Device(inode.major, inode.minor)
        if inode.inum not in self._files:
            self._files[inode.inum] = Linked(self._data(inode, path))
        return self._files[inode.inum]

    def _entries(self, folder: _Inode, path: str) -> Iterator[tuple[str, int]]:
        """Yields name and inode number of each entry but `.` and `..`."""
        data = self._data(folder, path)
        if len(data) % 16:
            raise ImageError(f"/{path}: a folder of {len(data)} bytes, no multiple of 16")
        for inum, field in iter_unpack("<H14s", data):
            name = field.partition(b"\0")[0]
            if inum == 0 or name in (b".", b".."):
                continue
            if not name or b"/" in name:
                raise ImageError(f"/{path}: inode {inum} has no proper name, but {name!r}")
            yield os.fsdecode(name), inum

    def _inode(self, inum: int, path: str) -> _Inode:
        if not 0 < inum < self._super.ninodes:
            raise ImageError(f"/{path}: there is no inode {inum}, but {self._super.ninodes}")
        block = self._block(self._super.inodestart + inum // _INODES_A_BLOCK)
        kind, major, minor, _, size, *addrs = _INODE.unpack_from(
            block, inum % _INODES_A_BLOCK * _INODE.size
        )
        if kind not in list(FileType):
            raise ImageError(f"/{path}: inode {inum} has the type {kind}, which xv6 has not")
        if size > MAXFILE * BSIZE:
            raise ImageError(f"/{path}: {size} bytes, more than a file's {MAXFILE * BSIZE}")
        return _Inode(inum, FileType(kind), major, minor, size, tuple(addrs))

    def _data(self, inode: _Inode, path: str) -> bytes:
        count = -(-inode.size // BSIZE)
        numbers = list(inode.addrs[:NDIRECT])
        if count > NDIRECT:
            indirect = self._owned(inode, inode.addrs[NDIRECT], path)
            numbers += unpack_from(f"<{NINDIRECT}I", indirect)
        blocks = (self._owned(inode, number, path) for number in numbers[:count])
        return b"".join(blocks)[: inode.size]

    def _owned(self, inode: _Inode, number: int, path: str) -> bytes:
        """A block of the inode's own."""
        if not self._super.first <= number < self._super.size:
            data = f"none for data, which are {self._super.first} to {self._super.size - 1}"
            raise ImageError(f"/{path}: block {number} of inode {inode.inum} is {data}")
        if number in self._owners:
            raise ImageError(f"/{path}: block {number} is in inode {self._owners[number]}, too")
        self._owners[number] = inode.inum
        return self._block(number)

    def _block(self, number: int) -> bytes:
        start = number * BSIZE
        return self._recovered.get(number) or self._image[start : start + BSIZE]
