/* Counters: exact instret, writes, inhibition, and who may read them (stimecmp included). */
#include "test.h"

#define CY 1
#define TM 2
#define IR 4

/* The mask, in a0, of the counters that `mode` may read; the others must be illegal there. */
.macro READABLE mode
  li a0, 0
  PROBE \mode, cycle, CY
  PROBE \mode, time, TM
  PROBE \mode, instret, IR
.endm
.macro PROBE mode, counter, bit
  RUN \mode
  csrr a1, \counter
  ecall
98:
  addi t6, s2, -CAUSE_ILLEGAL
  beqz t6, 1f
  CHECK s2, CAUSE_ECALL_U + PRIV_\mode
  ori a0, a0, \bit
1:
.endm

/* Traps on `insn` between two reads of minstret must count only the first read: 1. */
.macro UNCOUNTED insn:vararg
  la t0, 1f
  csrw mtvec, t0
  csrr a0, minstret
  \insn
  .balign 4
1:
  csrr a1, minstret
  sub a0, a1, a0
  CHECK a0, 1
.endm

  csrw mcountinhibit, x0

  TEST 2  // instret counts each instruction once
  csrr a0, minstret
  csrr a1, minstret
  nop
  nop
  beqz x0, 1f
  nop
1:
  csrr a2, minstret
  sub a2, a2, a1
  sub a1, a1, a0
  CHECK a1, 1
  CHECK a2, 4

  TEST 3  // slow instructions count once
  csrr a0, minstret
  div a3, a0, a0
  mul a3, a3, a3
  la a4, word
  amoadd.d a3, a3, (a4)
  ld a3, 0(a4)
  csrr a1, minstret
  sub a0, a1, a0
  CHECK a0, 7

  TEST 4  // a write replaces the writing instruction's own increment
  li a0, 1000
  csrw minstret, a0
  csrr a1, minstret
  csrr a2, minstret
  CHECK a1, 1000
  CHECK a2, 1001
  csrw minstret, a0
  nop
  csrr a1, minstret
  CHECK a1, 1001
  csrrwi a1, minstret, 5
  csrr a1, minstret
  CHECK a1, 5

  TEST 5  // minstret has 64 bits
  li a0, 0xffffffff
  csrw minstret, a0
  nop
  csrr a1, minstret
  CHECK a1, 0x100000000
  li a0, -1
  csrw minstret, a0
  nop
  csrr a1, minstret
  CHECK a1, 0

  TEST 6  // instret mirrors minstret
  csrr a0, minstret
  csrr a1, instret
  sub a1, a1, a0
  CHECK a1, 1

  TEST 7  // ecall, ebreak, an illegal and a faulting instruction do not count
  UNCOUNTED ecall
  UNCOUNTED ebreak
  UNCOUNTED .word 0
  li a2, BEYOND
  UNCOUNTED ld a3, 0(a2)
  UNCOUNTED sd a3, 1(a2)
  la t0, machine_trap
  csrw mtvec, t0

  TEST 8  // mcycle counts, can be written, has 64 bits; cycle mirrors it
  csrr a0, mcycle
  csrr a1, mcycle
  bgeu a0, a1, fail
  li a0, 0xfffffffff0000000
  csrw mcycle, a0
  csrr a1, mcycle
  bltu a1, a0, fail
  csrr a2, cycle
  bgeu a1, a2, fail
  li a0, 0xffffffff
  csrw mcycle, a0
  nop
  csrr a1, mcycle
  bgeu a0, a1, fail
  csrw mcycle, x0
  csrr a1, mcycle
  bgeu a1, a0, fail

  TEST 9  // time never goes back
  csrr a0, time
  csrr a1, time
  bltu a1, a0, fail

  TEST 10  // mcountinhibit stops each counter alone; its bit 1 is 0
  li a0, -1
  csrw mcountinhibit, a0
  csrr a0, mcountinhibit
  andi a0, a0, 7
  CHECK a0, CY | IR
  li a0, IR
  csrw mcountinhibit, a0
  csrr a0, minstret
  csrr a1, mcycle
  csrr a2, instret
  csrr a3, cycle
  CHECK_SAME a2, a0
  bgeu a1, a3, fail
  li a0, CY
  csrw mcountinhibit, a0
  csrr a0, minstret
  csrr a1, mcycle
  csrr a2, instret
  csrr a3, cycle
  sub a0, a2, a0
  CHECK a0, 2
  CHECK_SAME a3, a1

  TEST 11  // a stopped counter can be written, and goes on from there
  li a0, CY | IR
  csrw mcountinhibit, a0
  li a0, 500
  csrw minstret, a0
  csrw mcycle, a0
  nop
  csrr a1, minstret
  csrr a2, mcycle
  CHECK a1, 500
  CHECK a2, 500
  csrw mcountinhibit, x0
  nop
  csrr a1, minstret
  csrr a2, mcycle
  bgeu a0, a1, fail
  bgeu a0, a2, fail

  TEST 12  // mcounteren lets S-mode read each counter
  .irp mask, 0, CY, TM, IR, CY | TM | IR
  li a2, \mask
  csrw mcounteren, a2
  READABLE S
  CHECK_SAME a0, a2
  .endr

  TEST 13  // scounteren lets U-mode read those that S-mode may
  .irp mask, 0, CY, TM, IR, CY | TM | IR
  li a2, \mask
  csrw scounteren, a2
  READABLE U
  CHECK_SAME a0, a2
  .endr
  li a2, TM
  csrw mcounteren, a2
  READABLE U
  CHECK_SAME a0, a2
  csrw mcounteren, x0
  READABLE U
  CHECK a0, 0

  TEST 14  // M-mode reads them in any case
  csrw scounteren, x0
  READABLE M
  CHECK a0, CY | TM | IR

  TEST 15  // stimecmp in S-mode needs mcounteren.TM and menvcfg.STCE
  li a2, TM
  li a3, MENVCFG_STCE
  li a4, -1
  csrw menvcfg, x0
  csrw stimecmp, a4
  TRAPS S, csrr a0, stimecmp
  li a5, 0x14d02573
  EXPECT CAUSE_ILLEGAL, a5
  csrw mcounteren, a2
  TRAPS S, csrw stimecmp, x0
  CHECK s2, CAUSE_ILLEGAL
  csrw mcounteren, x0
  csrw menvcfg, a3
  TRAPS S, csrw stimecmp, x0
  CHECK s2, CAUSE_ILLEGAL
  csrw mcounteren, a2
  RUN S
  csrr a0, stimecmp
  csrw stimecmp, a3
  END
  CHECK_SAME a0, a4
  csrr a0, stimecmp
  CHECK_SAME a0, a3
  csrw scounteren, a2
  TRAPS U, csrr a0, stimecmp
  CHECK s2, CAUSE_ILLEGAL

  PASS

.data
.balign 8
word:
  .dword 0
