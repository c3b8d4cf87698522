"""What is open, what a file is, and what is global about files: xv6's `file.h`."""

from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from enum import Enum, IntEnum, auto
from typing import Protocol

from kernel_model.dev.state import ConsoleState
from kernel_model.fs.disk import Contents, Geometry

__all__ = ["File", "FileKind", "FileState", "FileSystem", "FileType", "Inode", "Pipe"]


class FileType(IntEnum):
    """What an inode is; the values of `struct stat`."""

    DIR = 1
    FILE = 2
    DEVICE = 3


@dataclass(slots=True, eq=False)
class Inode:
    """A file, a directory or a device."""

    inum: int
    type: FileType
    #: Numbers of a device.
    major: int = 0
    minor: int = 0
    #: Directory entries that name it. A directory's `.` does not count.
    nlink: int = 0
    #: Open files, working directories and functions under way that hold it.
    ref: int = 0
    data: bytearray = field(default_factory=bytearray)
    #: Blocks that hold the data, and whether it has the block that lists those from NDIRECT on.
    blocks: int = 0
    indirect: bool = False
    #: Of a directory that was unlinked while somebody is in it: what its `..` names, and holds. In
    #: xv6 that may be gone: the look-up panics, or finds what has got the number since.
    parent: "Inode | None" = None
    #: Its block has been looked at since it got its first reference.
    valid: bool = False

    @property
    def size(self) -> int:
        """Bytes."""
        return len(self.data)


class FileSystem:
    """What is on the disk.

    Parameters
    ----------
    files : callable
        What the disk is filled with when a path is looked up for the first time.
    geometry : Geometry
        How large it is.

    Attributes
    ----------
    inodes : list of Inode or None
        By number; None is free. Number 0 is never used.
    data_blocks, free_blocks : int
        Blocks for data, and those of them that are left.
    changed : list
        Blocks, whatever they are called, that the system call under way has changed.
    buffers : list
        Those that the kernel in C has in memory; the last one was looked at last.
    """

    def __init__(self, files: Callable[[], Contents] = dict, geometry: Geometry | None = None):
        #: The size of an image's disk stays; that of another is its release's.
        self.is_image = geometry is not None
        geometry = geometry or Geometry()
        self.files: Callable[[], Contents] | None = files
        self.inodes: list[Inode | None] = [None] * geometry.inodes
        self.data_blocks = self.free_blocks = geometry.data_blocks
        self.changed: list[Hashable] = []
        self.buffers: list[Hashable] = []

    @property
    def free_inodes(self) -> int:
        """Inodes left."""
        return self.inodes.count(None) - 1


@dataclass(slots=True, eq=False)
class Pipe:
    """PIPESIZE bytes between two open files.

    xv6 keeps a pipe in a frame of its own. The frame is taken here too, so that pipes cost memory
    and fail without it, but the bytes are kept in Python.
    """

    frame: int
    data: bytearray = field(default_factory=bytearray)
    readopen: bool = True
    writeopen: bool = True

    @property
    def reader(self) -> tuple[str, int]:
        """What a reader of the empty pipe waits for."""
        return "pipe-read", self.frame

    @property
    def writer(self) -> tuple[str, int]:
        """What a writer of the full pipe waits for."""
        return "pipe-write", self.frame


class FileKind(Enum):
    """What is open."""

    NONE = auto()
    PIPE = auto()
    INODE = auto()
    DEVICE = auto()


@dataclass(slots=True, eq=False)
class File:
    """An open file, which descriptors of several processes may share with its offset."""

    #: Descriptors.
    ref: int = 1
    kind: FileKind = FileKind.NONE
    readable: bool = False
    writable: bool = False
    #: Of PIPE.
    pipe: Pipe | None = None
    #: Of INODE and DEVICE.
    ip: Inode | None = None
    #: Of INODE: where the next read or write starts.
    off: int = 0


class FileState(ConsoleState, Protocol):
    """Files, and all below them; `Kernel` has it all."""

    fs: FileSystem
    #: The open files of all processes.
    ftable: list[File]
