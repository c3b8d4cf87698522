"""Traps from user mode, and those that nobody expected."""

from hdl.arch import INTERRUPT_BIT, PAGE_FAULTS, Cause, Interrupt, Mstatus
from kernel_model.calls.lifecycle import kexit
from kernel_model.calls.state import KernelState
from kernel_model.calls.syscall import syscall
from kernel_model.dev.printf import printf
from kernel_model.facts.costs import Step
from kernel_model.facts.doorbell import Register
from kernel_model.facts.panic import KernelPanic
from kernel_model.mm.pagefault import serve
from kernel_model.mm.served import Decision, ServedFault
from kernel_model.proc.sleep import yield_
from kernel_model.proc.state import Proc

__all__ = ["kerneltrap", "machinetrap", "usertrap"]

_SPP = 1 << Mstatus.SPP
_TIMER = 1 << INTERRUPT_BIT | Interrupt.STI
#: Page faults, and the right that the access needs. Plain numbers: operations on members of an
#: IntFlag are several times slower.
_ACCESS = {int(cause): int(right) for cause, right in PAGE_FAULTS.items()}
# Found once: to find a member in its class takes as long as a call, and these are for every trap.
_ECALL, _MAPPED = int(Cause.ECALL_U), Decision.MAPPED


def usertrap(kernel: KernelState, proc: Proc) -> None:
    """Serve the trap in the process's trap frame: system call, timer, lazy page, or its death."""
    sepc, scause, stval, sstatus = proc.trapframe.trap
    if sstatus & _SPP:
        raise KernelPanic("usertrap: not from user mode")
    if scause == _ECALL:
        proc.trapframe.sepc = sepc + 4  # return behind the ecall
        syscall(kernel, proc)
    elif scause == _TIMER:
        kernel.charge(Step.TURN)
        yield_(proc)
    elif scause in _ACCESS and _page_fault(kernel, proc, sepc, scause, stval):
        pass  # mapped: the instruction runs again
    else:
        printf(kernel, f"usertrap(): unexpected scause {scause:#x} pid={proc.pid}\n")
        printf(kernel, f"            sepc={sepc:#x} stval={stval:#x}\n")
        for watcher in kernel.watchers:
            watcher.unexpected(proc, kernel.clock.now)
        proc.killed = True
    if proc.killed:
        kexit(kernel, proc, -1)


def _page_fault(kernel: KernelState, proc: Proc, sepc: int, scause: int, stval: int) -> bool:
    """Serve the fault; False if the access was refused. Either is recorded."""
    outcome = serve(kernel, proc.space, stval, _ACCESS[scause])
    kernel.record(proc, ServedFault(proc.pid, proc.name, sepc, scause, stval, outcome))
    return outcome.decision is _MAPPED


def kerneltrap(kernel: KernelState) -> None:
    """A trap in S-mode: the trampoline itself failed. Always panics."""
    _report(kernel, "scause", "sepc", "stval")
    raise KernelPanic("kerneltrap")


def machinetrap(kernel: KernelState) -> None:
    """A trap in M-mode. Always panics."""
    _report(kernel, "mcause", "mepc", "mtval")
    raise KernelPanic("machinetrap")


def _report(kernel: KernelState, cause: str, epc: str, tval: str) -> None:
    registers = kernel.doorbell.registers
    printf(
        kernel,
        f"{cause}={registers[Register.PANIC_CAUSE]:#x} {epc}={registers[Register.PANIC_EPC]:#x} "
        f"{tval}={registers[Register.PANIC_TVAL]:#x}\n",
    )
