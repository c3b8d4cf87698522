"""System calls about files. Each returns the value for `a0`.

The only file is the console, open as descriptors 0, 1 and 2 for reading and writing, as xv6's init
leaves it.
"""

from hdl.arch import PAGE_SIZE
from kernel_model.args import argaddr, argint
from kernel_model.copy import copyin, copyout
from kernel_model.costs import Step
from kernel_model.proc import Proc

__all__ = ["sys_read", "sys_write"]

_CONSOLE = (0, 1, 2)


def sys_read(kernel, proc: Proc) -> int:
    """read(fd, buffer, n): the bytes read, 0 at the end of input; -1 on a bad fd or buffer."""
    fd, address, n = argint(proc, 0), argaddr(proc, 1), argint(proc, 2)
    if fd not in _CONSOLE:
        return -1
    if n <= 0:
        return 0
    data = kernel.console.read(n)
    kernel.charge(Step.CONSOLE_CHAR, len(data))
    if not copyout(kernel, proc, address, data):
        return -1
    return len(data)


def sys_write(kernel, proc: Proc) -> int:
    """write(fd, buffer, n): the bytes written; -1 on a bad fd or buffer.

    The pages before the bad one are printed then, as in xv6.
    """
    fd, address, n = argint(proc, 0), argaddr(proc, 1), argint(proc, 2)
    if fd not in _CONSOLE:
        return -1
    done = 0
    while done < n:
        chunk = min(n - done, PAGE_SIZE - (address + done) % PAGE_SIZE)
        data = copyin(kernel, proc, address + done, chunk)
        if data is None:
            return -1
        kernel.charge(Step.CONSOLE_CHAR, chunk)
        kernel.console.write(data)
        done += chunk
    return done
