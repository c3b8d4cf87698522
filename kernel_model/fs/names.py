"""Names of files: paths, making files, and filling the disk from the host.

A path is bytes. A part of it longer than DIRSIZ is cut, as in xv6. A directory that has been
unlinked but is still somebody's working directory keeps its entries, and gets new ones, as in xv6:
`namex` asks whether it is a directory, not whether it has a name.
"""

from collections.abc import Iterator

from kernel_model.facts.abi import Abi
from kernel_model.facts.costs import Mark, Step
from kernel_model.facts.panic import KernelPanic
from kernel_model.facts.param import (
    BSIZE,
    CONSOLE,
    CONSOLEINO,
    DATA_BLOCKS,
    DIRSIZ,
    MAXFILE,
    NDIRECT,
    ROOTINO,
)
from kernel_model.fs.directory import DIRENT_SIZE, dirlink, dirlookup
from kernel_model.fs.disk import Device, Entry, Folder, Linked
from kernel_model.fs.inode import ialloc, idup, iget, iput, iupdate, writei
from kernel_model.fs.log import ilock
from kernel_model.fs.state import FileState, FileType, Inode
from kernel_model.proc.state import Proc

__all__ = ["FsError", "create", "fsinit", "mount", "namei", "nameiparent", "resize"]


class FsError(Exception):
    """A file of the host does not fit; one line that says which, and why."""


def fsinit(kernel: FileState) -> None:
    """Make the root directory and in it `console`. Other files come with the first look-up."""
    root = ialloc(kernel, FileType.DIR)
    console = ialloc(kernel, FileType.DEVICE)
    if root is None or console is None or (root.inum, console.inum) != (ROOTINO, CONSOLEINO):
        raise KernelPanic("fsinit: the disk is not empty")
    console.major = CONSOLE
    for name, ip in [(b".", root), (b"..", root), (b"console", console)]:
        dirlink(kernel, root, name, ip.inum)
    for ip in (root, console):
        ip.nlink = 1
        iput(kernel, ip)


def namei(kernel: FileState, proc: Proc | None, path: bytes) -> Inode | None:
    """The inode of `path`, referenced; None if there is none. The empty path is the directory.

    Here and below `proc` is whose directory a path starts in that has no `/` in front; None if the
    path is known to have one.
    """
    return _walk(kernel, proc, path, _elements(path))


def nameiparent(kernel: FileState, proc: Proc | None, path: bytes) -> tuple[Inode, bytes] | None:
    """The directory, referenced, that the last element of `path` is or would be in, and its name.

    None if that is no directory, or if the path has no element.
    """
    elements = _elements(path)
    if not elements:
        return None
    dp = _walk(kernel, proc, path, elements[:-1])
    if dp is None:
        return None
    if dp.type is not FileType.DIR:
        iput(kernel, dp)
        return None
    return dp, elements[-1]


def create(
    kernel: FileState,
    proc: Proc | None,
    path: bytes,
    type: FileType,
    major: int = 0,
    minor: int = 0,
) -> Inode | None:
    """A new inode under `path`, or, if a plain file is wanted, the file or device that is there.

    None if that cannot be; then nothing changes.
    """
    found = nameiparent(kernel, proc, path)
    if found is None:
        return None
    dp, name = found
    ip = _existing_or_new(kernel, dp, name, type, major, minor)
    iput(kernel, dp)
    return ip


def _existing_or_new(
    kernel: FileState, dp: Inode, name: bytes, type: FileType, major: int, minor: int
) -> Inode | None:
    ilock(kernel, dp)
    there = dirlookup(kernel, dp, name)
    if there is None:
        return _new(kernel, dp, name, type, major, minor)
    ip, _ = there
    ilock(kernel, ip)
    if type is FileType.FILE and ip.type is not FileType.DIR:
        return ip
    iput(kernel, ip)
    return None


def _new(
    kernel: FileState, dp: Inode, name: bytes, type: FileType, major: int, minor: int
) -> Inode | None:
    """A new inode that the directory `dp` calls `name`; None if inodes or blocks lack."""
    ip = ialloc(kernel, type)
    if ip is None:
        return None
    ilock(kernel, ip)
    ip.major, ip.minor = major, minor
    dots = [(b".", ip.inum), (b"..", dp.inum)] if type is FileType.DIR else []
    linked = all(dirlink(kernel, ip, dot, inum) for dot, inum in dots)
    if not linked or not dirlink(kernel, dp, name, ip.inum):
        iput(kernel, ip)  # it has no link: this frees it
        return None
    ip.nlink = 1
    iupdate(kernel, ip)
    if type is FileType.DIR:
        dp.nlink += 1  # for its `..`
        iupdate(kernel, dp)
    return ip


def _elements(path: bytes) -> list[bytes]:
    return [name for name in path.split(b"/") if name]


def _walk(kernel: FileState, proc: Proc | None, path: bytes, elements: list[bytes]) -> Inode | None:
    """Where `elements` lead from the root, or, if `path` has no `/` in front, the directory."""
    mount(kernel)
    ip = iget(kernel, ROOTINO) if path.startswith(b"/") else _directory(proc)
    for name in elements:
        ilock(kernel, ip)
        found = dirlookup(kernel, ip, name) if ip.type is FileType.DIR else None
        iput(kernel, ip)
        if found is None:
            return None
        ip, _ = found
    return ip


def _directory(proc: Proc | None) -> Inode:
    """The working directory, with one more reference."""
    if proc is None or proc.cwd is None:
        raise KernelPanic("namex: no working directory")
    return idup(proc.cwd)


def mount(kernel: FileState) -> None:
    """Put the host's files onto the disk, the first time. Raises FsError if they do not fit.

    It happens by itself when a path is looked up.
    """
    files, kernel.fs.files = kernel.fs.files, None
    if files is None:
        return
    charged = kernel.meter.mark()
    linked: dict[int, bytes] = {}
    for name, entry in files().items():
        path = b"/" + name.encode(errors="surrogateescape")
        for directory in _parents(name, path):
            iput(kernel, _made(kernel, name, directory, FileType.DIR))
        _install(kernel, name, path, entry, linked)
    # xv6's mkfs rounds the root directory's size to whole blocks, and it begins another block where
    # one is full. `console`, which comes later there, is counted here: that makes it the same.
    root = iget(kernel, ROOTINO)
    root.data += bytes(-root.size % BSIZE)
    iput(kernel, root)
    _for_nothing(kernel, charged)


def _for_nothing(kernel: FileState, before: Mark) -> None:
    """What the host has put there costs nothing since the mark, but copies of the names."""
    names = kernel.meter.since(before).counts[Step.ENTRY]
    kernel.meter.back_to(before)
    kernel.charge(Step.COPY, names * DIRENT_SIZE // 8)
    kernel.fs.changed.clear()


def resize(kernel: FileState, abi: Abi) -> None:
    """Give the disk, unless it is an image's, the blocks that `abi` has.

    Raises FsError if more of them are in use.
    """
    if kernel.fs.is_image:
        return
    blocks, used = DATA_BLOCKS[abi], kernel.fs.data_blocks - kernel.fs.free_blocks
    if used > blocks:
        raise FsError(
            f"the disk's files need {used} blocks, but that of --abi {abi.value} has {blocks}"
        )
    change = blocks - kernel.fs.data_blocks
    kernel.fs.data_blocks += change
    kernel.fs.free_blocks += change


def _install(
    kernel: FileState, name: str, path: bytes, entry: Entry, linked: dict[int, bytes]
) -> None:
    """Put one entry onto the disk; raises FsError. `linked` has a path of each `Linked` by id."""
    match entry:
        case Folder():
            iput(kernel, _made(kernel, name, path, FileType.DIR))
        case Device(major, minor):
            _install_device(kernel, name, path, major, minor)
        case Linked() if id(entry) in linked:
            _link(kernel, name, path, linked[id(entry)])
        case Linked(data):
            linked[id(entry)] = path
            _install_file(kernel, name, path, data)
        case bytes():
            _install_file(kernel, name, path, entry)


def _install_device(kernel: FileState, name: str, path: bytes, major: int, minor: int) -> None:
    """A device; that which is there already, as the console is, may be installed again."""
    there = namei(kernel, None, path)
    if there is None:
        ip = _made(kernel, name, path, FileType.DEVICE)
        ip.major, ip.minor = major, minor
    elif (there.type, there.major) == (FileType.DEVICE, major):
        ip = there
    else:
        raise FsError(f"{name}: {path.decode(errors='replace')} is there already")
    iput(kernel, ip)


def _link(kernel: FileState, name: str, path: bytes, target: bytes) -> None:
    """Another name for the file `target`, which is there."""
    ip = namei(kernel, None, target)
    if ip is None:
        raise KernelPanic(f"mount: {target!r} is gone")
    dp, last = _place(kernel, path)
    if not dirlink(kernel, dp, last, ip.inum):
        raise FsError(f"{name}: is there already, or no block is left for its directory")
    ip.nlink += 1
    iput(kernel, dp)
    iput(kernel, ip)


def _install_file(kernel: FileState, name: str, path: bytes, data: bytes) -> None:
    blocks = -(-len(data) // BSIZE)
    if blocks > MAXFILE:
        raise FsError(f"{name}: {len(data)} bytes, more than a file's {MAXFILE * BSIZE}")
    ip = _made(kernel, name, path, FileType.FILE)
    free = kernel.fs.free_blocks
    room = free - (free > NDIRECT)  # the indirect block has no data
    if blocks > room:
        left = room * BSIZE
        raise FsError(f"{name}: {len(data)} bytes, but only {left} are left on the disk")
    writei(kernel, ip, 0, data)
    iput(kernel, ip)


def _parents(name: str, path: bytes) -> Iterator[bytes]:
    """The directories that the file is in, from the root on. Raises FsError if a name is bad."""
    elements = path.split(b"/")[1:]
    for element in elements:
        if element in (b"", b".", b"..") or b"\0" in element:
            raise FsError(f"{name!r}: not a path of a file")
        if len(element) > DIRSIZ:
            raise FsError(f"{name}: a name has more than {DIRSIZ} bytes")
    for n in range(1, len(elements)):
        yield b"/" + b"/".join(elements[:n])


def _made(kernel: FileState, name: str, path: bytes, type: FileType) -> Inode:
    """A new inode, or a directory that is there if one is wanted; raises FsError."""
    there = namei(kernel, None, path)
    if there is not None:
        if type is FileType.DIR is there.type:
            return there
        raise FsError(f"{name}: {path.decode(errors='replace')} is there already")
    fs = kernel.fs
    if not fs.free_inodes:
        raise FsError(f"{name}: no inode left on the disk, which has {len(fs.inodes) - 1}")
    dp, _ = _place(kernel, path)
    iput(kernel, dp)
    # One for its own entries, and one for its name where those of the directory are full.
    if (type is FileType.DIR) + (dp.size % BSIZE == 0) > fs.free_blocks:
        raise FsError(f"{name}: no block left on the disk")
    ip = create(kernel, None, path, type)
    if ip is None:
        raise KernelPanic(f"mount: {path!r} cannot be made")
    return ip


def _place(kernel: FileState, path: bytes) -> tuple[Inode, bytes]:
    """The directory that `path` is or would be in, which is there, and its name in it."""
    found = nameiparent(kernel, None, path)
    if found is None:
        raise KernelPanic(f"mount: {path!r} is in no directory")
    return found
