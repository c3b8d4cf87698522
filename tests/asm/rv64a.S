/* A extension: every AMO on words and doublewords, LR and SC. Misaligned ones: exceptions.S. */
#include "test.h"

/* `op` of `operand` on memory that holds `old` must return that and leave `new`. */
.macro AMO_D op, old, operand, new
  OPERAND a0, \old
  OPERAND a1, \operand
  sd a0, 0(s8)
  \op a2, a1, (s8)
  bne a2, a0, fail
  ld a2, 0(s8)
  OPERAND a3, \new
  bne a2, a3, fail
.endm

/* The same on the word at `offset` of a doubleword, whose other half must not change. */
.macro AMO_W op, offset, old, operand, new
  OPERAND a0, \old
  OPERAND a1, \operand
  sd s9, 0(s8)
  addi a4, s8, \offset
  sw a0, 0(a4)
  \op a2, a1, (a4)
  sext.w a0, a0
  bne a2, a0, fail
  lwu a2, 0(a4)
  OPERAND a3, \new
  bne a2, a3, fail
  lw a2, 4 - \offset(s8)
  CHECK a2, 0x5a5a5a5a
.endm

  la s8, memory
  li s9, 0x5a5a5a5a5a5a5a5a

  TEST 2  // amoswap.d
  AMO_D amoswap.d, 0x123456789abcdef, -1, -1
  AMO_D amoswap.d, -1, 0, 0

  TEST 3  // amoadd.d
  AMO_D amoadd.d, 0x123456789abcdef, 1, 0x123456789abcdf0
  AMO_D amoadd.d, -1, 1, 0
  AMO_D amoadd.d, 0x7fffffffffffffff, 1, 0x8000000000000000
  AMO_D amoadd.d, 0x8000000000000000, 0x8000000000000000, 0

  TEST 4  // amoxor.d
  AMO_D amoxor.d, 0x123456789abcdef, -1, 0xfedcba9876543210
  AMO_D amoxor.d, 0xff00ff00ff00ff00, 0xff00ff00ff00ff0, 0xf0f0f0f0f0f0f0f0

  TEST 5  // amoand.d
  AMO_D amoand.d, 0x123456789abcdef, 0xff00ff00ff00ff0, 0x120056009a00de0
  AMO_D amoand.d, -1, 0, 0

  TEST 6  // amoor.d
  AMO_D amoor.d, 0x123456789abcdef, 0xff00ff00ff00ff0, 0xff34ff78ffbcfff
  AMO_D amoor.d, 0, -1, -1

  TEST 7  // amomin.d: compares signed
  AMO_D amomin.d, 1, -1, -1
  AMO_D amomin.d, -1, 1, -1
  AMO_D amomin.d, 0x8000000000000000, 0x7fffffffffffffff, 0x8000000000000000
  AMO_D amomin.d, 5, 5, 5

  TEST 8  // amomax.d: compares signed
  AMO_D amomax.d, 1, -1, 1
  AMO_D amomax.d, -1, 1, 1
  AMO_D amomax.d, 0x8000000000000000, 0x7fffffffffffffff, 0x7fffffffffffffff

  TEST 9  // amominu.d: compares unsigned
  AMO_D amominu.d, 1, -1, 1
  AMO_D amominu.d, -1, 1, 1
  AMO_D amominu.d, 0x8000000000000000, 0x7fffffffffffffff, 0x7fffffffffffffff

  TEST 10  // amomaxu.d: compares unsigned
  AMO_D amomaxu.d, 1, -1, -1
  AMO_D amomaxu.d, -1, 1, -1
  AMO_D amomaxu.d, 0x8000000000000000, 0x7fffffffffffffff, 0x8000000000000000

  TEST 11  // amoswap.w
  AMO_W amoswap.w, 0, 0x89abcdef, -1, 0xffffffff
  AMO_W amoswap.w, 4, 0x7fffffff, 0xffffffff00000000, 0x0

  TEST 12  // amoadd.w
  AMO_W amoadd.w, 0, 0x7fffffff, 1, 0x80000000
  AMO_W amoadd.w, 4, 0xffffffff, 1, 0x0
  AMO_W amoadd.w, 0, 0x80000000, 0x180000000, 0x0

  TEST 13  // amoxor.w
  AMO_W amoxor.w, 0, 0x89abcdef, -1, 0x76543210
  AMO_W amoxor.w, 4, 0xf0f0f0f, 0xff00ff, 0xff00ff0

  TEST 14  // amoand.w
  AMO_W amoand.w, 0, 0x89abcdef, 0xff00ff0, 0x9a00de0
  AMO_W amoand.w, 4, 0xffffffff, 0x80000000, 0x80000000

  TEST 15  // amoor.w
  AMO_W amoor.w, 0, 0x89abcdef, 0xff00ff0, 0x8ffbcfff
  AMO_W amoor.w, 4, 0, 0x80000000, 0x80000000

  TEST 16  // amomin.w: compares signed, low words
  AMO_W amomin.w, 0, 1, 0xffffffff, 0xffffffff
  AMO_W amomin.w, 4, 0xffffffff, 1, 0xffffffff
  AMO_W amomin.w, 0, 0x80000000, 0x7fffffff, 0x80000000
  AMO_W amomin.w, 4, 1, 0x500000000, 0x0

  TEST 17  // amomax.w: compares signed, low words
  AMO_W amomax.w, 0, 1, 0xffffffff, 0x1
  AMO_W amomax.w, 4, 0xffffffff, 1, 0x1
  AMO_W amomax.w, 0, 0x80000000, 0x7fffffff, 0x7fffffff

  TEST 18  // amominu.w: compares unsigned, low words
  AMO_W amominu.w, 0, 1, 0xffffffff, 0x1
  AMO_W amominu.w, 4, 0xffffffff, 1, 0x1
  AMO_W amominu.w, 0, 0x80000000, 0x7fffffff, 0x7fffffff
  AMO_W amominu.w, 4, 5, 0x100000004, 0x4

  TEST 19  // amomaxu.w: compares unsigned, low words
  AMO_W amomaxu.w, 0, 1, 0xffffffff, 0xffffffff
  AMO_W amomaxu.w, 4, 0xffffffff, 1, 0xffffffff
  AMO_W amomaxu.w, 0, 0x80000000, 0x7fffffff, 0x80000000
  AMO_W amomaxu.w, 4, 5, 0x100000004, 0x5

  TEST 20  // the ordering bits change no result
  AMO_D amoadd.d.aq, 1, 2, 3
  AMO_D amoswap.d.rl, 1, 2, 2
  AMO_D amoor.d.aqrl, 1, 2, 3
  AMO_W amomax.w.aqrl, 4, 1, 2, 2

  TEST 21  // rd may be rs2, rs1 or x0
  li a0, 40
  li a1, 2
  sd a0, 0(s8)
  amoadd.d a1, a1, (s8)
  CHECK a1, 40
  ld a0, 0(s8)
  CHECK a0, 42
  mv a1, s8
  amoadd.d a1, a0, (a1)
  CHECK a1, 42
  amoadd.d x0, a0, (s8)
  add a1, x0, x0
  CHECK a1, 0
  ld a0, 0(s8)
  CHECK a0, 126

  TEST 22  // an AMO between accesses of the same word; its result used at once
  li a1, 5
  sd a1, 0(s8)
  amoadd.d a0, a1, (s8)
  add a2, a0, a1
  ld a3, 0(s8)
  CHECK a2, 10
  CHECK a3, 10
  amoadd.d a0, a1, (s8)
  amoadd.d a0, a1, (s8)
  amoadd.d a0, a0, (s8)
  CHECK a0, 20
  ld a0, 0(s8)
  CHECK a0, 35

  TEST 23  // lr reads, sc stores and returns 0
  li a0, 7
  li a1, 8
  sd a0, 0(s8)
  lr.d a2, (s8)
  sc.d a3, a1, (s8)
  CHECK a2, 7
  CHECK a3, 0
  ld a0, 0(s8)
  CHECK a0, 8

  TEST 24  // sc uses up the reservation: a second one fails, and stores nothing
  li a1, 9
  lr.d a2, (s8)
  sc.d a3, a1, (s8)
  sc.d a4, zero, (s8)
  CHECK a3, 0
  CHECK a4, 1
  ld a0, 0(s8)
  CHECK a0, 9

  TEST 25  // sc without lr fails
  sc.d a3, zero, (s8)
  CHECK a3, 1
  sc.w a3, zero, (s8)
  CHECK a3, 1
  ld a0, 0(s8)
  CHECK a0, 9

  TEST 26  // lr.w extends the sign, sc.w stores the low word only
  OPERAND a0, 0x5a5a5a5a87654321
  sd a0, 0(s8)
  li a1, 0x1122334455667788
  lr.w a2, (s8)
  sc.w a3, a1, (s8)
  CHECK a2, 0xffffffff87654321
  CHECK a3, 0
  ld a0, 0(s8)
  CHECK a0, 0x5a5a5a5a55667788
  addi a4, s8, 4
  lr.w.aq a2, (a4)
  sc.w.rl a3, a1, (a4)
  CHECK a2, 0x5a5a5a5a
  CHECK a3, 0
  ld a0, 0(s8)
  CHECK a0, 0x5566778855667788

  TEST 27  // sc elsewhere fails, stores nothing, and breaks the reservation
  li a1, 3
  la s10, elsewhere
  lr.d a2, (s8)
  sc.d a3, a1, (s10)
  sc.d a4, a1, (s8)
  CHECK a3, 1
  CHECK a4, 1
  ld a0, 0(s10)
  CHECK a0, -1
  ld a0, 0(s8)
  CHECK a0, 0x5566778855667788

  TEST 28  // a later lr moves the reservation
  lr.d a2, (s8)
  lr.d a2, (s10)
  sc.d a3, a1, (s8)
  CHECK a3, 1
  lr.d a2, (s8)
  lr.d a2, (s10)
  sc.d a3, a1, (s10)
  CHECK a3, 0
  ld a0, 0(s10)
  CHECK a0, 3

  TEST 29  // an lr/sc loop counts
  li a0, 4
  sd zero, 0(s8)
1:
  lr.d a1, (s8)
  addi a1, a1, 5
  sc.d a2, a1, (s8)
  bnez a2, 1b
  addi a0, a0, -1
  bnez a0, 1b
  ld a0, 0(s8)
  CHECK a0, 20

  TEST 30  // rd of lr and sc may be x0; rd of sc may be rs2
  li a1, 6
  lr.d x0, (s8)
  sc.d a1, a1, (s8)
  CHECK a1, 0
  ld a0, 0(s8)
  CHECK a0, 6
  li a1, 7
  lr.d a2, (s8)
  sc.d x0, a1, (s8)
  add a2, x0, x0
  CHECK a2, 0
  ld a0, 0(s8)
  CHECK a0, 7

  TEST 31  // none of them happens on a squashed path
  li a2, 1
  lr.d a0, (s8)
  beqz x0, 1f
  sc.d a2, zero, (s8)
  amoadd.d a2, a1, (s8)
1:
  sc.d a3, a1, (s8)
  CHECK a2, 1
  CHECK a3, 0
  ld a0, 0(s8)
  CHECK a0, 7

  PASS

.data
.balign 4096
memory:
  .dword 0
.balign 4096
elsewhere:
  .dword -1
