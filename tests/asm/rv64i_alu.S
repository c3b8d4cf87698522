/* RV64I computation: every register and immediate form, 64 bits and W, lui, auipc, x0. */
#include "test.h"

  TEST 2  // add: carries over 32 bits, wraps at 64
  RR add, 0, 0, 0
  RR add, 1, 1, 2
  RR add, 0x7fffffff, 1, 0x80000000
  RR add, 0xffffffff, 1, 0x100000000
  RR add, 0x7fffffffffffffff, 1, 0x8000000000000000
  RR add, -1, 1, 0
  RR add, 0x8000000000000000, 0x8000000000000000, 0
  RR add, 0x123456789abcdef, 0xfedcba9876543210, -1

  TEST 3  // sub: borrows, wraps
  RR sub, 0, 0, 0
  RR sub, 0, 1, -1
  RR sub, 0x100000000, 1, 0xffffffff
  RR sub, 0x8000000000000000, 1, 0x7fffffffffffffff
  RR sub, 0x123456789abcdef, 0x123456789abcdef, 0
  RR sub, 0x7fffffffffffffff, -1, 0x8000000000000000

  TEST 4  // sll: shifts by the low 6 bits of rs2
  RR sll, 1, 0, 1
  RR sll, 1, 31, 0x80000000
  RR sll, 1, 63, 0x8000000000000000
  RR sll, 1, 64, 1
  RR sll, 0x123456789abcdef, 4, 0x123456789abcdef0
  RR sll, 0x123456789abcdef, -56, 0x23456789abcdef00

  TEST 5  // slt: compares signed
  RR slt, 0, 0, 0
  RR slt, 0, 1, 1
  RR slt, 1, 0, 0
  RR slt, -1, 1, 1
  RR slt, 1, -1, 0
  RR slt, 0x8000000000000000, 0x7fffffffffffffff, 1
  RR slt, 0x7fffffffffffffff, 0x8000000000000000, 0

  TEST 6  // sltu: compares unsigned
  RR sltu, 0, 0, 0
  RR sltu, 0, 1, 1
  RR sltu, -1, 1, 0
  RR sltu, 1, -1, 1
  RR sltu, 0x8000000000000000, 0x7fffffffffffffff, 0
  RR sltu, 0x7fffffffffffffff, 0x8000000000000000, 1

  TEST 7  // xor
  RR xor, 0x123456789abcdef, -1, 0xfedcba9876543210
  RR xor, 0x123456789abcdef, 0x123456789abcdef, 0
  RR xor, 0xff00ff00ff00ff00, 0xff00ff00ff00ff0, 0xf0f0f0f0f0f0f0f0

  TEST 8  // srl: shifts in zeros
  RR srl, 0x8000000000000000, 63, 1
  RR srl, -1, 1, 0x7fffffffffffffff
  RR srl, 0x123456789abcdef, 4, 0x123456789abcde
  RR srl, 0x123456789abcdef, 72, 0x123456789abcd

  TEST 9  // sra: shifts in the sign
  RR sra, 0x8000000000000000, 63, -1
  RR sra, 0x7fffffffffffffff, 62, 1
  RR sra, -1, 1, -1
  RR sra, 0xfedcba9876543210, 4, 0xffedcba987654321
  RR sra, 0x8000000000000000, 65, 0xc000000000000000

  TEST 10  // or
  RR or, 0x123456789abcdef, 0, 0x123456789abcdef
  RR or, 0xff00ff00ff00ff00, 0xff00ff00ff00ff0, 0xfff0fff0fff0fff0

  TEST 11  // and
  RR and, 0x123456789abcdef, 0, 0
  RR and, 0x123456789abcdef, -1, 0x123456789abcdef
  RR and, 0xff00ff00ff00ff00, 0xff00ff00ff00ff0, 0xf000f000f000f00

  TEST 12  // addw: ignores the upper halves, extends the sign of bit 31
  RR addw, 0x7fffffff, 1, 0xffffffff80000000
  RR addw, 0xffffffff, 1, 0
  RR addw, 0x7fffffffffffffff, 0, -1
  RR addw, 0x123456789abcdef, 0x1111111111111111, 0xffffffff9abcdf00

  TEST 13  // subw
  RR subw, 0xffffffff80000000, 1, 0x7fffffff
  RR subw, 0, 0x80000000, 0xffffffff80000000
  RR subw, 0x500000000, 1, -1

  TEST 14  // sllw: shifts by the low 5 bits
  RR sllw, 1, 31, 0xffffffff80000000
  RR sllw, 1, 32, 1
  RR sllw, 0xffffffff00000003, 30, 0xffffffffc0000000
  RR sllw, 0x123456789abcdef, -28, 0xffffffff9abcdef0

  TEST 15  // srlw: takes the low word unsigned
  RR srlw, 0x80000000, 31, 1
  RR srlw, 0xffffffff80000000, 1, 0x40000000
  RR srlw, -1, 0, -1
  RR srlw, 0x123456789abcdef, 36, 0x89abcde

  TEST 16  // sraw: takes the low word signed
  RR sraw, 0x80000000, 31, -1
  RR sraw, 0x180000000, 4, 0xfffffffff8000000
  RR sraw, 0xffffffff7fffffff, 4, 0x7ffffff
  RR sraw, 0x123456789abcdef, 63, -1

  TEST 17  // addi: 12-bit immediates at both ends
  RI addi, 0, 2047, 2047
  RI addi, 0, -2048, -2048
  RI addi, 0x7fffffffffffffff, 1, 0x8000000000000000
  RI addi, 0x80000000, -1, 0x7fffffff

  TEST 18  // slti: the immediate is signed
  RI slti, 0, -1, 0
  RI slti, -2, -1, 1
  RI slti, 0x8000000000000000, -2048, 1
  RI slti, 2048, 2047, 0

  TEST 19  // sltiu: the immediate is extended, then compared unsigned
  RI sltiu, 0, -1, 1
  RI sltiu, -1, -1, 0
  RI sltiu, -2, -1, 1
  RI sltiu, 0, 1, 1
  RI sltiu, 1, 1, 0

  TEST 20  // xori: -1 inverts
  RI xori, 0x123456789abcdef, -1, 0xfedcba9876543210
  RI xori, 0x123456789abcdef, 2047, 0x123456789abca10

  TEST 21  // ori
  RI ori, 0x123456789abcdef, -2048, -529
  RI ori, 0x123456789abcdef, 2047, 0x123456789abcfff

  TEST 22  // andi
  RI andi, 0x123456789abcdef, -2048, 0x123456789abc800
  RI andi, 0x123456789abcdef, 2047, 1519

  TEST 23  // slli: all six bits of the amount
  RI slli, 1, 63, 0x8000000000000000
  RI slli, 1, 32, 0x100000000
  RI slli, -1, 1, -2
  RI slli, 0x123456789abcdef, 0, 0x123456789abcdef

  TEST 24  // srli
  RI srli, 0x8000000000000000, 63, 1
  RI srli, -1, 32, 0xffffffff
  RI srli, 0x123456789abcdef, 0, 0x123456789abcdef

  TEST 25  // srai
  RI srai, 0x8000000000000000, 63, -1
  RI srai, 0x7fffffffffffffff, 32, 0x7fffffff
  RI srai, 0xfedcba9876543210, 8, 0xfffedcba98765432

  TEST 26  // addiw: with 0 it is sext.w
  RI addiw, 0x7fffffff, 1, 0xffffffff80000000
  RI addiw, 0x80000000, 0, 0xffffffff80000000
  RI addiw, 0x1ffffffff, 1, 0
  RI addiw, 0xffffffff80000000, -1, 0x7fffffff

  TEST 27  // slliw
  RI slliw, 1, 31, 0xffffffff80000000
  RI slliw, 0xffffffff, 31, 0xffffffff80000000
  RI slliw, 0x123456789abcdef, 8, 0xffffffffabcdef00

  TEST 28  // srliw
  RI srliw, 0x80000000, 31, 1
  RI srliw, -1, 0, -1
  RI srliw, 0x123456789abcdef, 8, 0x89abcd

  TEST 29  // sraiw
  RI sraiw, 0x80000000, 31, -1
  RI sraiw, 0x17fffffff, 8, 0x7fffff
  RI sraiw, 0x123456789abcdef, 8, 0xffffffffff89abcd

  TEST 30  // lui: fills bits 31:12, extends the sign
  WIDE lui a0, 0x12345
  CHECK a0, 0x12345000
  WIDE lui a0, 0x80000
  CHECK a0, 0xffffffff80000000
  WIDE lui a0, 0xfffff
  CHECK a0, -4096

  TEST 31  // auipc: adds to its own pc, signed
  WIDE jal a1, 1f
1:
  WIDE auipc a0, 0
  CHECK_SAME a0, a1
  WIDE jal a1, 1f
1:
  WIDE auipc a0, 0x7ffff
  sub a0, a0, a1
  CHECK a0, 0x7ffff000
  WIDE jal a1, 1f
1:
  WIDE auipc a0, 0x80000
  sub a0, a0, a1
  CHECK a0, 0xffffffff80000000

  TEST 32  // rd may be rs1, rs2 or both
  li a0, 5
  li a1, 7
  WIDE sub a0, a0, a1
  CHECK a0, -2
  WIDE sub a1, a0, a1
  CHECK a1, -9
  WIDE add a1, a1, a1
  CHECK a1, -18
  WIDE sub a1, a1, a1
  CHECK a1, 0

  TEST 33  // x0 keeps 0, whatever writes it
  li a0, 5
  WIDE addi x0, a0, 1
  WIDE add a1, x0, x0
  CHECK a1, 0
  WIDE lui x0, 0x12345
  WIDE or a1, x0, x0
  CHECK a1, 0
  WIDE auipc x0, 0
  WIDE sub a1, a0, x0
  CHECK a1, 5
  WIDE addw x0, a0, a0
  WIDE slli a1, x0, 1
  CHECK a1, 0

  PASS
