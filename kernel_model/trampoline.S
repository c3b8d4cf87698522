/*
 * The way into the kernel and out of it: the only machine code of a kernel that is Python.
 *
 * One page, position independent. It lies at KERNBASE, where the hart starts, and is mapped at
 * TRAMPOLINE in every address space, so that it keeps running while it switches page tables.
 *
 *      reset      M-mode   set up the hart, enter S-mode
 *      uservec    S-mode   every trap, since stvec stays: those from user mode go on here
 *      userret    S-mode   back to user mode
 *      kernelvec  S-mode   a trap from S-mode, where none may be
 *      mvec       M-mode   the same; also what kernelvec ends in
 *
 * A page fault waits for all of this, so: what usually happens is straight on; what a load or the
 * read of a CSR gives is used by no instruction directly behind it; between two writes of CSRs stands
 * something else; and there is no fence without need.
 *
 * Interrupts are off here throughout: sstatus.SIE is 0 outside user mode. The kernel is reached by
 * a store to the doorbell, which is answered only when the kernel has served the trap; what to do
 * next is then in the doorbell's registers. Offsets, addresses and masks come from
 * `trapframe.assembler_defines`.
 */

        .option norelax         # no gp, and no address below 2 KiB, may be assumed
        .section .text
        .globl trampoline, reset, uservec, userret, kernelvec, mvec

/*
 * M-mode, from reset: pc = KERNBASE, nothing translated, no register defined.
 */
trampoline:
reset:
        # Where a hart has physical memory protection, S and U may touch nothing until an entry
        # says so: let the first one cover everything. Where there is none, these trap to 1f.
        lla     t1, 1f
        csrw    mtvec, t1
        li      t1, -1
        csrw    pmpaddr0, t1
        li      t1, 0x1f        # NAPOT, X, W, R
        csrw    pmpcfg0, t1
        .balign 4
1:      lla     t1, mvec
        csrw    mtvec, t1

        li      t1, MEDELEG
        csrw    medeleg, t1
        li      t1, MIDELEG
        csrw    mideleg, t1
        li      t1, MIE_STIE
        csrw    mie, t1

        # stimecmp for S-mode, and A and D bits by hardware if the kernel says so.
        li      t0, DOORBELL
        ld      t1, DB_ADUE(t0)
        slli    t1, t1, MENVCFG_ADUE_BIT
        li      t2, 1
        slli    t2, t2, MENVCFG_STCE_BIT
        or      t1, t1, t2
        csrw    menvcfg, t1

        # cycle, time and instret for S-mode and for user mode.
        li      t1, 7
        csrw    mcounteren, t1
        csrw    scounteren, t1

        # No timer interrupt before the first process runs.
        li      t1, -1
        csrw    STIMECMP, t1

        # S-mode starts at `boot`, at its address in the trampoline page, under the kernel's page
        # table. The whole of mstatus is written: reset leaves most of it undefined.
        ld      t1, DB_KERNEL_SATP(t0)
        csrw    satp, t1
        sfence.vma zero, zero
        lla     t1, trampoline
        li      t2, TRAMPOLINE
        sub     t2, t2, t1      # from here to there
        lla     t1, uservec
        add     t1, t1, t2
        csrw    stvec, t1
        lla     t1, boot
        add     t1, t1, t2
        csrw    mepc, t1
        li      t1, MSTATUS_TO_S
        csrw    mstatus, t1
        mret

boot:
        li      t1, REASON_BOOT
        j       ring_now

/*
 * A trap from user mode: S-mode, the user's page table.
 *
 * Save the process's registers in TRAPFRAME, which its page table maps for S-mode alone; then the
 * kernel's page table, and the doorbell.
 */
        .balign 8               # a word, as it is fetched; stvec's low two bits are its mode
uservec:
        csrw    sscratch, a0

        # From S-mode? Then something is not mapped as it must be, TRAPFRAME perhaps. To go on
        # would trap here again, for ever.
        csrr    a0, sstatus
        andi    a0, a0, SSTATUS_SPP
        bnez    a0, from_supervisor

        # First of all when it happened: what comes before is the process's time, what comes after
        # the kernel's.
        lla     a0, trampoline - (TRAMPOLINE - TRAPFRAME)
        sd      t0, TF_T0(a0)
        csrr    t0, time
        sd      t1, TF_T1(a0)
        sd      t0, TF_TIME(a0)

        sd      ra, TF_RA(a0)
        sd      sp, TF_SP(a0)
        sd      gp, TF_GP(a0)
        sd      tp, TF_TP(a0)
        sd      t2, TF_T2(a0)
        sd      s0, TF_S0(a0)
        sd      s1, TF_S1(a0)
        sd      a1, TF_A1(a0)
        sd      a2, TF_A2(a0)
        sd      a3, TF_A3(a0)
        sd      a4, TF_A4(a0)
        sd      a5, TF_A5(a0)
        sd      a6, TF_A6(a0)
        sd      a7, TF_A7(a0)
        sd      s2, TF_S2(a0)
        sd      s3, TF_S3(a0)
        sd      s4, TF_S4(a0)
        sd      s5, TF_S5(a0)
        sd      s6, TF_S6(a0)
        sd      s7, TF_S7(a0)
        sd      s8, TF_S8(a0)
        sd      s9, TF_S9(a0)
        sd      s10, TF_S10(a0)
        sd      s11, TF_S11(a0)
        sd      t3, TF_T3(a0)
        sd      t4, TF_T4(a0)
        sd      t5, TF_T5(a0)
        sd      t6, TF_T6(a0)

        # The process's a0, and what happened: the kernel sees no CSR.
        csrr    t0, sscratch
        csrr    t1, sepc
        sd      t0, TF_A0(a0)
        csrr    t2, scause
        sd      t1, TF_SEPC(a0)
        csrr    t0, stval
        sd      t2, TF_SCAUSE(a0)
        csrr    t1, sstatus
        sd      t0, TF_STVAL(a0)
        ld      t2, TF_KERNEL_SATP(a0)
        sd      t1, TF_SSTATUS(a0)

        # All accesses before the write are by the user's page table, since they come before it in
        # program order; the fence drops what they have left in the TLB. In between this page is
        # fetched, which both tables map alike.
        csrw    satp, t2
        sfence.vma zero, zero

        li      t1, REASON_USER_TRAP
        li      t0, DOORBELL

.if ACTION_RUN != 0
        .error  "the doorbell's answer is compared with 0"
.endif

/*
 * Ring the doorbell at t0 for reason t1, and do what the kernel answers. All that it has to say is
 * in registers then: it is not mapped in user mode's page tables.
 */
ring:
        sd      t1, DB_RING(t0)
        ld      t1, DB_ACTION(t0)
        ld      a1, DB_SATP(t0)
        ld      t2, DB_QUANTUM(t0)
        ld      a3, DB_FENCE_I(t0)
        bnez    t1, not_run

/*
 * Back to user mode: a1 = satp of the process, t2 = its quantum, a3 = whether the kernel has
 * written code.
 */
userret:
        # As on the way in; and this fence is behind all that the kernel has changed.
        csrw    satp, a1
        sfence.vma zero, zero

        bnez    a3, fetch_anew
restore:
        lla     a0, trampoline - (TRAMPOLINE - TRAPFRAME)

        # Break the reservation of an lr that ran before the trap: an sc must not succeed on what
        # another process, or the kernel, has changed since.
        addi    t0, a0, TF_SCRATCH
        sc.d    zero, zero, (t0)

        ld      t0, TF_SEPC(a0)
        ld      t1, TF_SSTATUS(a0)
        csrw    sepc, t0
        ld      ra, TF_RA(a0)
        csrw    sstatus, t1     # SPP = 0: to user mode; SPIE = 1
        ld      sp, TF_SP(a0)
        ld      gp, TF_GP(a0)
        ld      tp, TF_TP(a0)
        ld      s0, TF_S0(a0)
        ld      s1, TF_S1(a0)
        ld      a1, TF_A1(a0)
        ld      a2, TF_A2(a0)
        ld      a3, TF_A3(a0)
        ld      a4, TF_A4(a0)
        ld      a5, TF_A5(a0)
        ld      a6, TF_A6(a0)
        ld      a7, TF_A7(a0)
        ld      s2, TF_S2(a0)
        ld      s3, TF_S3(a0)
        ld      s4, TF_S4(a0)
        ld      s5, TF_S5(a0)
        ld      s6, TF_S6(a0)
        ld      s7, TF_S7(a0)
        ld      s8, TF_S8(a0)
        ld      s9, TF_S9(a0)
        ld      s10, TF_S10(a0)
        ld      s11, TF_S11(a0)
        ld      t3, TF_T3(a0)
        ld      t4, TF_T4(a0)
        ld      t5, TF_T5(a0)
        ld      t6, TF_T6(a0)

        # As late as it can be, so that the quantum is the process's own.
        csrr    t1, time
        li      t0, -1
        sd      t1, TF_RESUMED(a0)
        beqz    t2, 1f          # stimecmp: never, if there is no quantum
        add     t0, t1, t2
1:      csrw    STIMECMP, t0

        ld      t2, TF_T2(a0)
        ld      t1, TF_T1(a0)
        ld      t0, TF_T0(a0)
        ld      a0, TF_A0(a0)
        sret

fetch_anew:
        fence.i                 # fetch what was stored, not what was there before
        j       restore

/*
 * Ring the doorbell where there is no trap frame to hold the time.
 */
ring_now:
        li      t0, DOORBELL
        csrr    t2, time
        sd      t2, DB_TIME(t0)
        j       ring

/*
 * Nothing can run, or nothing is to: t1 = what the kernel answers, t2 = a quantum.
 */
not_run:
        li      t0, ACTION_IDLE
        beq     t1, t0, idle

        # ACTION_HALT, and whatever else: the kernel has ended the run.
        li      t1, -1
        csrw    STIMECMP, t1
halt:
        wfi
        j       halt

/*
 * wfi ends when an enabled interrupt is pending, though SIE is 0, and none is taken: the kernel is
 * told, and looks for itself.
 */
idle:
        li      t0, -1
        beqz    t2, 1f
        csrr    t1, time
        add     t0, t1, t2
1:      csrw    STIMECMP, t0
        wfi
        li      t1, REASON_IDLE
        j       ring_now

/*
 * A trap in S-mode. Its page table may be what is broken, so leave the report to M-mode, which
 * needs none: ecall from S-mode is not delegated.
 */
        .balign 4
kernelvec:
from_supervisor:                # a name of its own: a branch to a global one is two instructions
        ecall

/*
 * A trap in M-mode, or kernelvec's ecall: tell the kernel what happened, and stop. Nothing that
 * was going on will be continued, so no register is saved.
 */
        .balign 4
mvec:
        li      t0, DOORBELL
        csrr    t1, mcause
        li      t2, CAUSE_ECALL_S
        beq     t1, t2, 1f
        sd      t1, DB_PANIC_CAUSE(t0)
        csrr    t1, mepc
        sd      t1, DB_PANIC_EPC(t0)
        csrr    t1, mtval
        sd      t1, DB_PANIC_TVAL(t0)
        li      t1, REASON_MACHINE_PANIC
        j       2f
1:
        csrr    t1, scause
        sd      t1, DB_PANIC_CAUSE(t0)
        csrr    t1, sepc
        sd      t1, DB_PANIC_EPC(t0)
        csrr    t1, stval
        sd      t1, DB_PANIC_TVAL(t0)
        li      t1, REASON_KERNEL_PANIC
2:
        sd      t1, DB_RING(t0)
3:
        wfi
        j       3b
