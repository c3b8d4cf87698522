// Where the hart starts, in M-mode: a0 is its number, a1 the address of the device tree. The stack
// is the rest of M-mode's page.
        .section .machine.entry, "ax"
        .globl _start
_start:
        la      sp, machine_end
        call    start
1:      j       1b

// Where start leads, in S-mode: the stack is the scheduler's.
        .text
        .globl supervisor
supervisor:
        la      sp, boot_stack_top
        call    start_kernel
1:      j       1b

        .section .bss
        .balign 16
        .space  4096
boot_stack_top:
