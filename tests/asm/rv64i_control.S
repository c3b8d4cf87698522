/* RV64I control transfer, forwarding between neighbours, the register file, fences. */
#include "test.h"

/* `op` of `a` and `b`, forwards, must be taken or not (1, 0). */
.macro BRANCH op, a, b, taken
  li a0, \a
  li a1, \b
  li a2, 1
  WIDE \op a0, a1, 1f
  WIDE addi a2, x0, 0
1:
  CHECK a2, \taken
.endm

  TEST 2  // beq
  BRANCH beq, 0, 0, 1
  BRANCH beq, 0, 1, 0
  BRANCH beq, 0x100000000, 0, 0
  BRANCH beq, -1, -1, 1

  TEST 3  // bne
  BRANCH bne, 0, 0, 0
  BRANCH bne, 0x100000000, 0, 1
  BRANCH bne, -1, 1, 1

  TEST 4  // blt compares signed
  BRANCH blt, 0, 0, 0
  BRANCH blt, -1, 0, 1
  BRANCH blt, 0, -1, 0
  BRANCH blt, 0x8000000000000000, 0x7fffffffffffffff, 1

  TEST 5  // bge
  BRANCH bge, 0, 0, 1
  BRANCH bge, -1, 0, 0
  BRANCH bge, 0, -1, 1
  BRANCH bge, 0x8000000000000000, 0x7fffffffffffffff, 0

  TEST 6  // bltu compares unsigned
  BRANCH bltu, 0, 0, 0
  BRANCH bltu, -1, 0, 0
  BRANCH bltu, 0, -1, 1
  BRANCH bltu, 0x8000000000000000, 0x7fffffffffffffff, 0

  TEST 7  // bgeu
  BRANCH bgeu, 0, 0, 1
  BRANCH bgeu, -1, 0, 1
  BRANCH bgeu, 0, -1, 0
  BRANCH bgeu, 0x8000000000000000, 0x7fffffffffffffff, 1

  TEST 8  // backwards: a loop runs as often as it should
  li a0, 5
  li a1, 0
1:
  WIDE addi a1, a1, 3
  WIDE addi a0, a0, -1
  WIDE bne a0, x0, 1b
  CHECK a1, 15

  TEST 9  // a branch behind a branch; a taken one as the target of one
  li a0, 0
  WIDE bne x0, x0, fail
  WIDE beq x0, x0, 1f
  WIDE beq x0, x0, fail
  WIDE addi a0, a0, 1
1:
  WIDE beq x0, x0, 2f
  WIDE addi a0, a0, 2
2:
  CHECK a0, 0

  TEST 10  // nothing behind a taken branch takes effect
  la a4, word
  li a0, 1
  csrw mscratch, a0
  beqz x0, 1f
  WIDE sd a0, 0(a4)
  csrw mscratch, x0
  .word 0
1:
  beqz x0, 1f
  ebreak
1:
  beqz x0, 1f
  csrw mtvec, x0
  ld a0, 0(x0)
1:
  ld a1, 0(a4)
  CHECK a1, 0
  csrr a1, mscratch
  CHECK a1, 1

  TEST 11  // jal links pc + 4
  la a1, 1f
  WIDE jal a0, 2f
1:
  j fail
2:
  CHECK_SAME a0, a1

  TEST 12  // jal backwards, without link
  WIDE jal x0, 2f
1:
  WIDE jal x0, 3f
2:
  WIDE jal x0, 1b
  j fail
3:

  TEST 13  // jalr links pc + 4, adds a signed offset
  la a1, 2f + 16
  WIDE jalr a0, -16(a1)
1:
  j fail
2:
  la a1, 1b
  CHECK_SAME a0, a1

  TEST 14  // jalr clears bit 0 of the sum
  la a1, 1f
  addi a1, a1, 1
  WIDE jalr a0, 0(a1)
  j fail
1:
  la a1, 1f
  WIDE jalr a0, 1(a1)
  j fail
1:
  la a1, 1f
  addi a1, a1, 3
  WIDE jalr a0, -2(a1)
  j fail
1:

  TEST 15  // jalr with rd = rs1: jumps to the old value, links
  la a0, 1f
  WIDE jalr a0, 0(a0)
2:
  j fail
1:
  la a1, 2b
  CHECK_SAME a0, a1

  TEST 16  // jalr to a register just computed, just loaded
  la a0, 1f - 8
  WIDE addi a0, a0, 8
  WIDE jalr x0, 0(a0)
  j fail
1:
  la a1, pointer
  WIDE ld a1, 0(a1)
  WIDE jalr x0, 0(a1)
  j fail
loaded:

  TEST 17  // the link is there for the target's first instruction
  la a1, 1f
  WIDE jal a0, 2f
1:
  j fail
2:
  WIDE sub a2, a0, a1
  CHECK a2, 0

  TEST 18  // 32-bit instructions at 2 modulo 4, and across 8-byte words
  .option push
  .option norvc
  .balign 8
  j 1f
  .byte 0, 0
1:
  addi a0, x0, 11                // at 6 modulo 8: ends in the next word
  addi a0, a0, 22
  j 2f                           // at 6 again
  .byte 0, 0
2:
  addi a0, a0, 33
  .option pop
  CHECK a0, 66

  TEST 19  // a result reaches the next instruction, and those behind it
  li a0, 1
  WIDE addi a0, a0, 1
  WIDE addi a0, a0, 1
  WIDE add a1, a0, a0
  WIDE add a2, a1, a0
  WIDE add a3, a2, a0
  WIDE add a4, a3, a1
  CHECK a4, 18

  TEST 20  // of two writes on their way, the younger is read
  WIDE addi a0, x0, 1
  WIDE addi a0, x0, 2
  WIDE addi a1, a0, 0
  CHECK a1, 2
  WIDE addi a0, x0, 3
  WIDE addi a0, x0, 4
  WIDE nop
  WIDE addi a1, a0, 0
  CHECK a1, 4

  TEST 21  // both operands from different distances
  WIDE addi a0, x0, 10
  WIDE addi a1, x0, 3
  WIDE sub a2, a0, a1
  CHECK a2, 7
  WIDE addi a1, x0, 4
  WIDE addi a0, x0, 20
  WIDE sub a2, a0, a1
  CHECK a2, 16

  TEST 22  // branches see a result of each distance, and a loaded one
  li a0, 0
  WIDE addi a0, x0, 1
  WIDE beq a0, x0, fail
  WIDE addi a0, x0, 0
  WIDE nop
  WIDE bne a0, x0, fail
  la a1, pointer
  WIDE ld a0, 0(a1)
  WIDE beq a0, x0, fail

  TEST 23  // a write to x0 is not forwarded
  WIDE addi x0, x0, 5
  WIDE addi a0, x0, 0
  CHECK a0, 0
  WIDE addi x0, x0, 5
  WIDE nop
  WIDE add a0, x0, x0
  CHECK a0, 0

  TEST 24  // every register holds its own value
  csrw mscratch, s0
  .irp n, 1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30
  li x\n, \n * 67
  .endr
  la x31, registers
  .irp n, 1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30
  sd x\n, \n * 8(x31)
  .endr
  mv x1, x31
  li x31, 31 * 67
  sd x31, 31 * 8(x1)
  li gp, 24
  csrr s0, mscratch
  li s1, 0
  li s6, 0
  li s11, 0
  la a0, registers
  li a1, 0
  li a2, 0
1:
  ld a3, 0(a0)
  bne a3, a1, fail
  addi a0, a0, 8
  addi a1, a1, 67
  addi a2, a2, 1
  slti a3, a2, 32
  bnez a3, 1b

  TEST 25  // fences of every kind pass
  fence
  fence rw, w
  fence r, r
  fence.tso
  .word 0x0100000f               // pause
  .word 0x0335850f               // fence rw, rw with rd and rs1, which are to be ignored
  fence.i

  PASS

.data
.balign 8
word:
  .dword 0
pointer:
  .dword loaded
registers:
  .space 32 * 8
