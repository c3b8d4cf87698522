/* A UART as kernels drive it that never read which interrupt it is, through the PLIC: what comes is
   sent back, until two lines have. Table: interrupts, claims of nothing, when the last byte came. */
    .section .text._start, "ax"
    .globl _start
_start:
    la t0, handler
    csrw mtvec, t0
    li s0, 0x10000000
    li s1, 0xc000000
    li s2, 0xc200000
    la s3, table
    li s4, 2
    sb zero, 1(s0)
    li t0, 0x80
    sb t0, 3(s0)
    li t0, 3
    sb t0, 0(s0)
    sb zero, 1(s0)
    sb t0, 3(s0)
    li t0, 7
    sb t0, 2(s0)
    li t0, 3
    sb t0, 1(s0)
    li t0, 1
    sw t0, 40(s1)
    li t0, 1 << 10
    li t1, 0xc002000
    sw t0, 0(t1)
    sw zero, 0(s2)
    li t0, 1 << 11
    csrw mie, t0
    csrsi mstatus, 8
1:  wfi
    bnez s4, 1b
    li t0, 0x5555
    li t1, 0x100000
    sw t0, 0(t1)
2:  j 2b
    .balign 4
handler:
    ld t0, 0(s3)
    addi t0, t0, 1
    sd t0, 0(s3)
    lw s5, 4(s2)
    bnez s5, 3f
    sd t0, 8(s3)
3:  lbu t0, 5(s0)
    andi t0, t0, 1
    beqz t0, 5f
    lbu t0, 0(s0)
    sb t0, 0(s0)
    csrr t1, time
    sd t1, 16(s3)
    li t1, 10
    bne t0, t1, 3b
    addi s4, s4, -1
    j 3b
5:  sw s5, 4(s2)
    mret
    .section .tohost, "aw"
    .globl tohost
tohost: .dword 0
    .globl table
table: .skip 24
