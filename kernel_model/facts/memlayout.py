"""Where things are in physical and virtual memory.

Physical memory (the addresses of QEMU's `virt` machine stay free):

    0x0700_0000  doorbell, one page of 8-byte registers
    0x8000_0000  RAM: first page the trampoline (the hart starts here), then frames

Virtual memory of a process, from the top:

    TRAMPOLINE   the trampoline page, R-X, not the user's; also in the kernel's page table
    TRAPFRAME    where the trampoline saves the registers, RW-, not the user's
    ...          areas that `mmap` has made, each as high as it fits
    ...          heap, grown by `sbrk`, filled on the first touch
    stack        USERSTACK pages
    guard        one page below the stack, not the user's
    0            text, data as the ELF file says
"""

from hdl.arch import MAXVA_BITS, PAGE_SIZE, RAM_BASE

__all__ = ["DOORBELL", "KERNBASE", "MAXVA", "TRAMPOLINE", "TRAPFRAME"]

#: First byte of RAM, and where the hart starts.
KERNBASE = RAM_BASE
#: The doorbell's page of registers (`doorbell.Register`).
DOORBELL = 0x0700_0000

#: One beyond the highest virtual address in use: half of what Sv39 has, as in xv6, so that no
#: address ever needs sign extension.
MAXVA = 1 << (MAXVA_BITS - 1)
TRAMPOLINE = MAXVA - PAGE_SIZE
TRAPFRAME = TRAMPOLINE - PAGE_SIZE
