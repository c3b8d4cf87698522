/* What a write of a CSR, a store and a pending interrupt do to a trap or a return right behind. */
#include "test.h"

.macro NOPS count
  .rept \count
  nop
  .endr
.endm

/* mret within M-mode, `gap` instructions behind the write of mepc. */
.macro MRET_BEHIND gap
  li a0, MSTATUS_MPP
  csrs mstatus, a0
  la a0, fail
  csrw mepc, a0
  la a0, 1f
  csrw mepc, a0
  NOPS \gap
  mret
  j fail
1:
.endm

/* sret `gap` instructions behind the writes of sepc and of SPP; from there an ecall of `cause`. */
.macro SRET_BEHIND gap, before, after, cause
  li a0, \before
  csrw mstatus, a0
  la a0, 1f
  la s1, 2f
  li s6, 0
  li a1, \after
  csrw sepc, a0
  csrw mstatus, a1
  NOPS \gap
  sret
  j fail
1:
  ecall
  j fail
2:
  CHECK s2, \cause
  la a0, 1b
  CHECK_SAME s3, a0
.endm

/* The handler `gap` instructions behind the write of `xtvec` that names it. */
.macro TRAP_BEHIND gap, xtvec, insn
  csrr a3, \xtvec
  la a0, 1f
  csrw \xtvec, a0
  NOPS \gap
  \insn
  j fail
  .balign 4
1:
  csrw \xtvec, a3
.endm

/* The instruction at 1: is overwritten, and returned to. */
.macro STORED_BEHIND gap
  li a0, MSTATUS_MPP
  csrs mstatus, a0
  la a0, 1f
  lw a1, instruction
  csrw mepc, a0
  sw a1, 0(a0)
  NOPS \gap
  mret
  .balign 4
1:
  WIDE j fail
.endm

  TEST 2  // mret goes where mepc was told to, however close the write
  MRET_BEHIND 0
  MRET_BEHIND 1
  MRET_BEHIND 2
  MRET_BEHIND 3

  TEST 3  // sret likewise, and to the privilege that was written last
  SRET_BEHIND 0, 0, MSTATUS_SPP, CAUSE_ECALL_S
  SRET_BEHIND 1, 0, MSTATUS_SPP, CAUSE_ECALL_S
  SRET_BEHIND 2, 0, MSTATUS_SPP, CAUSE_ECALL_S
  SRET_BEHIND 0, MSTATUS_SPP, 0, CAUSE_ECALL_U
  SRET_BEHIND 1, MSTATUS_SPP, 0, CAUSE_ECALL_U
  SRET_BEHIND 2, MSTATUS_SPP, 0, CAUSE_ECALL_U

  TEST 4  // a trap goes to the vector that was written last: from M-mode
  TRAP_BEHIND 0, mtvec, ecall
  TRAP_BEHIND 1, mtvec, ecall
  TRAP_BEHIND 2, mtvec, ebreak
  TRAP_BEHIND 0, mtvec, unimp

  TEST 5  // and from S-mode
  li a0, 1 << CAUSE_BREAKPOINT | 1 << CAUSE_ILLEGAL
  csrw medeleg, a0
  RUN S
  TRAP_BEHIND 0, stvec, ebreak
  TRAP_BEHIND 1, stvec, ebreak
  TRAP_BEHIND 2, stvec, unimp
  END

  TEST 6  // delegation that was written last counts, of a trap from U-mode
  csrw medeleg, zero
  TRAPS U, ebreak
  EXPECT CAUSE_BREAKPOINT, s3
  li a0, 1 << CAUSE_BREAKPOINT
  csrw medeleg, a0
  TRAPS U, ebreak
  EXPECT CAUSE_BREAKPOINT, s3, PRIV_S
  csrw medeleg, zero

  TEST 7  // an interrupt that a write lets in comes before the ecall behind it
  csrwi mip, SSI
  la s1, 2f
  li s6, 0
  li a0, SSI
  csrsi mstatus, MSTATUS_MIE
  csrw mie, a0
1:
  ecall
  j fail
2:
  CHECK s2, CAUSE_SSI
  la a0, 1b
  CHECK_SAME s3, a0

  TEST 8  // one that mret lets in comes before the instruction that it returns to
  li a0, MSTATUS_MPP | MSTATUS_MPIE
  csrw mstatus, a0
  la a0, 1f
  csrw mepc, a0
  la s1, 2f
  li s6, 0
  mret
  j fail
1:
  j fail
2:
  CHECK s2, CAUSE_SSI
  la a0, 1b
  CHECK_SAME s3, a0

  TEST 9  // one that sret lets in is taken in S-mode, before the first instruction in U-mode
  csrwi mideleg, SSI
  csrw mstatus, zero
  la a0, 1f
  csrw sepc, a0
  la s1, 2f
  li s6, 0
  sret
  j fail
1:
  j fail
2:
  CHECK s2, CAUSE_SSI
  la a0, 1b
  CHECK_SAME s3, a0
  CHECK s6, PRIV_S
  csrw mie, zero
  csrw mip, zero
  csrw mideleg, zero

  TEST 10  // traps and returns behind a branch that is taken do nothing
  la a0, fail
  csrr a3, mtvec
  csrw mepc, a0
  csrw mtvec, a0
  beqz zero, 1f
  mret
1:
  beqz zero, 1f
  ecall
1:
  beqz zero, 1f
  ebreak
1:
  csrw mtvec, a3

  TEST 11  // a return fetches what was stored just before it
  SKIP_ON_SPIKE 2f
  STORED_BEHIND 0
  STORED_BEHIND 1
  STORED_BEHIND 3
2:

  TEST 12  // an ecall where a jump has been, which is predicted still
  la a0, 1f
  lw a1, call
  li a2, 1
3:
  j 1f
  .balign 8
1:
  WIDE j 2f
  j fail
2:
  beqz a2, fail
  li a2, 0
  sw a1, 0(a0)
  fence.i
  la s1, 4f
  li s6, 0
  j 3b
4:
  CHECK s2, CAUSE_ECALL_M
  CHECK_SAME s3, a0
  PASS

.balign 4
instruction:
  WIDE nop
call:
  ecall
