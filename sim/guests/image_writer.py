"""Makes the disk image of xv6 for RISC-V, `fs.img`, that holds given files.

The kernel model fills its disk with them, and what it has then is written down: so a kernel that
boots from the image finds the inode numbers, directories and free blocks that a program finds under
the kernel model. The format is that of `disk_image.py`, the log that of 2025.
"""

from collections.abc import Iterator
from itertools import count
from struct import Struct, pack

from hdl.arch import PAGE_SIZE
from kernel_model.facts.abi import Abi
from kernel_model.facts.memlayout import KERNBASE
from kernel_model.facts.param import BSIZE, DATA_BLOCKS, MAXOPBLOCKS, NDIRECT
from kernel_model.fs.disk import Contents, Geometry
from kernel_model.fs.names import mount
from kernel_model.fs.state import FileSystem, Inode
from kernel_model.kernel import Kernel
from sim.platform.devices.captured import Captured
from sim.platform.ram import Ram

__all__ = ["GEOMETRY", "image_of", "write_image"]

#: The disk of the release of 2025: 2,000 blocks in all.
GEOMETRY = Geometry(data_blocks=DATA_BLOCKS[Abi.RELEASE_2025])

_MAGIC = 0x1020_3040
#: Where the log begins, and its blocks: a header, and what it can hold.
_LOG_START, _LOG_BLOCKS = 2, 1 + 3 * MAXOPBLOCKS
_INODE_START = _LOG_START + _LOG_BLOCKS
_INODE = Struct(f"<4hI{NDIRECT + 1}I")
_INODES_A_BLOCK = BSIZE // _INODE.size
_BITS_A_BLOCK = 8 * BSIZE
#: Pages of memory that the kernel needs to come as far as the first process.
_PAGES = 64


def write_image(contents: Contents, geometry: Geometry = GEOMETRY) -> bytes:
    """The image of a disk of that size with `contents`, by path below `/`, and with `console`.

    Raises FsError, with one line that says what does not fit, and why.
    """
    return image_of(_filled(contents, geometry))


def image_of(fs: FileSystem) -> bytes:
    """The image of what a kernel model's disk has now."""
    return _Image(fs).write()


def _filled(contents: Contents, geometry: Geometry) -> FileSystem:
    ram = Ram(KERNBASE, _PAGES * PAGE_SIZE)
    kernel = Kernel(ram, b"", Captured(), files=lambda: contents, geometry=geometry)
    mount(kernel)
    return kernel.fs


class _Image:
    """An image under construction: its blocks by number, the others are zeros."""

    def __init__(self, fs: FileSystem):
        self._fs = fs
        self._bitmap_start = _INODE_START + len(fs.inodes) // _INODES_A_BLOCK + 1
        others = self._bitmap_start + fs.data_blocks
        # The map has a bit for its own blocks, too.
        maps = next(n for n in count(1) if others + n <= n * _BITS_A_BLOCK)
        self._first, self._size = self._bitmap_start + maps, others + maps
        self._data: list[bytes] = []

    def write(self) -> bytes:
        """All blocks."""
        inodes = b"".join(self._inode(inode) for inode in self._fs.inodes)
        used = self._first + len(self._data)
        parts = {
            1: self._super_block(),
            _INODE_START: inodes,
            self._bitmap_start: ((1 << used) - 1).to_bytes(-(-used // 8), "little"),
            self._first: b"".join(self._data),
        }
        image = bytearray(self._size * BSIZE)
        for block, data in parts.items():
            image[block * BSIZE : block * BSIZE + len(data)] = data
        return bytes(image)

    def _super_block(self) -> bytes:
        return pack(
            "<8I",
            _MAGIC,
            self._size,
            self._fs.data_blocks,
            len(self._fs.inodes),
            _LOG_BLOCKS,
            _LOG_START,
            _INODE_START,
            self._bitmap_start,
        )

    def _inode(self, inode: Inode | None) -> bytes:
        """What the disk has of an inode, after its blocks got theirs; zeros if it is free."""
        if inode is None:
            return bytes(_INODE.size)
        numbers = [self._take(block) for block in _blocks(bytes(inode.data))]
        addresses = numbers[:NDIRECT]
        if len(numbers) > NDIRECT:
            addresses.append(self._take(pack(f"<{len(numbers) - NDIRECT}I", *numbers[NDIRECT:])))
        addresses += [0] * (NDIRECT + 1 - len(addresses))
        return _INODE.pack(
            inode.type, inode.major, inode.minor, inode.nlink, inode.size, *addresses
        )

    def _take(self, content: bytes) -> int:
        """The number of a block that has `content` now."""
        self._data.append(content.ljust(BSIZE, b"\0"))
        return self._first + len(self._data) - 1


def _blocks(data: bytes) -> Iterator[bytes]:
    return (data[start : start + BSIZE] for start in range(0, len(data), BSIZE))
