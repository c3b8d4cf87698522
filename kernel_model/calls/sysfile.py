"""System calls about files. Each returns the value for `a0`: -1 if it fails.

`exec` is in `sysproc.py`, with what else changes a process.
"""

from collections.abc import Callable
from functools import wraps
from struct import pack

from kernel_model.calls.args import argaddr, argint, argstr
from kernel_model.calls.state import KernelState
from kernel_model.facts.param import MAXPATH, NDEV, NOFILE
from kernel_model.fs.directory import dirlink, dirlookup, dirunlink, isdirempty
from kernel_model.fs.file import (
    filealloc,
    fileclose,
    filedup,
    fileread,
    filestat,
    filewrite,
    pipealloc,
)
from kernel_model.fs.inode import idup, iput, itrunc, iupdate
from kernel_model.fs.log import end_op, ilock
from kernel_model.fs.names import create, namei, nameiparent
from kernel_model.fs.state import File, FileKind, FileType, Inode
from kernel_model.mm.usercopy import copyout
from kernel_model.proc.state import Proc

__all__ = [
    "O_CREATE",
    "O_RDONLY",
    "O_RDWR",
    "O_TRUNC",
    "O_WRONLY",
    "argfd",
    "fdalloc",
    "sys_chdir",
    "sys_close",
    "sys_dup",
    "sys_fstat",
    "sys_link",
    "sys_mkdir",
    "sys_mknod",
    "sys_open",
    "sys_pipe",
    "sys_read",
    "sys_unlink",
    "sys_write",
]

#: Flags of `open`.
O_RDONLY = 0x000
O_WRONLY = 0x001
O_RDWR = 0x002
O_CREATE = 0x200
O_TRUNC = 0x400

_Call = Callable[[KernelState, Proc], int]


def _operation(call: _Call) -> _Call:
    """A system call that may change what the disk has."""

    @wraps(call)
    def operation(kernel: KernelState, proc: Proc) -> int:
        result = call(kernel, proc)
        end_op(kernel)
        return result

    return operation


def argfd(proc: Proc, n: int) -> tuple[int, File] | None:
    """Argument `n` as a descriptor, and the file that is open under it; None if none is."""
    fd = argint(proc, n)
    file = proc.ofile[fd] if 0 <= fd < NOFILE else None
    return None if file is None else (fd, file)


def fdalloc(proc: Proc, file: File) -> int:
    """The lowest free descriptor, which takes over the reference to `file`; -1 if none is free."""
    if None not in proc.ofile:
        return -1
    fd = proc.ofile.index(None)
    proc.ofile[fd] = file
    return fd


def sys_read(kernel: KernelState, proc: Proc) -> int:
    """read(fd, buffer, n): the bytes read, 0 at the end."""
    found = argfd(proc, 0)
    if found is None:
        return -1
    return fileread(kernel, proc, found[1], argaddr(proc, 1), argint(proc, 2))


def sys_write(kernel: KernelState, proc: Proc) -> int:
    """write(fd, buffer, n): the bytes written."""
    found = argfd(proc, 0)
    if found is None:
        return -1
    return filewrite(kernel, proc, found[1], argaddr(proc, 1), argint(proc, 2))


def sys_fstat(kernel: KernelState, proc: Proc) -> int:
    """fstat(fd, struct stat *)"""
    found = argfd(proc, 0)
    if found is None:
        return -1
    return filestat(kernel, proc, found[1], argaddr(proc, 1))


def sys_dup(kernel: KernelState, proc: Proc) -> int:
    """dup(fd): another descriptor for the same open file."""
    found = argfd(proc, 0)
    if found is None:
        return -1
    fd = fdalloc(proc, found[1])
    if fd >= 0:
        filedup(found[1])
    return fd


def sys_close(kernel: KernelState, proc: Proc) -> int:
    """close(fd)"""
    found = argfd(proc, 0)
    if found is None:
        return -1
    fd, file = found
    proc.ofile[fd] = None
    fileclose(kernel, file)
    return 0


@_operation
def sys_open(kernel: KernelState, proc: Proc) -> int:
    """open(path, flags): a descriptor. A directory can only be opened O_RDONLY."""
    path, flags = argstr(kernel, proc, 0, MAXPATH), argint(proc, 1)
    if path is None:
        return -1
    ip = _inode_to_open(kernel, proc, path, flags)
    if ip is None:
        return -1
    file = filealloc(kernel)
    fd = fdalloc(proc, file) if file else -1
    if file is None or fd < 0:
        if file:
            fileclose(kernel, file)
        iput(kernel, ip)
        return -1
    file.kind = FileKind.DEVICE if ip.type is FileType.DEVICE else FileKind.INODE
    file.ip = ip
    file.readable = not flags & O_WRONLY
    file.writable = bool(flags & (O_WRONLY | O_RDWR))
    if flags & O_TRUNC and ip.type is FileType.FILE:
        itrunc(kernel, ip)
    return fd


def _inode_to_open(kernel: KernelState, proc: Proc, path: bytes, flags: int) -> Inode | None:
    """The inode of `path`, made if the flags say so; None if it may not be opened like that."""
    if flags & O_CREATE:
        ip = create(kernel, proc, path, FileType.FILE)
    else:
        ip = namei(kernel, proc, path)
    if ip is None:
        return None
    if not flags & O_CREATE:
        ilock(kernel, ip)
    only_to_read = ip.type is FileType.DIR and flags != O_RDONLY
    no_device = ip.type is FileType.DEVICE and not 0 <= ip.major < NDEV
    if only_to_read or no_device:
        iput(kernel, ip)
        return None
    return ip


@_operation
def sys_mkdir(kernel: KernelState, proc: Proc) -> int:
    """mkdir(path)"""
    return _make(kernel, proc, FileType.DIR, 0, 0)


@_operation
def sys_mknod(kernel: KernelState, proc: Proc) -> int:
    """mknod(path, major, minor): a device; both numbers are C `short`s."""
    return _make(kernel, proc, FileType.DEVICE, _short(argint(proc, 1)), _short(argint(proc, 2)))


def _make(kernel: KernelState, proc: Proc, type: FileType, major: int, minor: int) -> int:
    path = argstr(kernel, proc, 0, MAXPATH)
    ip = None if path is None else create(kernel, proc, path, type, major, minor)
    if ip is None:
        return -1
    iput(kernel, ip)
    return 0


def _short(n: int) -> int:
    return ((n & 0xFFFF) ^ 0x8000) - 0x8000


@_operation
def sys_chdir(kernel: KernelState, proc: Proc) -> int:
    """chdir(path)"""
    path = argstr(kernel, proc, 0, MAXPATH)
    ip = None if path is None else namei(kernel, proc, path)
    if ip is None:
        return -1
    ilock(kernel, ip)
    if ip.type is not FileType.DIR:
        iput(kernel, ip)
        return -1
    if proc.cwd:
        iput(kernel, proc.cwd)
    proc.cwd = ip
    return 0


@_operation
def sys_link(kernel: KernelState, proc: Proc) -> int:
    """link(old, new): another name for a file or device; a directory has but one."""
    old, new = argstr(kernel, proc, 0, MAXPATH), argstr(kernel, proc, 1, MAXPATH)
    if old is None or new is None:
        return -1
    ip = namei(kernel, proc, old)
    if ip is None:
        return -1
    ilock(kernel, ip)
    linked = ip.type is not FileType.DIR and _link(kernel, proc, ip, new)
    iput(kernel, ip)
    return 0 if linked else -1


def _link(kernel: KernelState, proc: Proc, ip: Inode, path: bytes) -> bool:
    found = nameiparent(kernel, proc, path)
    if found is None:
        return False
    dp, name = found
    ilock(kernel, dp)
    ilock(kernel, ip)
    linked = dirlink(kernel, dp, name, ip.inum)
    if linked:
        ip.nlink += 1
        iupdate(kernel, ip)
    iput(kernel, dp)
    return linked


@_operation
def sys_unlink(kernel: KernelState, proc: Proc) -> int:
    """unlink(path): remove a name; the file goes with its last name, once it is not open."""
    path = argstr(kernel, proc, 0, MAXPATH)
    found = None if path is None else nameiparent(kernel, proc, path)
    if found is None:
        return -1
    dp, name = found
    ilock(kernel, dp)
    unlinked = name not in (b".", b"..") and _unlink(kernel, dp, name)
    iput(kernel, dp)
    return 0 if unlinked else -1


def _unlink(kernel: KernelState, dp: Inode, name: bytes) -> bool:
    """Remove `name` from the directory; False if it is not there, or a directory with entries."""
    found = dirlookup(kernel, dp, name)
    if found is None:
        return False
    ip, off = found
    ilock(kernel, ip)
    unlinked = ip.type is not FileType.DIR or isdirempty(kernel, ip)
    if unlinked:
        dirunlink(kernel, dp, off)
        ip.nlink -= 1
        if ip.type is FileType.DIR:
            dp.nlink -= 1  # its `..`
            iupdate(kernel, dp)
            ip.parent = idup(dp)
        iupdate(kernel, ip)
    iput(kernel, ip)
    return unlinked


def sys_pipe(kernel: KernelState, proc: Proc) -> int:
    """pipe(int fds[2]): the end to read, then the one to write."""
    files = pipealloc(kernel)
    if files is None:
        return -1
    fds = [fdalloc(proc, file) for file in files]
    if -1 not in fds and copyout(kernel, proc, argaddr(proc, 0), pack("<2i", *fds)):
        return 0
    for fd, file in zip(fds, files, strict=True):
        if fd >= 0:
            proc.ofile[fd] = None
        fileclose(kernel, file)
    return -1
