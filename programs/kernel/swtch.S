// swtch(old, next): saves what a function keeps in *old, and goes on as *next says.
.macro EACH_REGISTER operation, base
        .set    place, 0
        .irp    register, ra, sp, s0, s1, s2, s3, s4, s5, s6, s7, s8, s9, s10, s11
        \operation \register, place(\base)
        .set    place, place + 8
        .endr
.endm

        .text
        .globl swtch
        .type swtch, @function
swtch:
        EACH_REGISTER sd, a0
        EACH_REGISTER ld, a1
        ret
        .size   swtch, . - swtch
