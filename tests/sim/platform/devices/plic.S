/* The PLIC from S-mode: three sources interrupt at once, number 40 with a higher priority, and once
   more while they are served. Table: scause, what was claimed each time, sip when nothing waits. */
    .section .text._start, "ax"
    .globl _start
_start:
    li t0, 1 << 9
    csrw mideleg, t0
    la t0, handler
    csrw stvec, t0
    la t0, 1f  /* a hart without PMP has none of these registers */
    csrw mtvec, t0
    li t0, -1
    csrw pmpaddr0, t0
    li t0, 0x1f
    csrw pmpcfg0, t0
    .balign 4
1:  li t0, 3 << 11
    csrc mstatus, t0
    li t0, 1 << 11
    csrs mstatus, t0
    la t0, supervisor
    csrw mepc, t0
    mret
supervisor:
    la s1, table + 8
    la s2, table + 40
    li s3, 0xc201000
    li s4, 0xc000000
    li t0, 1
    sw t0, 3*4(s4)
    sw t0, 70*4(s4)
    li t0, 2
    sw t0, 40*4(s4)
    li s5, 0xc002080
    li t0, -1
    sw t0, 0(s5)
    sw t0, 4(s5)
    sw t0, 8(s5)
    sw zero, 0(s3)
    li t0, 1 << 9
    csrw sie, t0
    csrsi sstatus, 2
1:  wfi
    bne s1, s2, 1b
    csrr t0, sip
    sd t0, 0(s1)
    li t0, 0x5555
    li t1, 0x100000
    sw t0, 0(t1)
2:  j 2b
    .balign 4
handler:
    csrr t0, scause
    la t1, table
    sd t0, 0(t1)
    lw t0, 4(s3)
    sd t0, 0(s1)
    addi s1, s1, 8
    li t1, 100
3:  addi t1, t1, -1
    bnez t1, 3b
    sw t0, 4(s3)
    sret
    .section .tohost, "aw"
    .globl tohost
tohost: .dword 0
    .globl table
table: .skip 48
