"""The doorbell's register file: what the trampoline and the kernel tell each other."""

from enum import IntEnum

__all__ = ["READABLE", "WRITABLE", "Action", "Doorbell", "Reason", "Register"]


class Register(IntEnum):
    """Offsets of the doorbell's registers, 8 bytes each; any other access is a bus error."""

    #: Write: a `Reason`. The store is answered when the kernel has served it.
    RING = 0x00
    #: Read: an `Action`, what the hart does next.
    ACTION = 0x08
    #: Read: the page table of the process to run, as a value of `satp`.
    SATP = 0x10
    #: Read: cycles until the timer interrupt; 0 = never.
    QUANTUM = 0x18
    #: Read: 1 if the kernel has written code since the last answer.
    FENCE_I = 0x20
    #: Read: the kernel's page table, as a value of `satp`; valid from reset.
    KERNEL_SATP = 0x28
    #: Read: 1 if the hart is to update A and D bits itself (Svadu); valid from reset.
    ADUE = 0x30
    #: Write: `time`, before a ring without a trap frame (`Reason.BOOT`, `Reason.IDLE`).
    TIME = 0x38
    #: Write: the three facts of a trap that nobody serves, before `Reason.KERNEL_PANIC` and
    #: `Reason.MACHINE_PANIC`.
    PANIC_CAUSE = 0x40
    PANIC_EPC = 0x48
    PANIC_TVAL = 0x50


class Reason(IntEnum):
    """Why the hart rings."""

    BOOT = 0
    USER_TRAP = 1
    IDLE = 2
    #: A trap in S-mode.
    KERNEL_PANIC = 3
    #: A trap in M-mode, or one that is not delegated.
    MACHINE_PANIC = 4


class Action(IntEnum):
    """What the kernel answers."""

    RUN = 0
    IDLE = 1
    HALT = 2


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
    """Registers of 64 bits by their offset (`Register`) in the doorbell's page.

    `read` and `write` are the hart's side; the kernel uses `registers` itself.
    """

    def __init__(self) -> None:
        self.registers: dict[int, int] = dict.fromkeys(READABLE | WRITABLE, 0)
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
