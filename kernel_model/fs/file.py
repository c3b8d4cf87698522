"""Open files: what a descriptor stands for."""

from collections.abc import Callable

from kernel_model.dev.console import consoleread, consolewrite
from kernel_model.facts.costs import Step
from kernel_model.facts.panic import KernelPanic
from kernel_model.facts.param import BSIZE, CONSOLE, CONSOLEINO, MAXOPBLOCKS, NFILE
from kernel_model.fs.inode import iget, iput, readi, stati, writei
from kernel_model.fs.log import end_op, ilock
from kernel_model.fs.pipe import newpipe, pipeclose, piperead, pipewrite
from kernel_model.fs.state import File, FileKind, FileState, Inode
from kernel_model.mm.usercopy import copyin_part, copyout
from kernel_model.proc.state import Proc

__all__ = [
    "MAX_WRITE",
    "filealloc",
    "fileclose",
    "filedup",
    "fileread",
    "filestat",
    "filewrite",
    "openconsole",
    "pipealloc",
]

#: What reads or writes so many bytes at an address of a process.
_Driver = Callable[[FileState, Proc, int, int], int]
#: Drivers by major number: read and write.
_DEVSW: dict[int, tuple[_Driver, _Driver]] = {CONSOLE: (consoleread, consolewrite)}
#: Most bytes that one call of `writei` gets; xv6's log holds no more.
MAX_WRITE = (MAXOPBLOCKS - 4) // 2 * BSIZE


def filealloc(kernel: FileState) -> File | None:
    """A new open file with one reference; None if NFILE are open."""
    if len(kernel.ftable) >= NFILE:
        return None
    file = File()
    kernel.ftable.append(file)
    return file


def filedup(file: File) -> File:
    """`file`, with one more reference."""
    if file.ref < 1:
        raise KernelPanic("filedup")
    file.ref += 1
    return file


def fileclose(kernel: FileState, file: File) -> None:
    """Give back a reference; the last one closes the file."""
    kernel.charge(Step.FILE)
    if file.ref < 1:
        raise KernelPanic("fileclose")
    file.ref -= 1
    if file.ref > 0:
        return
    kernel.ftable.remove(file)
    if file.pipe is not None:
        pipeclose(kernel, file.pipe, file.writable)
    elif file.ip is not None:
        iput(kernel, file.ip)
        end_op(kernel)


def filestat(kernel: FileState, proc: Proc, file: File, addr: int) -> int:
    """Store the `struct stat` of `file` at `addr` of `proc`; -1 if it is a pipe, or cannot be."""
    if file.ip is None:
        return -1
    ilock(kernel, file.ip)
    return 0 if copyout(kernel, proc, addr, stati(file.ip)) else -1


def fileread(kernel: FileState, proc: Proc, file: File, addr: int, n: int) -> int:
    """Read up to `n` bytes to `addr` of `proc`; the bytes read, or -1."""
    kernel.charge(Step.FILE)
    if not file.readable:
        return -1
    if file.pipe is not None:
        return piperead(kernel, proc, file.pipe, addr, n)
    if file.ip is None:
        raise KernelPanic("fileread")
    if file.kind is FileKind.DEVICE:
        driver = _DEVSW.get(file.ip.major)
        return driver[0](kernel, proc, addr, n) if driver else -1
    ilock(kernel, file.ip)
    data = readi(kernel, file.ip, file.off, n)
    if not copyout(kernel, proc, addr, data):
        return -1
    file.off += len(data)
    return len(data)


def filewrite(kernel: FileState, proc: Proc, file: File, addr: int, n: int) -> int:
    """Write `n` bytes at `addr` of `proc`; the bytes written, or -1."""
    kernel.charge(Step.FILE)
    if not file.writable:
        return -1
    if file.pipe is not None:
        return pipewrite(kernel, proc, file.pipe, addr, n)
    if file.ip is None:
        raise KernelPanic("filewrite")
    if file.kind is FileKind.DEVICE:
        driver = _DEVSW.get(file.ip.major)
        return driver[1](kernel, proc, addr, n) if driver else -1
    return _inodewrite(kernel, proc, file, file.ip, addr, n)


def openconsole(kernel: FileState) -> File:
    """The console, open for reading and writing, for the first process."""
    file = filealloc(kernel)
    if file is None:
        raise KernelPanic("openconsole: no file left")
    file.kind, file.readable, file.writable = FileKind.DEVICE, True, True
    file.ip = iget(kernel, CONSOLEINO)
    return file


def pipealloc(kernel: FileState) -> tuple[File, File] | None:
    """A new pipe: its ends to read and to write. None if files or frames lack."""
    reader, writer = filealloc(kernel), filealloc(kernel)
    pipe = newpipe(kernel) if reader and writer else None
    if reader is None or writer is None or pipe is None:
        for file in filter(None, (reader, writer)):
            fileclose(kernel, file)
        return None
    reader.kind = writer.kind = FileKind.PIPE
    reader.pipe = writer.pipe = pipe
    reader.readable = writer.writable = True
    return reader, writer


def _inodewrite(kernel: FileState, proc: Proc, file: File, ip: Inode, addr: int, n: int) -> int:
    """As `filewrite`. If not all can be written, a part of it may have been, as in xv6."""
    done = 0
    while done < n:
        wanted = min(n - done, MAX_WRITE)
        data = copyin_part(kernel, proc, addr + done, wanted)
        ilock(kernel, ip)
        written = writei(kernel, ip, file.off, data, wanted)
        end_op(kernel)
        file.off += max(written, 0)
        if written != wanted:
            return -1
        done += wanted
    return n if n >= 0 else -1
