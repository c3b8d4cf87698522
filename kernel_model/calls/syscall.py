"""System call dispatch."""

from collections.abc import Callable

from kernel_model.calls import sysfile, sysmem, sysmmap, sysproc
from kernel_model.calls.args import argint
from kernel_model.calls.state import KernelState
from kernel_model.dev.printf import printf
from kernel_model.facts.abi import Syscall
from kernel_model.facts.costs import Step
from kernel_model.proc.sleep import Blocked
from kernel_model.proc.state import Proc, ProcState

__all__ = ["SYSCALLS", "resume_syscall", "syscall"]

#: Number in a7 -> function, which returns the value for a0.
SYSCALLS: dict[int, Callable[[KernelState, Proc], int]] = {
    Syscall.FORK: sysproc.sys_fork,
    Syscall.EXIT: sysproc.sys_exit,
    Syscall.WAIT: sysproc.sys_wait,
    Syscall.PIPE: sysfile.sys_pipe,
    Syscall.READ: sysfile.sys_read,
    Syscall.KILL: sysproc.sys_kill,
    Syscall.EXEC: sysproc.sys_exec,
    Syscall.FSTAT: sysfile.sys_fstat,
    Syscall.CHDIR: sysfile.sys_chdir,
    Syscall.DUP: sysfile.sys_dup,
    Syscall.GETPID: sysproc.sys_getpid,
    Syscall.SBRK: sysproc.sys_sbrk,
    Syscall.SLEEP: sysproc.sys_sleep,
    Syscall.UPTIME: sysproc.sys_uptime,
    Syscall.OPEN: sysfile.sys_open,
    Syscall.WRITE: sysfile.sys_write,
    Syscall.MKNOD: sysfile.sys_mknod,
    Syscall.UNLINK: sysfile.sys_unlink,
    Syscall.LINK: sysfile.sys_link,
    Syscall.MKDIR: sysfile.sys_mkdir,
    Syscall.CLOSE: sysfile.sys_close,
    Syscall.PGACCESS: sysmem.sys_pgaccess,
    Syscall.MMAP: sysmmap.sys_mmap,
    Syscall.MUNMAP: sysmmap.sys_munmap,
    Syscall.MADVISE: sysmem.sys_madvise,
    Syscall.MINCORE: sysmem.sys_mincore,
    Syscall.VMPRINT: sysmem.sys_vmprint,
}

_XLEN_MASK = (1 << 64) - 1


def syscall(kernel: KernelState, proc: Proc) -> None:
    """Begin the system call in the process's trap frame; its result goes to `a0`."""
    kernel.charge(Step.SYSCALL)
    proc.account.syscalls += 1
    proc.in_syscall = True
    proc.done = 0
    if kernel.watchers:
        number, args = argint(proc, 7), proc.trapframe.arguments
        for watcher in kernel.watchers:
            watcher.syscall_begin(proc, number, args, kernel.clock.now)
    resume_syscall(kernel, proc)


def resume_syscall(kernel: KernelState, proc: Proc) -> None:
    """Begin the call, or begin it again after it has waited; the process may have to wait then."""
    number = argint(proc, 7)
    function = SYSCALLS.get(number, _unknown)
    try:
        result = function(kernel, proc)
    except Blocked as blocked:
        proc.state = ProcState.SLEEPING
        proc.chan = blocked.chan
        for watcher in kernel.watchers:
            watcher.syscall_waits(proc, number, kernel.clock.now)
        return
    if proc.state is ProcState.ZOMBIE:
        return
    proc.in_syscall = False
    proc.trapframe.a0 = result & _XLEN_MASK
    for watcher in kernel.watchers:
        watcher.syscall_end(proc, number, result, kernel.clock.now)


def _unknown(kernel: KernelState, proc: Proc) -> int:
    printf(kernel, f"{proc.pid} {proc.name}: unknown sys call {argint(proc, 7)}\n")
    return -1
