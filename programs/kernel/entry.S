// Where the hart starts, in M-mode: a0 is its number, a1 the address of the device tree.
        .section .text._start, "ax"
        .globl _start
_start:
        la      sp, boot_stack_top
        call    start
1:      j       1b

        .section .bss
        .balign 16
        .space  4096
boot_stack_top:
