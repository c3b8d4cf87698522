"""Pipes."""

from kernel_model.facts.abi import Abi
from kernel_model.facts.costs import Step
from kernel_model.facts.param import PIPESIZE
from kernel_model.fs.state import FileState, Pipe
from kernel_model.mm.usercopy import copyin_part, copyout_part
from kernel_model.proc.sleep import sleep, wakeup
from kernel_model.proc.state import Proc

__all__ = ["newpipe", "pipeclose", "piperead", "pipewrite"]


def newpipe(kernel: FileState) -> Pipe | None:
    """A pipe with both ends open; None if no frame is left."""
    frame = kernel.kmem.kalloc()
    return Pipe(frame) if frame else None


def pipeclose(kernel: FileState, pipe: Pipe, writable: bool) -> None:
    """Close the end for writing or the one for reading. The second one to be closed frees it."""
    kernel.charge(Step.PIPE)
    if writable:
        pipe.writeopen = False
        wakeup(kernel, pipe.reader)
    else:
        pipe.readopen = False
        wakeup(kernel, pipe.writer)
    if not pipe.readopen and not pipe.writeopen:
        kernel.kmem.kfree(pipe.frame)


def pipewrite(kernel: FileState, proc: Proc, pipe: Pipe, addr: int, n: int) -> int:
    """Write `n` bytes at `addr` of `proc`; waits while the pipe is full.

    Returns the bytes written, fewer than `n`, or none, if not all can be read. -1 if nobody is left
    to read, or if the process has been killed.
    """
    kernel.charge(Step.PIPE)
    while proc.done < n:
        if not pipe.readopen or proc.killed:
            return -1
        room = PIPESIZE - len(pipe.data)
        if room == 0:
            wakeup(kernel, pipe.reader)
            sleep(kernel, proc, pipe.writer)
        wanted = min(room, n - proc.done)
        data = copyin_part(kernel, proc, addr + proc.done, wanted)
        pipe.data += data
        proc.done += len(data)
        if len(data) < wanted:
            break
    wakeup(kernel, pipe.reader)
    return proc.done


def piperead(kernel: FileState, proc: Proc, pipe: Pipe, addr: int, n: int) -> int:
    """Read up to `n` bytes to `addr` of `proc`; waits while the pipe is empty.

    Returns the bytes read, 0 if nobody is left to write; -1 if the process has been killed. The
    first byte that cannot be stored ends it. It is lost: xv6 counts it as read before it copies.
    In 2025 it stays in the pipe, and -1 is returned if there was none before it.
    """
    kernel.charge(Step.PIPE)
    if not pipe.data and pipe.writeopen:
        if proc.killed:
            return -1
        sleep(kernel, proc, pipe.reader)
    data = bytes(pipe.data[: max(n, 0)])
    done = copyout_part(kernel, proc, addr, data)
    wakeup(kernel, pipe.writer)
    if done == len(data):
        del pipe.data[:done]
        return done
    if proc.abi is Abi.RELEASE_2025:
        del pipe.data[:done]
        return done or -1
    del pipe.data[: done + 1]
    return done
