"""What files cost besides their bytes: locks, blocks that are looked at, and the log.

The disk is kept in memory, so none of it has to be done. It is counted where the kernel in C does
it (`programs/kernel/fs.c`, `bio.c`, `log.c`), and under its names.
"""

from collections.abc import Hashable

from kernel_model.facts.costs import Step
from kernel_model.facts.param import NBUF
from kernel_model.fs.state import FileState, Inode

__all__ = ["MAP", "block_of", "bread", "end_op", "ilock", "log_write"]

#: The block that says which are free; disks have one.
MAP = "map"
#: Inodes in a block of the disk.
_INODES = 16
_HEAD = "log", 0


def block_of(inum: int) -> Hashable:
    """The block of the inode `inum`."""
    return "inodes", inum // _INODES


def bread(kernel: FileState, block: Hashable) -> None:
    """A block is looked at, which has to be read if none of the buffers has it."""
    kernel.charge(Step.BLOCK)
    buffers = kernel.fs.buffers
    if block in buffers:
        buffers.remove(block)
    else:
        kernel.charge(Step.DISK)
        if len(buffers) == NBUF:
            del buffers[0]
    buffers.append(block)


def ilock(kernel: FileState, ip: Inode) -> None:
    """The inode is locked, and later unlocked; its block is read if nobody had it yet."""
    kernel.charge(Step.INODE)
    if not ip.valid:
        ip.valid = True
        bread(kernel, block_of(ip.inum))


def log_write(kernel: FileState, block: Hashable) -> None:
    """A block has changed; it is looked at for that."""
    bread(kernel, block)
    if block not in kernel.fs.changed:
        kernel.fs.changed.append(block)


def end_op(kernel: FileState) -> None:
    """A system call has done with files: what it has changed goes to the disk.

    Each block is written to the log and to its place, and the log's head after either.
    """
    kernel.charge(Step.OPERATION)
    changed = kernel.fs.changed
    if not changed:
        return
    for number, block in enumerate(changed, 1):
        bread(kernel, block)
        bread(kernel, ("log", number))
    for block in (_HEAD, *changed, _HEAD):
        bread(kernel, block)
    kernel.charge(Step.DISK, 2 * len(changed) + 2)
    changed.clear()
