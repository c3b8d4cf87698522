/*
 * Interrupts that software can raise (SSIP, STIP, SEIP): when they are taken, by whom, in which
 * order, vectored or not; wfi; and that a program interrupted anywhere goes on as if nothing was.
 */
#include "test.h"

/* With interrupts on, the last of `insn` lets one in; it must be taken at the next instruction. */
.macro AT_ONCE mode, cause, by, insn
  RUN \mode
  \insn
1:
  li a1, 99
  CAUGHT 1b
  EXPECT \cause, x0, \by
  CHECK a1, 1
.endm

/* Sets mstatus, mideleg, mie and mip, so that no interrupt is taken yet. */
.macro SET status, deleg, enable, pending
  csrw mstatus, x0
  li t0, \deleg
  csrw mideleg, t0
  li t0, \enable
  csrw mie, t0
  li t0, \pending
  csrw mip, t0
  li t0, \status
  csrw mstatus, t0
.endm

/* mip, without MTIP, must be `value`. */
.macro PENDING value
  csrr t0, mip
  andi t0, t0, ~0x80
  CHECK t0, \value
.endm

  csrw menvcfg, x0               // STIP is a plain bit of mip
  li a0, -1
  csrw stimecmp, a0
  li a1, 1

  TEST 2  // whichever comes last lets it in: MIE, mie or mip
  SET 0, 0, SSI, SSI
  AT_ONCE M, CAUSE_SSI, PRIV_M, "csrsi mstatus, MSTATUS_MIE"
  CHECK s5, 10 << 32 | MSTATUS_MPP | MSTATUS_MPIE
  SET MSTATUS_MIE, 0, 0, SSI
  AT_ONCE M, CAUSE_SSI, PRIV_M, "csrsi mie, SSI"
  SET MSTATUS_MIE, 0, SSI, 0
  AT_ONCE M, CAUSE_SSI, PRIV_M, "csrsi mip, SSI"

  TEST 3  // STIP and SEIP as well, written in mip
  li a2, STI
  SET MSTATUS_MIE, 0, STI, 0
  AT_ONCE M, CAUSE_STI, PRIV_M, "csrs mip, a2"
  li a2, SEI
  SET MSTATUS_MIE, 0, SEI, 0
  AT_ONCE M, CAUSE_SEI, PRIV_M, "csrs mip, a2"

  TEST 4  // not taken in M with MIE = 0, nor if not enabled in mie
  SET 0, 0, SSI | STI | SEI, SSI | STI | SEI
  nop
  nop
  SET MSTATUS_MIE, 0, STI | SEI, SSI
  nop
  nop

  TEST 5  // taken below M whatever MIE says, before the first instruction
  SET 0, 0, SSI, SSI
  TRAPS U, ecall
  EXPECT CAUSE_SSI, x0
  CHECK s5, 10 << 32
  SET 0, 0, SSI, SSI
  TRAPS S, ecall
  EXPECT CAUSE_SSI, x0
  CHECK s5, 10 << 32 | MSTATUS_MPP_S

  TEST 6  // an interrupt goes before the exception of the same instruction
  SET 0, 0, SSI, SSI
  RUN M
  csrsi mstatus, MSTATUS_MIE
1:
  .word 0
  CAUGHT 1b
  EXPECT CAUSE_SSI, x0

  TEST 7  // external before software before timer
  SET 0, 0, SSI | STI | SEI, SSI | STI | SEI
  AT_ONCE M, CAUSE_SEI, PRIV_M, "csrsi mstatus, MSTATUS_MIE"
  li a2, SEI
  csrc mip, a2
  AT_ONCE M, CAUSE_SSI, PRIV_M, "csrsi mstatus, MSTATUS_MIE"
  li a2, SSI
  csrc mip, a2
  AT_ONCE M, CAUSE_STI, PRIV_M, "csrsi mstatus, MSTATUS_MIE"

  TEST 8  // delegated: S takes it from U, whatever SIE says
  SET 0, SSI, SSI, SSI
  TRAPS U, nop
  EXPECT CAUSE_SSI, x0, PRIV_S
  CHECK s5, 2 << 32
  SET MSTATUS_SIE, STI, STI, STI
  TRAPS U, nop
  EXPECT CAUSE_STI, x0, PRIV_S
  CHECK s5, 2 << 32 | MSTATUS_SPIE
  SET 0, SEI, SEI, SEI
  TRAPS U, nop
  EXPECT CAUSE_SEI, x0, PRIV_S

  TEST 9  // from S only with SIE = 1, at once when sstatus, sie or sip lets it
  SET 0, SSI, SSI, SSI
  RUN S
  nop
  END
  SET 0, SSI, SSI, SSI
  AT_ONCE S, CAUSE_SSI, PRIV_S, "csrsi sstatus, MSTATUS_SIE"
  CHECK s5, 2 << 32 | MSTATUS_SPP | MSTATUS_SPIE
  SET MSTATUS_SIE, SSI, 0, SSI
  AT_ONCE S, CAUSE_SSI, PRIV_S, "csrsi sie, SSI"
  SET MSTATUS_SIE, SSI, SSI, 0
  AT_ONCE S, CAUSE_SSI, PRIV_S, "csrsi sip, SSI"

  TEST 10  // never in M, MIE = 1 or not
  SET MSTATUS_MIE, SSI | STI | SEI, SSI | STI | SEI, SSI | STI | SEI
  nop
  nop
  csrw mstatus, x0

  TEST 11  // delegated ones keep the order among themselves
  SET 0, SSI | STI | SEI, SSI | STI | SEI, SSI | STI | SEI
  TRAPS U, nop
  EXPECT CAUSE_SEI, x0, PRIV_S
  SET 0, SSI | STI | SEI, SSI | STI | SEI, SSI | STI
  TRAPS U, nop
  EXPECT CAUSE_SSI, x0, PRIV_S
  SET 0, SSI | STI | SEI, SSI | STI | SEI, STI
  TRAPS U, nop
  EXPECT CAUSE_STI, x0, PRIV_S

  TEST 12  // one bound for M goes before any bound for S
  SET 0, SEI | SSI, SSI | STI | SEI, SSI | STI | SEI
  TRAPS U, nop
  EXPECT CAUSE_STI, x0
  SET MSTATUS_SIE, SEI, SSI | SEI, SSI | SEI
  TRAPS S, nop
  EXPECT CAUSE_SSI, x0

  TEST 13  // S can write SSIP, but neither STIP nor SEIP
  SET 0, SSI | STI | SEI, 0, STI
  li a2, SSI | SEI
  RUN S
  csrs sip, a2
  END
  PENDING SSI | STI
  li a2, SSI | STI
  RUN S
  csrc sip, a2
  END
  PENDING STI
  csrw mip, x0

  TEST 14  // right after mret: at the target, with MIE restored
  SET 0, 0, SSI, SSI
  li a2, MSTATUS_MPP | MSTATUS_MPIE
  la a3, 2f
  AT_ONCE M, CAUSE_SSI, PRIV_M, "csrw mepc, a3; csrw mstatus, a2; mret; ebreak; 2:"
  CHECK s5, 10 << 32 | MSTATUS_MPP | MSTATUS_MPIE

  TEST 15  // right after sret, to S and to U
  SET 0, SSI, SSI, SSI
  li a2, MSTATUS_SPP | MSTATUS_SPIE
  la a3, 2f
  AT_ONCE S, CAUSE_SSI, PRIV_S, "csrw sepc, a3; csrw sstatus, a2; sret; ebreak; 2:"
  CHECK s5, 2 << 32 | MSTATUS_SPP | MSTATUS_SPIE
  SET 0, SSI, SSI, SSI
  la a3, 2f
  AT_ONCE S, CAUSE_SSI, PRIV_S, "csrw sepc, a3; csrw sstatus, x0; sret; ebreak; 2:"
  CHECK s5, 2 << 32

  TEST 16  // vectored: base + 4 * cause, in M and in S
  la a2, vectors + 1
  csrr s8, mtvec
  csrr s9, stvec
  csrw mtvec, a2
  .irp cause, 1, 5, 9
  SET 0, 0, 1 << \cause, 1 << \cause
  li s10, 0
  TRAPS U, nop
  EXPECT 1 << 63 | \cause, x0
  CHECK s10, \cause * 4
  .endr
  csrw mtvec, s8
  la a2, supervisor_vectors + 1
  csrw stvec, a2
  .irp cause, 1, 5, 9
  SET 0, 1 << \cause, 1 << \cause, 1 << \cause
  li s10, 0
  TRAPS U, nop
  EXPECT 1 << 63 | \cause, x0, PRIV_S
  CHECK s10, \cause * 4
  .endr
  csrw stvec, s9
  SET 0, 0, 0, 0

  TEST 17  // with STCE, STIP is time >= stimecmp, and read-only
  li a2, MENVCFG_STCE
  csrw menvcfg, a2
  PENDING 0
  csrw stimecmp, x0
  PENDING STI
  csrw mip, x0
  PENDING STI
  li a2, -1
  csrw stimecmp, a2
  PENDING 0
  li a3, STI
  csrw mip, a3
  PENDING 0

  TEST 18  // the timer interrupt of stimecmp, delegated, from U
  SET 0, STI, STI, 0
  csrw stimecmp, x0
  TRAPS U, nop
  EXPECT CAUSE_STI, x0, PRIV_S
  csrw stimecmp, a2

  TEST 19  // S programs it itself and returns to a U-mode that never ends
  li a3, 2
  csrw mcounteren, a3
  la a3, spin
  RUN S
  csrr a4, time
  addi a4, a4, 150
  csrw stimecmp, a4
  csrw sepc, a3
  csrw sstatus, x0
  sret
98:
  la s7, spin
  EXPECT CAUSE_STI, x0, PRIV_S
  csrr a5, time
  bltu a5, a4, fail
  csrw stimecmp, a2

  TEST 20  // wfi wakes by a pending and enabled one with MIE = 0: no trap
  SET 0, 0, SSI | STI, 0
  csrwi mip, SSI
  wfi
  csrwi mip, 0
  csrr a4, time
  addi a4, a4, 150
  csrw stimecmp, a4
  wfi
  csrr a5, time
  bltu a5, a4, fail
  csrw stimecmp, a2

  TEST 21  // one not enabled does not wake it; a delegated one does
  SET 0, STI, STI, SSI
  csrr a4, time
  addi a4, a4, 150
  csrw stimecmp, a4
  wfi
  csrr a5, time
  bltu a5, a4, fail
  csrw stimecmp, a2

  TEST 22  // in S with SIE = 0
  SET 0, STI, STI, 0
  RUN S
  csrr a4, time
  addi a4, a4, 150
  csrw stimecmp, a4
  wfi
  csrr a5, time
  END
  bltu a5, a4, fail
  csrw stimecmp, a2

  TEST 23  // if the interrupt is taken, xepc is behind the wfi
  SET MSTATUS_SIE, STI, STI, 0
  AT_ONCE S, CAUSE_STI, PRIV_S, "csrr a4, time; addi a4, a4, 150; csrw stimecmp, a4; wfi"
  csrw stimecmp, a2

  TEST 24  // a sequence interrupted in any of its cycles gives the same result
  csrr s8, mtvec
  la a3, tick
  csrw mtvec, a3
  la s9, word
  li s10, 6                      // cycles until the interrupt
1:
  SET MSTATUS_MIE, 0, STI, 0
  li s4, 0
  li a0, 7
  sd x0, 0(s9)
  csrr a4, time
  add a4, a4, s10
  csrw stimecmp, a4
  addi a1, a0, 1
  sd a1, 0(s9)
  ld a4, 0(s9)
  beq a4, a1, 2f
  j fail
2:
  call increment
  csrrw a5, mscratch, a4
  amoadd.d a3, a0, (s9)
  lr.d t0, (s9)
  csrr a5, mscratch
  mul a2, a5, t0
  div a2, a2, a1
3:
  beqz s4, 3b                    // it comes once, be it here
  csrw mstatus, x0
  CHECK s4, 1
  CHECK a2, 16
  CHECK a3, 8
  ld a0, 0(s9)
  CHECK a0, 15
  srli t0, s10, 4                // the first cycles one by one
  add s10, s10, t0
  addi s10, s10, 1
  li t0, 100
  blt s10, t0, 1b
  csrw mtvec, s8

  PASS

spin:
  WIDE j spin

/* Counts a timer interrupt in s4 and disarms the timer. */
.balign 4
tick:
  addi s4, s4, 1
  li t6, -1
  csrw stimecmp, t6
  csrr t6, mcause
  addi t6, t6, -5
  slli t6, t6, 1
  bnez t6, fail
  mret

increment:
  addi a4, a4, 1
  ret

/* Vectored handlers: leave the offset of the entry in s10 and go on as the direct ones. */
.balign 256
vectors:
  .rept 12
  WIDE jal t5, 1f
  .endr
1:
  la t6, vectors + 4
  sub s10, t5, t6
  j machine_trap
.balign 256
supervisor_vectors:
  .rept 12
  WIDE jal t5, 1f
  .endr
1:
  la t6, supervisor_vectors + 4
  sub s10, t5, t6
  j supervisor_trap

.data
.balign 8
word:
  .dword 0
