"""Where things are: physical and virtual memory, the doorbell's registers, limits, clocks.

Physical memory (the addresses of QEMU's `virt` machine stay free):

    0x0700_0000  doorbell, one page of 8-byte registers
    0x8000_0000  RAM: first page the trampoline (the hart starts here), then frames

Virtual memory of a process, from the top:

    TRAMPOLINE   the trampoline page, R-X, not the user's; also in the kernel's page table
    TRAPFRAME    where the trampoline saves the registers, RW-, not the user's
    ...          heap, grown by `sbrk`, filled on the first touch
    stack        USERSTACK pages
    guard        one page below the stack, not the user's
    0            text, data as the ELF file says
"""

from enum import IntEnum

from hdl.arch import MAXVA_BITS, PAGE_SIZE, RAM_BASE

__all__ = [
    "Action",
    "DOORBELL",
    "KERNBASE",
    "MAXARG",
    "MAXPATH",
    "MAXVA",
    "MIN_QUANTUM",
    "NOFILE",
    "NPROC",
    "QUANTUM",
    "Reason",
    "Register",
    "TICK",
    "TRAMPOLINE",
    "TRAPFRAME",
    "USERSTACK",
]

#: First byte of RAM, and where the hart starts.
KERNBASE = RAM_BASE
#: The doorbell's page of registers (`Register`).
DOORBELL = 0x0700_0000

#: One beyond the highest virtual address in use: half of what Sv39 has, as in xv6, so that no
#: address ever needs sign extension.
MAXVA = 1 << (MAXVA_BITS - 1)
TRAMPOLINE = MAXVA - PAGE_SIZE
TRAPFRAME = TRAMPOLINE - PAGE_SIZE

#: Pages of a user stack.
USERSTACK = 1
#: One more than the most arguments that `exec` takes: the null pointer behind them counts.
MAXARG = 32
#: Bytes of the longest path name, with its NUL.
MAXPATH = 128
#: Most processes at once, init included.
NPROC = 64
#: Most files that a process has open at once.
NOFILE = 16

#: Cycles that a process runs before the timer interrupts it. `time` counts cycles.
QUANTUM = 10_000
#: The least quantum, and what the timer leaves at least to who returns to user mode: there has to
#: be room for the first instruction after `sret`, which misses every TLB. Slow memory needs more
#: (`Kernel.least_turn`).
MIN_QUANTUM = 1_000
#: Cycles of one tick, the unit of `uptime`.
TICK = 10_000


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
