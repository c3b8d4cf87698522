// A trap in the kernel itself: saves, on its stack, what kerneltrap as a C function does not.
.macro EACH_REGISTER operation
        .set    place, 0
        .irp    register, ra, t0, t1, t2, a0, a1, a2, a3, a4, a5, a6, a7, t3, t4, t5, t6
        \operation \register, place(sp)
        .set    place, place + 8
        .endr
.endm

        .text
        .globl kernelvec
        .type kernelvec, @function
        .balign 4
kernelvec:
        addi    sp, sp, -128
        EACH_REGISTER sd
        call    kerneltrap
        EACH_REGISTER ld
        addi    sp, sp, 128
        sret
        .size   kernelvec, . - kernelvec
