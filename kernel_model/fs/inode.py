"""Inodes: files without names, on a disk that is kept in memory.

As the lower half of xv6's `fs.c`, without disk, log and locks. A file has no holes, since it can be
written up to its end only. So its bytes are kept as one array, and how many blocks hold them is
counted; `kernel.fs` has what xv6 keeps on the disk. Every inode is in memory: xv6 has room for 50
that are in use, and panics if a program wants more.
"""

from struct import pack

from kernel_model.dev.printf import printf
from kernel_model.facts.panic import KernelPanic
from kernel_model.facts.param import BSIZE, MAXFILE, NDIRECT, ROOTDEV
from kernel_model.fs.log import MAP, block_of, bread, ilock, log_write
from kernel_model.fs.state import FileState, FileType, Inode

__all__ = [
    "ialloc",
    "idup",
    "iget",
    "iput",
    "itrunc",
    "iupdate",
    "readi",
    "stati",
    "writei",
]

_UINT_MAX = 0xFFFF_FFFF
#: The block of a file that lists those from NDIRECT on.
_LIST = -1


def ialloc(kernel: FileState, type: FileType) -> Inode | None:
    """A new inode, referenced and without a link; None if there is none left."""
    inodes = kernel.fs.inodes
    for inum in range(1, len(inodes)):
        if inodes[inum] is None:
            inodes[inum] = Inode(inum, type)
            for full in range(0, inum - inum % 16, 16):
                bread(kernel, block_of(full))
            log_write(kernel, block_of(inum))
            return iget(kernel, inum)
    printf(kernel, "ialloc: no inodes\n")
    return None


def iget(kernel: FileState, inum: int) -> Inode:
    """The inode of that number, with one more reference."""
    ip = kernel.fs.inodes[inum]
    if ip is None:
        raise KernelPanic(f"iget: inode {inum} is free")
    return idup(ip)


def idup(ip: Inode) -> Inode:
    """`ip`, with one more reference."""
    ip.ref += 1
    return ip


def iput(kernel: FileState, ip: Inode) -> None:
    """Give back a reference. The last one of an inode without links frees it and its blocks."""
    if ip.ref < 1:
        raise KernelPanic(f"iput: inode {ip.inum} has no reference")
    ip.ref -= 1
    if ip.ref > 0:
        return
    if ip.nlink == 0:
        ilock(kernel, ip)
        itrunc(kernel, ip)
        iupdate(kernel, ip)
        kernel.fs.inodes[ip.inum] = None
        if ip.parent:
            iput(kernel, ip.parent)
    ip.valid = False


def iupdate(kernel: FileState, ip: Inode) -> None:
    """What the disk keeps of `ip` besides its bytes has changed."""
    log_write(kernel, block_of(ip.inum))


def itrunc(kernel: FileState, ip: Inode) -> None:
    """Free what is in `ip`."""
    freed = ip.blocks + ip.indirect
    kernel.fs.free_blocks += freed
    for _ in range(freed):
        log_write(kernel, MAP)
    iupdate(kernel, ip)
    ip.blocks, ip.indirect = 0, False
    ip.data.clear()


def readi(kernel: FileState, ip: Inode, off: int, n: int) -> bytes:
    """Up to `n` bytes from `off` on. As in xv6 a negative `n` is a large unsigned one."""
    n &= _UINT_MAX
    if off + n > _UINT_MAX:
        return b""
    data = bytes(ip.data[off : off + n])
    for bn in range(off // BSIZE, -(-(off + len(data)) // BSIZE)):
        if bn >= NDIRECT:
            bread(kernel, (ip.inum, _LIST))
        bread(kernel, (ip.inum, bn))
    return data


def writei(kernel: FileState, ip: Inode, off: int, data: bytes, n: int | None = None) -> int:
    """Store `data` at `off`; how many bytes were stored.

    That is fewer if blocks lack, or if the writer wants `n` bytes and could read only those of
    `data`: what is read in part of a block is not stored, but the block is the file's, as in xv6.
    -1, and nothing changes, if `off` is behind the end or the file would get larger than MAXFILE
    blocks.
    """
    readable = off + len(data)
    end = readable if n is None else off + n
    if off > ip.size or end > MAXFILE * BSIZE:
        return -1
    for bn in range(off // BSIZE, -(-end // BSIZE)):
        if not _bmap(kernel, ip, bn) or readable < min(end, (bn + 1) * BSIZE):
            end = max(bn * BSIZE, off)
            break
        log_write(kernel, (ip.inum, bn))
    iupdate(kernel, ip)
    ip.data[off:end] = data[: end - off]
    return end - off


def stati(ip: Inode) -> bytes:
    """The `struct stat` {int dev; uint ino; short type; short nlink; uint64 size} of `ip`."""
    return pack("<iIhh4xQ", ROOTDEV, ip.inum, ip.type, ip.nlink, ip.size)


def _bmap(kernel: FileState, ip: Inode, bn: int) -> bool:
    """See that `ip` has its block `bn`, at most one more than it has; False if none is left."""
    if bn < ip.blocks:
        return True
    if bn == NDIRECT and not ip.indirect:
        if not _balloc(kernel):
            return False
        log_write(kernel, (ip.inum, _LIST))  # it is cleared
        ip.indirect = True
    if not _balloc(kernel):
        return False
    if ip.indirect:
        log_write(kernel, (ip.inum, _LIST))
    log_write(kernel, (ip.inum, bn))  # it is cleared
    ip.blocks += 1
    return True


def _balloc(kernel: FileState) -> bool:
    """Take a block; False if none is left."""
    if kernel.fs.free_blocks == 0:
        printf(kernel, "balloc: out of blocks\n")
        return False
    kernel.fs.free_blocks -= 1
    log_write(kernel, MAP)
    return True
