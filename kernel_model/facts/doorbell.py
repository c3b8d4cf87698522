"""The doorbell's register file: what the trampoline and the kernel tell each other."""

from kernel_model.facts.memlayout import Action, Register

__all__ = ["Doorbell", "READABLE", "WRITABLE"]

#: Registers that the hart loads.
READABLE = frozenset(
    {
        Register.ACTION,
        Register.SATP,
        Register.QUANTUM,
        Register.FENCE_I,
        Register.KERNEL_SATP,
        Register.ADUE,
    }
)
#: Registers that the hart stores to, besides `Register.RING`, which is served by `Kernel.ring`.
WRITABLE = frozenset({Register.TIME, Register.PANIC_CAUSE, Register.PANIC_EPC, Register.PANIC_TVAL})


class Doorbell:
    """Registers of 64 bits by their offset (`memlayout.Register`) in the doorbell's page.

    `read` and `write` are the hart's side; the kernel uses `registers` itself.
    """

    def __init__(self):
        self.registers = dict.fromkeys(READABLE | WRITABLE, 0)
        self.registers[Register.ACTION] = Action.HALT

    def read(self, offset: int) -> int:
        """What an 8-byte load at `offset` returns. Raises LookupError: a bus error."""
        if offset not in READABLE:
            raise LookupError(f"doorbell: no register to read at offset {offset:#x}")
        return int(self.registers[offset])

    def write(self, offset: int, value: int) -> None:
        """An 8-byte store of `value` at `offset`. Raises LookupError: a bus error."""
        if offset not in WRITABLE:
            raise LookupError(f"doorbell: no register to write at offset {offset:#x}")
        self.registers[offset] = value
