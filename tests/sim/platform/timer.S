/* Three timer interrupts, 300 cycles apart: `mtime` as the handler reads it is left in `table`. */
    .section .text._start, "ax"
    .globl _start
_start:
    la t0, handler
    csrw mtvec, t0
    li s0, 0x200bff8
    li s1, 0x2004000
    la s2, table
    la s3, table + 24
    ld s4, 0(s0)
    addi s4, s4, 300
    sd s4, 0(s1)
    li t0, 1 << 7
    csrw mie, t0
    csrsi mstatus, 8
1:  wfi
    j 1b
    .balign 4
handler:
    ld t0, 0(s0)
    sub t0, t0, s4
    sd t0, 0(s2)
    addi s2, s2, 8
    addi s4, s4, 300
    sd s4, 0(s1)
    bne s2, s3, 2f
    li t0, 1
    la t1, tohost
    sd t0, 0(t1)
2:  mret
    .section .tohost, "aw"
    .globl tohost
tohost: .dword 0
    .globl table
table: .skip 24
