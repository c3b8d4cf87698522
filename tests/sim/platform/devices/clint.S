/* The CLINT: a software interrupt, three timer interrupts, 300 ticks apart, and halves of registers.
   Table: mcause and how late, four times; mip before and after; mtimecmp; the halves of mtime, joined; how
   far it has come since it was stored. */
    .section .text._start, "ax"
    .globl _start
_start:
    la t0, handler
    csrw mtvec, t0
    li s0, 0x200bff8
    li s1, 0x2004000
    li s3, 0x2000000
    la s2, table
    csrr a0, mip
    li t0, -1
    sd t0, 0(s1)
    csrr a1, mip
    li t0, 1 << 7 | 1 << 3
    csrw mie, t0
    csrsi mstatus, 8
    ld s4, 0(s0)
    li t0, 1
    sw t0, 0(s3)
    nop
    nop
    la s5, table + 64
1:  wfi
    bne s2, s5, 1b
    sd a0, 0(s2)
    sd a1, 8(s2)
    ld t0, 0(s1)
    sd t0, 16(s2)
    lwu t0, 0(s0)
    lwu t1, 4(s0)
    slli t1, t1, 32
    add t0, t0, t1
    sd t0, 24(s2)
    csrw mie, zero
    li t0, 5 << 32
    sd t0, 0(s0)
    ld t1, 0(s0)
    sub t1, t1, t0
    sd t1, 32(s2)
    li t0, 0x5555
    li t1, 0x100000
    sw t0, 0(t1)
2:  j 2b
    .balign 4
handler:
    ld t0, 0(s0)
    csrr t1, mcause
    sub t0, t0, s4
    sd t1, 0(s2)
    sd t0, 8(s2)
    addi s2, s2, 16
    sw zero, 0(s3)
    ld s4, 0(s0)
    addi s4, s4, 300
    li t0, -1
    sw t0, 0(s1)
    srli t0, s4, 32
    sw t0, 4(s1)
    sw s4, 0(s1)
    mret
    .section .tohost, "aw"
    .globl tohost
tohost: .dword 0
    .globl table
table: .skip 104
