"""The arguments of a system call, from the trap frame."""

from kernel_model.proc import Proc

__all__ = ["argaddr", "argint"]

_REGISTERS = ("a0", "a1", "a2", "a3", "a4", "a5", "a6", "a7")


def argaddr(proc: Proc, n: int) -> int:
    """Argument `n` as a 64-bit address. Nothing is checked: `copyin` and `copyout` do that."""
    return getattr(proc.trapframe, _REGISTERS[n])


def argint(proc: Proc, n: int) -> int:
    """Argument `n` as a C `int`; 7 is the number of the call itself."""
    return ((argaddr(proc, n) & 0xFFFF_FFFF) ^ 0x8000_0000) - 0x8000_0000
