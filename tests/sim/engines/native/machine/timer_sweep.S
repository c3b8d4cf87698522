/* 600 sleeps until a time that is 6 to 69 cycles away, at every distance from a look for idle cycles.
   How late each woke up is left in `table`. */
    .section .text._start, "ax"
    .globl _start
_start:
    li t0, 1 << 63
    csrw menvcfg, t0
    li t0, 1 << 5
    csrw mie, t0
    li s2, 0
    li s5, 12345
    li s3, 600
    la s4, table
1:  li t3, 1103515245
    mul s5, s5, t3
    addi s5, s5, 1013
    srli t4, s5, 9
    andi t4, t4, 15
3:  addi t4, t4, -1
    bgez t4, 3b
    srli t4, s5, 20
    andi t4, t4, 1
    beqz t4, 4f
    nop
4:
    rdtime t0
    srli t1, s5, 13
    andi t1, t1, 63
    addi t1, t1, 6
    add t0, t0, t1
    csrw stimecmp, t0
    wfi
    rdtime s0
    sub s0, s0, t0
    sd s0, 0(s4)
    addi s4, s4, 8
    li t0, -1
    csrw stimecmp, t0
    addi s2, s2, 1
    blt s2, s3, 1b
    li t0, 1
    la t1, tohost
    sd t0, 0(t1)
1:  j 1b
    .section .tohost, "aw"
    .globl tohost
tohost: .dword 0
table: .skip 8*640
