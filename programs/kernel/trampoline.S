// The way from a program into the kernel and back: kernel_model/trampoline.S.
//
// This page is mapped at TRAMPOLINE in all page tables, so that it goes on while satp changes. The
// offsets are those of struct trapframe (proc.h).
#include "abi.h"

        .option norelax
        .section .trampoline, "ax"
        .globl trampoline, uservec, userret
        .type uservec, @function
        .type userret, @function

// What \operation does with all registers but a0, at their places in the trap frame at a0.
.macro EACH_REGISTER operation
        .set    place, 40
        .irp    register, ra, sp, gp, tp, t0, t1, t2, s0, s1
        \operation \register, place(a0)
        .set    place, place + 8
        .endr
        .set    place, 120
        .irp    register, a1, a2, a3, a4, a5, a6, a7, s2, s3, s4, s5, s6, s7, s8, s9, s10, s11, t3, t4, t5, t6
        \operation \register, place(a0)
        .set    place, place + 8
        .endr
.endm

        .balign 4096
trampoline:
// Every trap from user mode comes here, in S-mode, with the process's page table.
uservec:
        csrw    sscratch, a0
        li      a0, TRAPFRAME
        EACH_REGISTER sd
        csrr    t0, sscratch
        sd      t0, 112(a0)

        ld      sp, 8(a0)
        ld      t0, 16(a0)
        ld      t1, 0(a0)
        // The first fence completes what was accessed by the process's page table, the second one
        // drops what is left of it in the TLB.
        sfence.vma zero, zero
        csrw    satp, t1
        sfence.vma zero, zero
        jalr    t0              // usertrap, which returns the value for satp
        .size   uservec, . - uservec

// a0: the process's satp.
userret:
        sfence.vma zero, zero
        csrw    satp, a0
        sfence.vma zero, zero
        li      a0, TRAPFRAME
        // What another process has reserved is not this one's: a store-conditional ends it.
        addi    t0, a0, 32
        sc.d    zero, zero, (t0)
        EACH_REGISTER ld
        ld      a0, 112(a0)
        sret
        .size   userret, . - userret
