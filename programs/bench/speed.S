/*
 * A loop of integer and memory instructions for measuring how fast an engine simulates the hart:
 * a generator of random numbers, whose values update a table of 64 KiB, with a branch that they
 * decide. It makes TURNS turns of 14 or 15 instructions and ends with 1 in `tohost`.
 */
#ifndef TURNS
#define TURNS 1000
#endif

    .section .text._start, "ax"
    .globl _start
_start:
    la s0, table
    li s1, 0xfff8             /* offsets of words in the table */
    li s2, TURNS
    li s3, 0x9e3779b97f4a7c15
    li s4, 0
1:
    slli t0, s3, 13           /* Marsaglia's xorshift, 64 bits */
    xor s3, s3, t0
    srli t0, s3, 7
    xor s3, s3, t0
    slli t0, s3, 17
    xor s3, s3, t0
    and t1, s3, s1
    add t1, t1, s0
    ld t2, 0(t1)
    add t2, t2, s3
    bgez t2, 2f
    addi s4, s4, 1
2:
    sd t2, 0(t1)
    addi s2, s2, -1
    bnez s2, 1b

    li t0, 1
    la t1, tohost
    sd t0, 0(t1)
3:  j 3b

    .section .tohost, "aw"
    .globl tohost
tohost: .dword 0
    .globl fromhost
fromhost: .dword 0

    .bss
    .balign 64
table: .space 0x10000
