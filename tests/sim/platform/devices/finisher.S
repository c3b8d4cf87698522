/* The test finisher: a load of eight bytes faults, and its cause is left in `table`; then it fails. */
    .section .text._start, "ax"
    .globl _start
_start:
    la t0, handler
    csrw mtvec, t0
    li s0, 0x100000
    ld t0, 0(s0)
    .balign 4
handler:
    la s1, table
    csrr t0, mcause
    sd t0, 0(s1)
    lw t1, 0(s0)
    sw t1, 0(s0)
    li t0, 42 << 16 | 0x3333
    sw t0, 0(s0)
1:  j 1b
    .section .tohost, "aw"
    .globl tohost
tohost: .dword 0
    .globl table
table: .dword 0
