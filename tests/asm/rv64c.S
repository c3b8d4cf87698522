/* C extension: every compressed instruction with every immediate bit, hints, every alignment. */
#include "test.h"

/* Compressed `op` on `a` and an immediate, or on `a` and `b`, must give `result`. */
.macro CI op, a, imm, result
  OPERAND a0, \a
  \op a0, \imm
  OPERAND a3, \result
  bne a0, a3, fail
.endm
.macro CR op, a, b, result
  OPERAND a0, \a
  OPERAND a1, \b
  \op a0, a1
  OPERAND a3, \result
  bne a0, a3, fail
.endm

/* Compressed load `op` at `offset` from `base` must give the doubleword or word index times 3. */
.macro CLOAD op, offset, base, size
  \op a0, \offset(\base)
  CHECK a0, \offset / \size * 3
.endm

/* Compressed store `op` at `offset` from `base`; `load` must find it there. */
.macro CSTORE op, load, offset, base
  li a0, \offset + 1
  \op a0, \offset(\base)
  \load a1, \offset(\base)
  CHECK a1, \offset + 1
.endm

/* Jumps `distance` bytes ahead over zeros, which are illegal. */
.macro JUMP distance, op:vararg
.Lfrom\@:
  \op .Lfrom\@ + \distance
  .if \distance > 2
  .space \distance - 2
  .endif
.endm

  TEST 2  // c.addi, c.nop
  CI c.addi, 0, 31, 31
  CI c.addi, 0, -32, -32
  CI c.addi, 0x7fffffffffffffff, 1, 0x8000000000000000
  c.nop

  TEST 3  // c.addiw
  CI c.addiw, 0x7fffffff, 1, 0xffffffff80000000
  CI c.addiw, 0xfffffffff, 0, -1
  CI c.addiw, 0x80000000, -32, 0x7fffffe0

  TEST 4  // c.li, to any register
  CI c.li, 77, 31, 31
  CI c.li, 77, -32, -32
  c.li t4, -1
  CHECK t4, -1

  TEST 5  // c.lui
  CI c.lui, 77, 1, 0x1000
  CI c.lui, 77, 31, 0x1f000
  CI c.lui, 77, 0xfffe0, 0xfffffffffffe0000

  TEST 6  // c.addi16sp
  li sp, 1024
  c.addi16sp sp, 16
  CHECK sp, 1040
  c.addi16sp sp, 32
  CHECK sp, 1072
  c.addi16sp sp, 64
  c.addi16sp sp, 128
  c.addi16sp sp, 256
  CHECK sp, 1520
  c.addi16sp sp, -512
  CHECK sp, 1008

  TEST 7  // c.addi4spn
  .irp offset, 4, 8, 16, 32, 64, 128, 256, 512, 1020
  c.addi4spn a0, sp, \offset
  CHECK a0, 1008 + \offset
  .endr

  TEST 8  // c.slli, c.srli, c.srai: six bits of amount
  CI c.slli, 1, 63, 0x8000000000000000
  CI c.slli, 3, 1, 6
  CI c.srli, 0x8000000000000000, 63, 1
  CI c.srli, -1, 32, 0xffffffff
  CI c.srai, 0x8000000000000000, 63, -1
  CI c.srai, 0xfedcba9876543210, 4, 0xffedcba987654321

  TEST 9  // c.andi
  CI c.andi, 0x123456789abcdef, 31, 15
  CI c.andi, 0x123456789abcdef, -32, 0x123456789abcde0

  TEST 10  // c.sub, c.xor, c.or, c.and
  CR c.sub, 5, 7, -2
  CR c.xor, 0xff00ff00ff00ff00, 0x0ff00ff00ff00ff0, 0xf0f0f0f0f0f0f0f0
  CR c.or, 0xff00ff00ff00ff00, 0x0ff00ff00ff00ff0, 0xfff0fff0fff0fff0
  CR c.and, 0xff00ff00ff00ff00, 0x0ff00ff00ff00ff0, 0x0f000f000f000f00

  TEST 11  // c.subw, c.addw
  CR c.subw, 0, 0x80000000, 0xffffffff80000000
  CR c.addw, 0x7fffffff, 1, 0xffffffff80000000
  CR c.addw, 0x180000000, 0x80000000, 0

  TEST 12  // c.mv, c.add, on any register
  CR c.mv, 5, 7, 7
  CR c.add, 0x7fffffffffffffff, 1, 0x8000000000000000
  c.mv t4, a0
  c.add t4, a1
  CHECK t4, 0x8000000000000001

  la a5, words
  la sp, words

  TEST 13  // c.lw
  .irp offset, 0, 4, 8, 16, 32, 64, 124
  CLOAD c.lw, \offset, a5, 4
  .endr
  la a4, negative
  c.lw a0, 0(a4)
  CHECK a0, -1

  TEST 14  // c.lwsp
  .irp offset, 0, 4, 8, 16, 32, 64, 128, 252
  CLOAD c.lwsp, \offset, sp, 4
  .endr

  la a5, doublewords
  la sp, doublewords

  TEST 15  // c.ld
  .irp offset, 0, 8, 16, 32, 64, 128, 248
  CLOAD c.ld, \offset, a5, 8
  .endr

  TEST 16  // c.ldsp, to any register
  .irp offset, 0, 8, 16, 32, 64, 128, 256, 504
  CLOAD c.ldsp, \offset, sp, 8
  .endr
  c.ldsp t4, 8(sp)
  CHECK t4, 3

  TEST 17  // c.sw
  .irp offset, 0, 4, 8, 16, 32, 64, 124
  CSTORE c.sw, lw, \offset, a5
  .endr

  TEST 18  // c.sd
  .irp offset, 0, 8, 16, 32, 64, 128, 248
  CSTORE c.sd, ld, \offset, a5
  .endr

  TEST 19  // c.swsp stores a word
  .irp offset, 0, 4, 8, 16, 32, 64, 128, 252
  CSTORE c.swsp, lw, \offset, sp
  .endr
  li a0, -1
  sd zero, 0(sp)
  c.swsp a0, 0(sp)
  ld a1, 0(sp)
  CHECK a1, 0xffffffff

  TEST 20  // c.sdsp
  .irp offset, 0, 8, 16, 32, 64, 128, 256, 504
  CSTORE c.sdsp, ld, \offset, sp
  .endr

  TEST 21  // c.j, each bit of the offset
  .irp distance, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024
  JUMP \distance, c.j
  .endr

  TEST 22  // c.j backwards, as far as it reaches
  WIDE j 2f
1:
  WIDE j 3f
  .space 2048 - 4
2:
  c.j 1b
3:

  TEST 23  // c.beqz, c.bnez, each bit of the offset
  li a0, 0
  li a1, 1
  .irp distance, 4, 8, 16, 32, 64, 128
  JUMP \distance, c.beqz a0,
  .endr
  .irp distance, 4, 8, 16, 32, 64, 128
  JUMP \distance, c.bnez a1,
  .endr
  c.beqz a1, 1f
  c.bnez a0, 1f
  c.j 2f
1:
  j fail
2:

  TEST 24  // c.beqz and c.bnez backwards, as far as they reach
  WIDE j 2f
1:
  WIDE j 3f
  .space 256 - 4
2:
  c.beqz a0, 1b
3:
  WIDE j 2f
1:
  WIDE j 3f
  .space 256 - 4
2:
  c.bnez a1, 1b
3:

  TEST 25  // c.jr and c.jalr; the link is pc + 2
  la a0, 1f
  c.jr a0
  j fail
1:
  la a0, 2f
  c.jalr a0
1:
  j fail
2:
  la a1, 1b
  CHECK_SAME ra, a1
  la ra, 1f
  c.jalr ra
2:
  j fail
1:
  la a1, 2b
  CHECK_SAME ra, a1

  TEST 26  // c.jr to an odd address clears bit 0
  la a0, 1f
  addi a0, a0, 1
  c.jr a0
  j fail
1:

  TEST 27  // hints change nothing
  li a0, 77
  .half 0x0005                   // c.nop 1
  .half 0x4005                   // c.li x0, 1
  .half 0x6005                   // c.lui x0, 1
  .half 0x0006                   // c.slli x0, 1
  .half 0x802a                   // c.mv x0, a0
  .half 0x902a                   // c.add x0, a0
  .half 0x0501                   // c.addi a0, 0
  .half 0x0502                   // c.slli a0, 0
  .half 0x8101                   // c.srli a0, 0
  CHECK a0, 77
  add a1, x0, x0
  CHECK a1, 0

  TEST 28  // jumps to a 16-bit and a 32-bit instruction at each halfword
  .irp place, 0, 2, 4, 6
  li a0, 0
  .balign 8
  WIDE j .Lnarrow\place
  .space 4 + \place
.Lnarrow\place:
  c.addi a0, 1
  WIDE addi a0, a0, 2
  c.addi a0, 4
  CHECK a0, 7
  .balign 8
  WIDE j .Lwide\place
  .space 4 + \place
.Lwide\place:
  WIDE addi a0, a0, 1
  WIDE addi a0, a0, 2
  c.addi a0, 4
  CHECK a0, 14
  .endr

  TEST 29  // results pass between compressed neighbours
  c.li a0, 1
  c.addi a0, 1
  c.add a0, a0
  c.mv a1, a0
  c.sub a1, a0
  CHECK a0, 4
  CHECK a1, 0
  la sp, doublewords
  c.sdsp a0, 0(sp)
  c.ldsp a1, 0(sp)
  c.addi a1, 1
  CHECK a1, 5

  TEST 30  // c.ebreak: xepc and xtval are its pc
  TRAPS M, c.ebreak
  EXPECT CAUSE_BREAKPOINT, s7

  PASS

.data
.balign 8
words:
  .set i, 0
  .rept 64
  .word i * 3
  .set i, i + 1
  .endr
negative:
  .word -1
.balign 8
doublewords:
  .set i, 0
  .rept 64
  .dword i * 3
  .set i, i + 1
  .endr
