"""System call dispatch."""

from kernel_model.args import argint
from kernel_model.console import printf
from kernel_model.costs import Step
from kernel_model.proc import Proc, ProcState
from kernel_model.sysfile import sys_read, sys_write
from kernel_model.sysproc import sys_exit, sys_getpid, sys_sbrk, sys_uptime

__all__ = ["SYSCALLS", "syscall"]

#: Number in a7 -> function; xv6's numbers.
SYSCALLS = {
    2: sys_exit,
    5: sys_read,
    11: sys_getpid,
    12: sys_sbrk,
    14: sys_uptime,
    16: sys_write,
}

_XLEN_MASK = (1 << 64) - 1


def syscall(kernel, proc: Proc) -> None:
    """Serve the system call in the process's trap frame; its result goes to `a0`."""
    kernel.charge(Step.SYSCALL)
    number = argint(proc, 7)
    function = SYSCALLS.get(number)
    if function is None:
        printf(kernel, f"{proc.pid} {proc.name}: unknown sys call {number}\n")
        result = -1
    else:
        result = function(kernel, proc)
    if proc.state is not ProcState.ZOMBIE:
        proc.trapframe.a0 = result & _XLEN_MASK
