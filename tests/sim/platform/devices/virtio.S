/* A virtio block device of either version: reads sector 1, then writes it as sector 2, and waits for
   each by the PLIC. Table: mcause, what was claimed, InterruptStatus after it was acknowledged, the
   sector's first word, the status of the write, used.idx, cycles from the last notification. */
    .section .text._start, "ax"
    .globl _start
_start:
    la t0, handler
    csrw mtvec, t0
    li s0, 0x10001000
    la s1, queue
    la s3, table
    li s2, 0xc200000
    li t0, 1
    li t1, 0xc000000
    sw t0, 4(t1)
    li t0, 2
    li t1, 0xc002000
    sw t0, 0(t1)
    sw zero, 0x70(s0)
    li t0, 3
    sw t0, 0x70(s0)
    li t0, 1 << 9
    sw t0, 0x20(s0)
    li t0, 11
    sw t0, 0x70(s0)
    sw zero, 0x30(s0)
    li t0, 8
    sw t0, 0x38(s0)
    lw t0, 4(s0)
    li t1, 1
    bne t0, t1, 1f
    li t0, 4096
    sw t0, 0x28(s0)
    srli t0, s1, 12
    sw t0, 0x40(s0)
    j 2f
1:  sw s1, 0x80(s0)
    sw zero, 0x84(s0)
    addi t0, s1, 128
    sw t0, 0x90(s0)
    sw zero, 0x94(s0)
    li t0, 4096
    add t0, t0, s1
    sw t0, 0xa0(s0)
    sw zero, 0xa4(s0)
    li t0, 1
    sw t0, 0x44(s0)
2:  li t0, 15
    sw t0, 0x70(s0)
    li t0, 1 << 11
    csrw mie, t0
    csrsi mstatus, 8

    la s4, header
    la s5, data
    li a0, 1
    li a1, 3
    jal request
    ld t0, 0(s5)
    sd t0, 24(s3)
    li t0, 1
    sw t0, 0(s4)
    li t0, 2
    sd t0, 8(s4)
    li a0, 2
    li a1, 1
    jal request
    la t0, done
    lbu t0, 0(t0)
    sd t0, 32(s3)
    li t0, 4096
    add t0, t0, s1
    lhu t0, 2(t0)
    sd t0, 40(s3)
    li t0, 0x5555
    li t1, 0x100000
    sw t0, 0(t1)
3:  j 3b

/* Request number a0, the data's descriptor with the flags a1. */
request:
    li t1, 1
    sd s4, 0(s1)
    li t0, 16
    sw t0, 8(s1)
    sh t1, 12(s1)
    sh t1, 14(s1)
    sd s5, 16(s1)
    li t0, 512
    sw t0, 24(s1)
    sh a1, 28(s1)
    li t0, 2
    sh t0, 30(s1)
    la t2, done
    sd t2, 32(s1)
    sw t1, 40(s1)
    sh t0, 44(s1)
    sh zero, 130(s1)
    sh a0, 130(s1)
    li s6, 0
    csrr s7, time
    fence
    sw zero, 0x50(s0)
4:  wfi
    beqz s6, 4b
    sub t0, s6, s7
    sd t0, 48(s3)
    ret

    .balign 4
handler:
    csrr s6, time
    csrr t0, mcause
    sd t0, 0(s3)
    lw s8, 4(s2)
    sd s8, 8(s3)
    lw t0, 0x60(s0)
    sw t0, 0x64(s0)
    lw t0, 0x60(s0)
    sd t0, 16(s3)
    sw s8, 4(s2)
    mret

    .section .tohost, "aw"
    .globl tohost
tohost: .dword 0
    .globl table
table: .skip 56
header: .dword 0, 1
done: .byte 0xff
    .balign 8
data: .skip 512
    .balign 4096
queue: .skip 8192
