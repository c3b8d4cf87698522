/* Exceptions without translation: causes, xtval, xepc, xstatus, delegation, precision. */
#include "test.h"

#define MPIE_OF(mstatus) ((mstatus) << 4)

/* `insn`, a data access at the address in a0, must trap with `cause` and leave a1 alone. */
.macro FAULTS cause, insn:vararg
  li a1, 77
  TRAPS M, \insn
  EXPECT \cause, a0
  CHECK a1, 77
.endm

/* The trap on `insn` at `mode` with `cause` goes where medeleg says. */
.macro DELEGATED mode, cause, insn:vararg
  li a2, 1 << \cause
  csrw medeleg, a2
  TRAPS \mode, \insn
  CHECK s2, \cause
  CHECK_SAME s3, s7
  CHECK s6, PRIV_S
  not a2, a2
  csrw medeleg, a2
  TRAPS \mode, \insn
  CHECK s2, \cause
  CHECK_SAME s3, s7
  CHECK s6, PRIV_M
.endm

  TEST 2  // ecall tells where it comes from; xtval is 0
  TRAPS U, ecall
  EXPECT CAUSE_ECALL_U, x0
  TRAPS S, ecall
  EXPECT CAUSE_ECALL_S, x0
  TRAPS M, ecall
  EXPECT CAUSE_ECALL_M, x0

  TEST 3  // ebreak: xtval is its pc
  TRAPS U, ebreak
  EXPECT CAUSE_BREAKPOINT, s7
  TRAPS M, ebreak
  EXPECT CAUSE_BREAKPOINT, s7

  TEST 4  // misaligned loads
  .irp offset, 1, 3, 7
  la a0, buffer + \offset
  FAULTS CAUSE_LOAD_MISALIGNED, lh a1, 0(a0)
  FAULTS CAUSE_LOAD_MISALIGNED, lhu a1, 0(a0)
  FAULTS CAUSE_LOAD_MISALIGNED, lw a1, 0(a0)
  FAULTS CAUSE_LOAD_MISALIGNED, ld a1, 0(a0)
  .endr
  .irp offset, 2, 6
  la a0, buffer + \offset
  FAULTS CAUSE_LOAD_MISALIGNED, lw a1, 0(a0)
  FAULTS CAUSE_LOAD_MISALIGNED, lwu a1, 0(a0)
  .endr
  la a0, buffer + 4
  FAULTS CAUSE_LOAD_MISALIGNED, ld a1, 0(a0)

  TEST 5  // misaligned stores
  la a0, buffer + 1
  FAULTS CAUSE_STORE_MISALIGNED, sh a1, 0(a0)
  FAULTS CAUSE_STORE_MISALIGNED, sw a1, 0(a0)
  FAULTS CAUSE_STORE_MISALIGNED, sd a1, 0(a0)
  la a0, buffer + 2
  FAULTS CAUSE_STORE_MISALIGNED, sw a1, 0(a0)
  la a0, buffer + 4
  FAULTS CAUSE_STORE_MISALIGNED, sd a1, 0(a0)

  TEST 6  // misaligned LR (a load), SC and AMO (stores)
  FAULTS CAUSE_LOAD_MISALIGNED, lr.d a1, (a0)
  FAULTS CAUSE_STORE_MISALIGNED, sc.d a1, a0, (a0)
  FAULTS CAUSE_STORE_MISALIGNED, amoadd.d a1, a0, (a0)
  la a0, buffer + 2
  FAULTS CAUSE_LOAD_MISALIGNED, lr.w a1, (a0)
  FAULTS CAUSE_STORE_MISALIGNED, sc.w a1, a0, (a0)
  FAULTS CAUSE_STORE_MISALIGNED, amoswap.w a1, a0, (a0)

  TEST 7  // none of them wrote anything
  la a0, buffer
  ld a1, 0(a0)
  CHECK a1, -1
  ld a1, 8(a0)
  CHECK a1, -1

  TEST 8  // loads and LR where nothing is; no address bit is dropped
  .irp address, HOLE, BEYOND, 1 << 55, 1 << 56 | 0x80000000, 1 << 63 | 0x80000000
  li a0, \address
  FAULTS CAUSE_LOAD_ACCESS, ld a1, 0(a0)
  .endr
  FAULTS CAUSE_LOAD_ACCESS, lr.d a1, (a0)
  li a0, HOLE
  FAULTS CAUSE_LOAD_ACCESS, lbu a1, 0(a0)
  FAULTS CAUSE_LOAD_ACCESS, lr.w a1, (a0)

  TEST 9  // stores and AMOs there
  .irp address, HOLE, BEYOND, 1 << 55, 1 << 56 | 0x80000000, 1 << 63 | 0x80000000
  li a0, \address
  FAULTS CAUSE_STORE_ACCESS, sd a1, 0(a0)
  .endr
  FAULTS CAUSE_STORE_ACCESS, amoor.d a1, a0, (a0)
  li a0, HOLE
  FAULTS CAUSE_STORE_ACCESS, sb a1, 0(a0)
  FAULTS CAUSE_STORE_ACCESS, amoadd.w a1, a0, (a0)

  TEST 10  // misaligned goes before access fault
  li a0, HOLE + 1
  FAULTS CAUSE_LOAD_MISALIGNED, ld a1, 0(a0)
  FAULTS CAUSE_STORE_MISALIGNED, sd a1, 0(a0)
  FAULTS CAUSE_STORE_MISALIGNED, amoadd.d a1, a0, (a0)

  TEST 11  // fetches where nothing is: xepc and xtval are the target
  .irp address, HOLE, BEYOND + 2, 1 << 55, 1 << 56 | 0x80000000, 1 << 63 | 0x80000000
  li a0, \address
  TRAPS_AT M, a0
  EXPECT CAUSE_FETCH_ACCESS, a0
  .endr
  TRAPS_AT U, a0
  EXPECT CAUSE_FETCH_ACCESS, a0
  TRAPS_AT S, a0
  EXPECT CAUSE_FETCH_ACCESS, a0

  TEST 12  // the jump there has happened: it has linked
  li a0, BEYOND
  mv s7, a0
  RUN M
  jalr a1, 0(a0)
1:
  CAUGHT 1b
  CHECK_SAME s7, a1
  CHECK s2, CAUSE_FETCH_ACCESS
  CHECK_SAME s3, a0
  CHECK_SAME s4, a0

  TEST 13  // running off the end of RAM, by a 16-bit and inside a 32-bit insn
  li a0, 0x88000000
  li a1, 0x0001                  // c.nop
  sh a1, -2(a0)
  fence.i
  addi a2, a0, -2
  TRAPS_AT M, a2
  mv s7, a0
  EXPECT CAUSE_FETCH_ACCESS, a0
  li a1, 0x0013                  // the lower half of nop
  sh a1, -2(a0)
  fence.i
  TRAPS_AT M, a2
  EXPECT CAUSE_FETCH_ACCESS, a0

  TEST 14  // the last doubleword of RAM is there, the next one is not
  sd a2, -8(a0)
  ld a1, -8(a0)
  CHECK_SAME a1, a2
  FAULTS CAUSE_LOAD_ACCESS, ld a1, 0(a0)
  FAULTS CAUSE_STORE_ACCESS, sd a1, 0(a0)

  TEST 15  // trap to M: MPP = old mode, MPIE = MIE, MIE = 0
  .irp enabled, 0, MSTATUS_MIE
  li a0, \enabled | MPIE_OF(\enabled)
  csrw mstatus, a0
  TRAPS M, ecall
  CHECK s5, 10 << 32 | MSTATUS_MPP | MPIE_OF(\enabled)
  csrw mstatus, a0
  TRAPS S, ecall
  CHECK s5, 10 << 32 | MSTATUS_MPP_S | MPIE_OF(\enabled)
  csrw mstatus, a0
  TRAPS U, ecall
  CHECK s5, 10 << 32 | MPIE_OF(\enabled)
  .endr
  csrw mstatus, x0

  TEST 16  // delegated to S: SPP = old mode, SPIE = SIE, SIE = 0
  li a0, 1 << CAUSE_BREAKPOINT
  csrw medeleg, a0
  .irp enabled, 0, MSTATUS_SIE
  li a0, \enabled
  csrw mstatus, a0
  TRAPS U, ebreak
  EXPECT CAUSE_BREAKPOINT, s7, PRIV_S
  CHECK s5, 2 << 32 | \enabled << 4
  csrw mstatus, a0
  TRAPS S, ebreak
  EXPECT CAUSE_BREAKPOINT, s7, PRIV_S
  CHECK s5, 2 << 32 | \enabled << 4 | MSTATUS_SPP
  .endr
  csrr a0, mstatus
  CHECK a0, 10 << 32 | MSTATUS_SPIE | MSTATUS_SPP | MSTATUS_MPP_S
  csrw mstatus, x0

  TEST 17  // each cause is delegated by its own bit
  la a0, buffer
  li a1, BEYOND
  DELEGATED U, CAUSE_ILLEGAL, .word 0
  DELEGATED U, CAUSE_BREAKPOINT, ebreak
  DELEGATED S, CAUSE_LOAD_MISALIGNED, ld a2, 1(a0)
  DELEGATED U, CAUSE_LOAD_ACCESS, ld a2, 0(a1)
  DELEGATED S, CAUSE_STORE_MISALIGNED, sd a2, 1(a0)
  DELEGATED U, CAUSE_STORE_ACCESS, sd a2, 0(a1)
  DELEGATED U, CAUSE_ECALL_U, ecall
  DELEGATED S, CAUSE_ECALL_S, ecall
  li a2, 1 << CAUSE_FETCH_ACCESS
  csrw medeleg, a2
  TRAPS_AT U, a1
  EXPECT CAUSE_FETCH_ACCESS, a1, PRIV_S

  TEST 18  // traps from M are never delegated, and leave S's CSRs alone
  li a2, -1
  csrw medeleg, a2
  csrw scause, x0
  csrw sepc, a0
  csrw stval, a0
  TRAPS M, ld a2, 1(a0)
  addi a2, a0, 1
  EXPECT CAUSE_LOAD_MISALIGNED, a2
  TRAPS M, .word 0
  EXPECT CAUSE_ILLEGAL, x0
  TRAPS M, ebreak
  EXPECT CAUSE_BREAKPOINT, s7
  TRAPS_AT M, a1
  EXPECT CAUSE_FETCH_ACCESS, a1
  csrr a2, scause
  CHECK a2, 0
  csrr a2, sepc
  CHECK_SAME a2, a0
  csrr a2, stval
  CHECK_SAME a2, a0
  csrw medeleg, x0

  TEST 19  // what is older has happened, what is younger has not
  sd x0, 0(a0)
  sd x0, 8(a0)
  li a2, 7
  li a3, 0
  li a4, 100
  li a5, 1
  RUN M
  sd a2, 0(a0)
  div a4, a4, a2
  addi a3, a3, 5
1:
  ld a5, 0(a1)
  addi a3, a3, 5
  sd a2, 8(a0)
  mv a5, a2
  csrw mscratch, a2
  CAUGHT 1b
  EXPECT CAUSE_LOAD_ACCESS, a1
  ld t0, 0(a0)
  CHECK t0, 7
  ld t0, 8(a0)
  CHECK t0, 0
  CHECK a4, 14
  CHECK a3, 5
  CHECK a5, 1

  TEST 20  // two faults in a row: each has its own xtval (XiangShan#6540)
  TRAPS M, ld a2, 0(a1)
  EXPECT CAUSE_LOAD_ACCESS, a1
  TRAPS M, sd a2, 8(a1)
  addi a2, a1, 8
  EXPECT CAUSE_STORE_ACCESS, a2
  TRAPS M, ecall
  EXPECT CAUSE_ECALL_M, x0

  TEST 21  // exceptions go to the base of a vectored xtvec as well
  csrr a2, mtvec
  addi a3, a2, 1
  csrw mtvec, a3
  TRAPS M, ebreak
  EXPECT CAUSE_BREAKPOINT, s7
  csrw mtvec, a2
  li a3, 1 << CAUSE_BREAKPOINT
  csrw medeleg, a3
  csrr a2, stvec
  addi a3, a2, 1
  csrw stvec, a3
  TRAPS U, ebreak
  EXPECT CAUSE_BREAKPOINT, s7, PRIV_S
  csrw stvec, a2
  csrw medeleg, x0

  TEST 22  // an exception that another instruction overtakes is not taken
  beqz x0, 1f
  ld a2, 0(a1)
1:
  la t0, 1f
  jr t0
  .word 0
1:

  TEST 23  // xtvec, written by the instruction before, is obeyed
  la t0, 1f
  csrw mtvec, t0
  .word 0
  j fail
  .balign 4
1:
  csrr a2, mcause
  CHECK a2, CAUSE_ILLEGAL

  PASS

.data
.balign 16
buffer:
  .dword -1, -1
