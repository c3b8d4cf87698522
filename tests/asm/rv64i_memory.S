/* RV64I loads and stores: every size at every aligned place, extension, offsets, load-use. */
#include "test.h"

/* `op` at `offset` from `source` must give `result`. */
.macro LOAD op, offset, result
  WIDE \op a2, \offset(s8)
  OPERAND a3, \result
  bne a2, a3, fail
.endm

/* `op` of 0xf8f7f6f5f4f3f2f1 at `offset` must turn the doubleword of s9 into `result`. */
.macro STORE op, offset, result
  sd s9, 0(s8)
  WIDE \op s10, \offset(s8)
  ld a2, 0(s8)
  OPERAND a3, \result
  bne a2, a3, fail
.endm

  la s8, source

  TEST 2  // lb extends the sign, from each byte lane
  LOAD lb, 0, 0xffffffffffffff87
  LOAD lb, 1, 0xffffffffffffff96
  LOAD lb, 2, 0xffffffffffffffa5
  LOAD lb, 3, 0xffffffffffffffb4
  LOAD lb, 4, 0xffffffffffffffc3
  LOAD lb, 5, 0xffffffffffffffd2
  LOAD lb, 6, 0xffffffffffffffe1
  LOAD lb, 7, 0xfffffffffffffff0
  LOAD lb, 8, 0x70

  TEST 3  // lbu extends with zeros
  LOAD lbu, 0, 0x87
  LOAD lbu, 3, 0xb4
  LOAD lbu, 7, 0xf0
  LOAD lbu, 15, 0x07

  TEST 4  // lh
  LOAD lh, 0, 0xffffffffffff9687
  LOAD lh, 2, 0xffffffffffffb4a5
  LOAD lh, 4, 0xffffffffffffd2c3
  LOAD lh, 6, 0xfffffffffffff0e1
  LOAD lh, 10, 0x4352

  TEST 5  // lhu
  LOAD lhu, 0, 0x9687
  LOAD lhu, 6, 0xf0e1
  LOAD lhu, 14, 0x0716

  TEST 6  // lw
  LOAD lw, 0, 0xffffffffb4a59687
  LOAD lw, 4, 0xfffffffff0e1d2c3
  LOAD lw, 12, 0x07162534

  TEST 7  // lwu
  LOAD lwu, 0, 0xb4a59687
  LOAD lwu, 4, 0xf0e1d2c3

  TEST 8  // ld
  LOAD ld, 0, 0xf0e1d2c3b4a59687
  LOAD ld, 8, 0x0716253443526170

  TEST 9  // offsets are signed, 12 bits
  la s8, source + 16
  LOAD ld, -16, 0xf0e1d2c3b4a59687
  LOAD lb, -9, 0xfffffffffffffff0
  la s8, source + 2048
  LOAD ld, -2048, 0xf0e1d2c3b4a59687
  la s8, source - 2047
  LOAD lbu, 2047, 0x87

  la s8, target
  li s9, 0x1122334455667788
  OPERAND s10, 0xf8f7f6f5f4f3f2f1

  TEST 10  // sb changes one byte
  STORE sb, 0, 0x11223344556677f1
  STORE sb, 1, 0x112233445566f188
  STORE sb, 2, 0x1122334455f17788
  STORE sb, 3, 0x11223344f1667788
  STORE sb, 4, 0x112233f155667788
  STORE sb, 5, 0x1122f14455667788
  STORE sb, 6, 0x11f1334455667788
  STORE sb, 7, 0xf122334455667788

  TEST 11  // sh
  STORE sh, 0, 0x112233445566f2f1
  STORE sh, 2, 0x11223344f2f17788
  STORE sh, 4, 0x1122f2f155667788
  STORE sh, 6, 0xf2f1334455667788

  TEST 12  // sw
  STORE sw, 0, 0x11223344f4f3f2f1
  STORE sw, 4, 0xf4f3f2f155667788

  TEST 13  // sd
  STORE sd, 0, 0xf8f7f6f5f4f3f2f1

  TEST 14  // a store leaves its neighbours alone
  sd s9, -8(s8)
  sd s9, 8(s8)
  sd s10, 0(s8)
  ld a0, -8(s8)
  CHECK_SAME a0, s9
  ld a0, 8(s8)
  CHECK_SAME a0, s9

  TEST 15  // store x0
  WIDE sd x0, 0(s8)
  WIDE ld a0, 0(s8)
  CHECK a0, 0

  TEST 16  // a loaded value is used by the next instruction
  sd s9, 0(s8)
  WIDE ld a0, 0(s8)
  WIDE addi a1, a0, 1
  CHECK a1, 0x1122334455667789
  WIDE lb a0, 0(s8)
  WIDE add a1, a0, a0
  CHECK a1, -240
  WIDE ld a0, 0(s8)
  WIDE nop
  WIDE addi a1, a0, 2
  CHECK a1, 0x112233445566778a

  TEST 17  // a loaded value is the next store's data
  WIDE ld a0, 0(s8)
  WIDE sd a0, 8(s8)
  WIDE ld a1, 8(s8)
  CHECK_SAME a1, s9

  TEST 18  // a loaded value is the next access's address
  la a0, chain
  WIDE ld a0, 0(a0)
  WIDE ld a0, 0(a0)
  WIDE ld a0, 0(a0)
  CHECK a0, 0x5a5a
  la a0, chain
  WIDE ld a0, 0(a0)
  WIDE sd s10, 16(a0)
  la a0, chain
  ld a0, 24(a0)
  CHECK_SAME a0, s10

  TEST 19  // a younger write wins over a load on its way
  WIDE ld a0, 0(s8)
  WIDE addi a0, x0, 3
  CHECK a0, 3
  WIDE ld a0, 0(s8)
  WIDE lw a0, 4(s8)
  CHECK a0, 0x11223344

  TEST 20  // load to x0 reads memory and drops the value
  WIDE ld x0, 0(s8)
  WIDE add a0, x0, x0
  CHECK a0, 0

  TEST 21  // a store's data and address come from the instructions before
  WIDE addi a0, x0, 77
  WIDE sd a0, 0(s8)
  WIDE ld a1, 0(s8)
  CHECK a1, 77
  WIDE addi a2, s8, 8
  WIDE sd a0, 0(a2)
  WIDE ld a1, 8(s8)
  CHECK a1, 77
  WIDE addi a0, a0, 1
  WIDE nop
  WIDE sd a0, 0(s8)
  WIDE ld a1, 0(s8)
  CHECK a1, 78

  TEST 22  // a store on a squashed path does not happen
  beqz x0, 1f
  WIDE sd s9, 0(s8)
  WIDE sd s9, 8(s8)
1:
  ld a0, 0(s8)
  CHECK a0, 78
  ld a0, 8(s8)
  CHECK a0, 77

  PASS

.data
.balign 8
.dword -1
source:
  .dword 0xf0e1d2c3b4a59687, 0x0716253443526170, -1
  .dword 0
target:
  .dword 0, 0
chain:
  .dword chain + 8, chain + 16, 0x5a5a, 0
