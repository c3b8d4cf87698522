"""System calls about processes. Each returns the value for `a0`."""

from kernel_model.args import argint
from kernel_model.proc import Proc, growproc, kexit

__all__ = ["sys_exit", "sys_getpid", "sys_sbrk", "sys_uptime"]


def sys_exit(kernel, proc: Proc) -> int:
    """exit(status): does not return to the process."""
    kexit(proc, argint(proc, 0))
    return 0


def sys_getpid(kernel, proc: Proc) -> int:
    """getpid()"""
    return proc.pid


def sys_sbrk(kernel, proc: Proc) -> int:
    """sbrk(n): the size before the change, a 64-bit address; -1 if it is refused."""
    oldsz = proc.sz
    if not growproc(kernel, proc, argint(proc, 0)):
        return -1
    return oldsz


def sys_uptime(kernel, proc: Proc) -> int:
    """uptime(): ticks since reset."""
    return kernel.now // kernel.tick
