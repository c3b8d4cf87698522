/* Privilege: xret and what it restores, instructions illegal below a mode, TVM, TW, TSR. */
#include "test.h"

/* `insn` must be illegal at `mode`. */
.macro ILLEGAL mode, insn:vararg
  TRAPS \mode, \insn
  CHECK s2, CAUSE_ILLEGAL
  CHECK_SAME s3, s7
  CHECK s6, PRIV_M
.endm

/* `insn` must pass at `mode`. */
.macro PASSES mode, insn:vararg
  RUN \mode
  \insn
  END
.endm

/* Sets mstatus to `before`, does `xret` to the next instruction; mstatus must be `after`. */
.macro RETURNS xret, xepc, before, after
  la a0, 1f
  csrw \xepc, a0
  li a0, \before
  csrw mstatus, a0
  la s1, 98f
  li s6, 0
  \xret
1:
  ecall
98:
  // The ecall has moved MIE to MPIE and the mode to MPP.
  CHECK s5, 10 << 32 | \after
.endm

  TEST 2  // mret: MIE = MPIE, MPIE = 1, mode = MPP, MPP = U
  RETURNS mret, mepc, MSTATUS_MPP, MSTATUS_MPP
  RETURNS mret, mepc, MSTATUS_MPP | MSTATUS_MPIE, MSTATUS_MPP | MSTATUS_MPIE
  RETURNS mret, mepc, MSTATUS_MPP_S | MSTATUS_MIE, MSTATUS_MPP_S
  RETURNS mret, mepc, MSTATUS_MPIE, MSTATUS_MPIE
  la a0, 1f
  csrw mepc, a0
  li a0, MSTATUS_MPP
  csrw mstatus, a0
  mret
1:
  csrr a0, mstatus
  CHECK a0, 10 << 32 | MSTATUS_MPIE

  TEST 3  // mret clears MPRV unless it returns to M
  RETURNS mret, mepc, MSTATUS_MPRV | MSTATUS_MPP, MSTATUS_MPRV | MSTATUS_MPP
  RETURNS mret, mepc, MSTATUS_MPRV | MSTATUS_MPP_S, MSTATUS_MPP_S
  RETURNS mret, mepc, MSTATUS_MPRV, 0

  TEST 4  // sret: SIE = SPIE, SPIE = 1, mode = SPP, SPP = U; MPRV = 0
  RETURNS sret, sepc, MSTATUS_SPP | MSTATUS_SPIE, MSTATUS_MPP_S | MSTATUS_SIE | MSTATUS_SPIE
  RETURNS sret, sepc, MSTATUS_SPP | MSTATUS_SIE, MSTATUS_MPP_S | MSTATUS_SPIE
  RETURNS sret, sepc, MSTATUS_MPRV | MSTATUS_SPIE, MSTATUS_SIE | MSTATUS_SPIE
  RETURNS sret, sepc, MSTATUS_MPRV | MSTATUS_SPP, MSTATUS_MPP_S | MSTATUS_SPIE

  TEST 5  // sret in S-mode
  csrw mstatus, x0
  la a0, 1f
  li a1, MSTATUS_SPP
  RUN S
  csrw sepc, a0
  csrs sstatus, a1
  sret
  j fail
1:
  csrc sstatus, a1
  la a0, 2f
  csrw sepc, a0
  sret
  j fail
2:
  ecall
98:
  CHECK s2, CAUSE_ECALL_U
  csrw mstatus, x0

  TEST 6  // mret is illegal below M
  ILLEGAL U, mret
  ILLEGAL S, mret
  li a0, 0x30200073
  CHECK_SAME s4, a0

  TEST 7  // sret is illegal in U
  ILLEGAL U, sret
  li a0, 0x10200073
  CHECK_SAME s4, a0

  TEST 8  // sfence.vma is illegal in U, in all four forms; legal in S and M (NaxRiscv#106)
  ILLEGAL U, sfence.vma
  li a0, 0x12000073
  CHECK_SAME s4, a0
  ILLEGAL U, sfence.vma a0, x0
  ILLEGAL U, sfence.vma x0, a0
  ILLEGAL U, sfence.vma a0, a0
  PASSES S, sfence.vma
  PASSES M, sfence.vma

  TEST 9  // wfi is illegal in U
  ILLEGAL U, wfi
  li a0, 0x10500073
  CHECK_SAME s4, a0

  TEST 10  // TVM makes satp and sfence.vma illegal in S, not in M
  li a1, MSTATUS_TVM
  csrw mstatus, a1
  ILLEGAL S, csrr a0, satp
  ILLEGAL S, csrw satp, x0
  ILLEGAL S, sfence.vma
  ILLEGAL S, sfence.vma a0, a0
  PASSES M, sfence.vma
  csrw satp, x0
  csrr a0, satp
  PASSES S, csrr a0, sepc
  csrw mstatus, x0
  PASSES S, csrw satp, x0

  TEST 11  // TSR makes sret illegal in S, not in M
  li a1, MSTATUS_TSR
  csrw mstatus, a1
  ILLEGAL S, sret
  RETURNS sret, sepc, MSTATUS_TSR | MSTATUS_SPP, MSTATUS_TSR | MSTATUS_SPIE | MSTATUS_MPP_S
  PASSES S, sfence.vma

  TEST 12  // TW makes wfi illegal in S, not in M
  li a1, MSTATUS_TW
  csrw mstatus, a1
  ILLEGAL S, wfi
  csrwi mie, 2                   // with an interrupt pending wfi ends at once
  csrwi mip, 2
  PASSES M, wfi
  csrw mstatus, x0
  li a0, 2
  csrw mideleg, a0
  PASSES S, wfi
  csrw mip, x0
  csrw mie, x0
  csrw mideleg, x0

  TEST 13  // the illegal ones changed nothing
  li a0, MSTATUS_SPP | MSTATUS_TSR | MSTATUS_TVM
  csrw mstatus, a0
  ILLEGAL S, sret
  CHECK s5, 10 << 32 | MSTATUS_SPP | MSTATUS_TSR | MSTATUS_TVM | MSTATUS_MPP_S
  csrw mstatus, a0
  ILLEGAL S, mret
  CHECK s5, 10 << 32 | MSTATUS_SPP | MSTATUS_TSR | MSTATUS_TVM | MSTATUS_MPP_S
  csrw mstatus, x0

  TEST 14  // an xret target with bit 0 set; xepc to a halfword boundary
  la a0, 1f + 1
  csrw mepc, a0
  li a0, MSTATUS_MPP
  csrw mstatus, a0
  mret
  .balign 4
  c.nop
1:

  TEST 15  // delegated illegal instructions of U and S go to S
  li a0, 1 << CAUSE_ILLEGAL
  csrw medeleg, a0
  TRAPS U, sret
  li a0, 0x10200073
  EXPECT CAUSE_ILLEGAL, a0, PRIV_S
  TRAPS S, mret
  li a0, 0x30200073
  EXPECT CAUSE_ILLEGAL, a0, PRIV_S

  PASS
