"""System calls about processes. Each returns the value for `a0`: -1 if it fails."""

from hdl.arch import PAGE_SIZE
from kernel_model.calls.args import argaddr, argint, argstr, fetchaddr
from kernel_model.calls.elf import ExecError
from kernel_model.calls.exec import kexec
from kernel_model.calls.lifecycle import kexit, kfork, kkill, kwait
from kernel_model.calls.state import KernelState
from kernel_model.facts.abi import SBRK_EAGER, Abi
from kernel_model.facts.param import MAXARG, MAXPATH
from kernel_model.fs.inode import iput, readi
from kernel_model.fs.log import end_op, ilock
from kernel_model.fs.names import namei
from kernel_model.mm.usercopy import copyinstr
from kernel_model.proc.proc import growproc
from kernel_model.proc.sleep import TICKS, sleep
from kernel_model.proc.state import Proc

__all__ = [
    "sys_exec",
    "sys_exit",
    "sys_fork",
    "sys_getpid",
    "sys_kill",
    "sys_sbrk",
    "sys_sleep",
    "sys_uptime",
    "sys_wait",
]


def sys_fork(kernel: KernelState, proc: Proc) -> int:
    """fork(): the child's pid, and 0 in the child."""
    return kfork(kernel, proc)


def sys_exit(kernel: KernelState, proc: Proc) -> int:
    """exit(status): does not return to the process."""
    kexit(kernel, proc, argint(proc, 0))
    return 0  # for nobody


def sys_wait(kernel: KernelState, proc: Proc) -> int:
    """wait(int *status): the pid of a child that has ended; status may be 0."""
    return kwait(kernel, proc, argaddr(proc, 0))


def sys_kill(kernel: KernelState, proc: Proc) -> int:
    """kill(pid)"""
    return kkill(kernel, argint(proc, 0))


def sys_getpid(kernel: KernelState, proc: Proc) -> int:
    """getpid()"""
    return proc.pid


def sys_exec(kernel: KernelState, proc: Proc) -> int:
    """exec(path, argv): does not return to the old program, unless with -1."""
    path = argstr(kernel, proc, 0, MAXPATH)
    argv = _fetch_argv(kernel, proc, argaddr(proc, 1))
    if path is None or argv is None:
        return -1
    ip = namei(kernel, proc, path)
    if ip is None:
        end_op(kernel)
        return -1
    ilock(kernel, ip)
    elf = readi(kernel, ip, 0, ip.size)
    iput(kernel, ip)
    end_op(kernel)
    try:
        return kexec(kernel, proc, elf, argv, path)
    except ExecError:
        return -1


def _fetch_argv(kernel: KernelState, proc: Proc, va: int) -> list[bytes] | None:
    """The strings of an array of pointers that ends with a null pointer; None if it is bad."""
    argv: list[bytes] = []
    for index in range(MAXARG):
        pointer = fetchaddr(kernel, proc, va + 8 * index)
        if pointer is None:
            return None
        if pointer == 0:
            return argv
        argument = copyinstr(kernel, proc, pointer, PAGE_SIZE)
        if argument is None:
            return None
        argv.append(argument)
    return None


def sys_sbrk(kernel: KernelState, proc: Proc) -> int:
    """sbrk(n), or sbrk(n, type): the size before the change, a 64-bit address."""
    oldsz = proc.space.size
    n = argint(proc, 0)
    newer = proc.abi is Abi.RELEASE_2025
    if newer and oldsz + n < 0:
        return oldsz
    eager = newer and argint(proc, 1) == SBRK_EAGER
    return oldsz if growproc(kernel, proc, n, eager) else -1


def sys_sleep(kernel: KernelState, proc: Proc) -> int:
    """sleep(ticks): `Proc.done` is the tick in which it ends."""
    if proc.done == 0:
        proc.done = kernel.clock.ticks + argint(proc, 0)
    if kernel.clock.ticks < proc.done:
        sleep(kernel, proc, TICKS)
    return 0


def sys_uptime(kernel: KernelState, proc: Proc) -> int:
    """uptime(): ticks since reset."""
    return kernel.clock.ticks
