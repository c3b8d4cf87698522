"""The arguments of a system call, from the trap frame and from user memory."""

from kernel_model.calls.state import KernelState
from kernel_model.mm.usercopy import copyin, copyinstr
from kernel_model.proc.state import Proc

__all__ = ["argaddr", "argint", "argstr", "fetchaddr", "signed"]

_REGISTERS = ("a0", "a1", "a2", "a3", "a4", "a5", "a6", "a7")


def argaddr(proc: Proc, n: int) -> int:
    """Argument `n` as a 64-bit address. Nothing is checked: `copyin` and `copyout` do that."""
    value: int = getattr(proc.trapframe, _REGISTERS[n])
    return value


def argint(proc: Proc, n: int) -> int:
    """Argument `n` as a C `int`; 7 is the number of the call itself."""
    return signed(argaddr(proc, n))


def signed(value: int) -> int:
    """What a register holds, as a C `int`: its lower 32 bits, sign-extended."""
    return ((value & 0xFFFF_FFFF) ^ 0x8000_0000) - 0x8000_0000


def argstr(kernel: KernelState, proc: Proc, n: int, limit: int) -> bytes | None:
    """Argument `n` as a string, without its NUL; None if it has no NUL within `limit` bytes."""
    return copyinstr(kernel, proc, argaddr(proc, n), limit)


def fetchaddr(kernel: KernelState, proc: Proc, va: int) -> int | None:
    """The pointer at `va` of `proc`; None if it cannot be read, or is not all below the size
    unless it begins in an area."""
    if va + 8 > proc.space.size and proc.space.regions.area(va) is None:
        return None
    data = copyin(kernel, proc, va, 8)
    return None if data is None else int.from_bytes(data, "little")
