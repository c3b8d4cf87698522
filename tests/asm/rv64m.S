/* M extension: every instruction, division by zero, overflow, and results used at once. */
#include "test.h"

  TEST 2  // mul: low half, same for every signedness
  RR mul, 0, 0x123456789abcdef, 0
  RR mul, 7, -3, -21
  RR mul, -1, -1, 1
  RR mul, 0x8000000000000000, -1, 0x8000000000000000
  RR mul, 0x7fffffffffffffff, 0x7fffffffffffffff, 1
  RR mul, 0x123456789abcdef, 0xfedcba9876543210, 0x2236d88fe5618cf0
  RR mul, 0x100000000, 0x100000000, 0

  TEST 3  // mulh: signed by signed
  RR mulh, 7, -3, -1
  RR mulh, -1, -1, 0
  RR mulh, 0x8000000000000000, 0x8000000000000000, 0x4000000000000000
  RR mulh, 0x8000000000000000, 0x7fffffffffffffff, 0xc000000000000000
  RR mulh, 0x8000000000000000, -1, 0
  RR mulh, 0x123456789abcdef, 0xfedcba9876543210, 0xfffeb49923cc0953

  TEST 4  // mulhsu: signed by unsigned
  RR mulhsu, 7, -3, 6
  RR mulhsu, -3, 7, -1
  RR mulhsu, -1, -1, -1
  RR mulhsu, 0x8000000000000000, -1, 0x8000000000000000
  RR mulhsu, 0x8000000000000000, 0x8000000000000000, 0xc000000000000000
  RR mulhsu, 0x7fffffffffffffff, -1, 0x7ffffffffffffffe
  RR mulhsu, 0xfedcba9876543210, 0xfedcba9876543210, 0xfede05ff528828bc

  TEST 5  // mulhu: unsigned by unsigned
  RR mulhu, 7, -3, 6
  RR mulhu, -1, -1, -2
  RR mulhu, 0x8000000000000000, 2, 1
  RR mulhu, 0x8000000000000000, 0x8000000000000000, 0x4000000000000000
  RR mulhu, 0xfedcba9876543210, 0x123456789abcdef, 0x121fa00ad77d742

  TEST 6  // mulw: low words only, result sign-extended
  RR mulw, 0x7fffffff, 2, -2
  RR mulw, 0x1ffffffff, -1, 1
  RR mulw, 0x80000000, 0x80000000, 0
  RR mulw, 0x123456789abcdef, 0x123456789abcdef, 0xffffffff90f2a521
  RR mulw, 0x10000, 0x8000, 0xffffffff80000000

  TEST 7  // div: rounds towards zero
  RR div, 20, 6, 3
  RR div, -20, 6, -3
  RR div, 20, -6, -3
  RR div, -20, -6, 3
  RR div, 1, -1, -1
  RR div, 0x7fffffffffffffff, 2, 0x3fffffffffffffff
  RR div, 0x8000000000000000, 2, 0xc000000000000000
  RR div, 0x123456789abcdef, -4096, 0xffffedcba9876544

  TEST 8  // div: by zero gives -1, overflow the dividend
  RR div, 1, 0, -1
  RR div, 0, 0, -1
  RR div, 0x8000000000000000, 0, -1
  RR div, 0x8000000000000000, -1, 0x8000000000000000

  TEST 9  // divu: unsigned
  RR divu, 20, 6, 3
  RR divu, -20, 6, 0x2aaaaaaaaaaaaaa7
  RR divu, -1, -1, 1
  RR divu, 1, -1, 0
  RR divu, -1, 1, -1
  RR divu, 0x8000000000000000, 3, 0x2aaaaaaaaaaaaaaa

  TEST 10  // divu: by zero gives all ones
  RR divu, 1, 0, -1
  RR divu, 0, 0, -1
  RR divu, -1, 0, -1

  TEST 11  // rem: takes the sign of the dividend
  RR rem, 20, 6, 2
  RR rem, -20, 6, -2
  RR rem, 20, -6, 2
  RR rem, -20, -6, -2
  RR rem, 0x8000000000000000, 3, -2
  RR rem, 3, 0x8000000000000000, 3
  RR rem, -21, 7, 0

  TEST 12  // rem: by zero gives the dividend, overflow 0
  RR rem, -5, 0, -5
  RR rem, 0, 0, 0
  RR rem, 0x8000000000000000, 0, 0x8000000000000000
  RR rem, 0x8000000000000000, -1, 0

  TEST 13  // remu: unsigned
  RR remu, 20, 6, 2
  RR remu, -20, 6, 2
  RR remu, 20, -6, 20
  RR remu, -1, 10, 5

  TEST 14  // remu: by zero gives the dividend
  RR remu, -5, 0, -5
  RR remu, 0, 0, 0

  TEST 15  // divw: low words only
  RR divw, 0x700000014, 6, 3
  RR divw, 0xffffffec, 6, -3
  RR divw, 20, 0xfffffffa, -3
  RR divw, 0x80000000, 2, 0xffffffffc0000000
  RR divw, 0x7fffffff, -1, 0xffffffff80000001

  TEST 16  // divw: by zero (of the low word) gives -1, overflow the dividend
  RR divw, 1, 0x100000000, -1
  RR divw, 0x80000000, -1, 0xffffffff80000000
  RR divw, 0x80000000, 0, -1

  TEST 17  // divuw: result sign-extended
  RR divuw, 0x700000014, 6, 3
  RR divuw, -20, 6, 0x2aaaaaa7
  RR divuw, 0x80000000, 1, 0xffffffff80000000
  RR divuw, -1, 0xffffffff, 1

  TEST 18  // divuw: by zero gives -1
  RR divuw, 5, 0x100000000, -1
  RR divuw, 0, 0, -1

  TEST 19  // remw: sign of the low word
  RR remw, 0x700000014, 6, 2
  RR remw, 0xffffffec, 6, -2
  RR remw, 20, -6, 2
  RR remw, -20, -6, -2

  TEST 20  // remw: by zero gives the low word sign-extended, overflow 0
  RR remw, 0x80000005, 0, 0xffffffff80000005
  RR remw, 0x180000005, 0x500000000, 0xffffffff80000005
  RR remw, 0x80000000, -1, 0

  TEST 21  // remuw: result sign-extended
  RR remuw, 0x700000014, 6, 2
  RR remuw, -20, 6, 2
  RR remuw, 0x80000000, 0xffffffff, 0xffffffff80000000

  TEST 22  // remuw: by zero gives the low word sign-extended
  RR remuw, 0x80000005, 0, 0xffffffff80000005
  RR remuw, 0x7000000005, 0, 5

  TEST 23  // results reach the next instruction, in both operands
  li a0, 6
  li a1, 7
  WIDE mul a2, a0, a1
  WIDE sub a2, a2, a0
  CHECK a2, 36
  WIDE div a2, a2, a0
  WIDE sub a3, a0, a2
  CHECK a3, 0
  WIDE mul a2, a0, a1
  WIDE rem a2, a2, a1
  CHECK a2, 0
  WIDE mul a2, a1, a1
  WIDE mul a2, a2, a2
  CHECK a2, 2401

  TEST 24  // a younger write to the same register wins
  WIDE div a2, a1, a0
  WIDE addi a2, x0, 3
  CHECK a2, 3
  WIDE mul a2, a1, a0
  WIDE addi a2, x0, 4
  CHECK a2, 4

  TEST 25  // x0 keeps 0
  WIDE mul x0, a0, a1
  WIDE add a2, x0, x0
  CHECK a2, 0
  WIDE div x0, a0, a1
  WIDE add a2, x0, x0
  CHECK a2, 0

  TEST 26  // one on a squashed path leaves nothing, and the next is right
  li a2, 9
  beqz x0, 1f
  WIDE div a2, a0, x0
  WIDE mul a2, a0, a1
1:
  WIDE remu a3, a1, a0
  CHECK a2, 9
  CHECK a3, 1

  PASS
