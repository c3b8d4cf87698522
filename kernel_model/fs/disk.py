"""What a disk holds before the first process runs, and how large it is."""

from collections.abc import Mapping
from dataclasses import dataclass

from kernel_model.facts.abi import Abi
from kernel_model.facts.param import DATA_BLOCKS, NINODES

__all__ = ["Contents", "Device", "Entry", "Folder", "Geometry", "Linked"]


@dataclass(frozen=True)
class Folder:
    """A directory, which may be empty."""


@dataclass(frozen=True)
class Device:
    """A device file."""

    major: int
    minor: int


@dataclass(frozen=True, eq=False)
class Linked:
    """A file with several names: each of them has this very object."""

    data: bytes


#: What is at a path.
Entry = bytes | Linked | Device | Folder
#: What is at each path below `/`; plain bytes are a file of one name.
Contents = Mapping[str, Entry]


@dataclass(frozen=True)
class Geometry:
    """The size of a disk.

    Members
    -------
    inodes : int
        How many there are, number 0 included, which is not used.
    data_blocks : int
        Blocks for what is in files and directories.
    """

    inodes: int = NINODES
    data_blocks: int = DATA_BLOCKS[Abi.LAB]
