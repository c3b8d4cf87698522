/* What the hart may do with ROM: its word before and after a store, mcause of an AMO, mcause and mepc of a
   jump behind the contents are left in `table`. */
    .section .text._start, "ax"
    .globl _start
_start:
    la s1, table
    li s0, 0x1000
    ld t0, 0(s0)
    sd t0, 0(s1)
    sd zero, 0(s0)
    ld t0, 0(s0)
    sd t0, 8(s1)
    la t0, refused
    csrw mtvec, t0
    amoadd.d t0, zero, (s0)
    .balign 4
refused:
    csrr t0, mcause
    sd t0, 16(s1)
    la t0, behind
    csrw mtvec, t0
    li t0, 0x1038
    jr t0
    .balign 4
behind:
    csrr t0, mcause
    sd t0, 24(s1)
    csrr t0, mepc
    sd t0, 32(s1)
    li s0, 0x100000
    li t0, 0x5555
    sw t0, 0(s0)
1:  j 1b
    .section .tohost, "aw"
    .globl tohost
tohost: .dword 0
    .globl table
table: .fill 5, 8
