/* fence.i: instructions that the program itself has just written. */
#include "test.h"

/* The encoding of `li a0, value`, uncompressed. */
#define LI_A0(value) ((value) << 20 | 0x513)

/* Writes `li a0, value` to `place`. */
.macro WRITE_LI place, value
  la t0, \place
  li t1, LI_A0(\value)
  sw t1, 0(t0)
.endm

  TEST 2  // a function that has run before is written anew
  call slot
  CHECK a0, 0
  WRITE_LI slot, 11
  fence.i
  call slot
  CHECK a0, 11
  WRITE_LI slot, 22
  fence.i
  call slot
  CHECK a0, 22

  TEST 3  // the instruction right behind fence.i
  .balign 8
  WRITE_LI 1f, 33
  fence.i
1:
  WIDE li a0, 0
  CHECK a0, 33

  TEST 4  // in the fetch word of the fence.i, and in the next ones
  WRITE_LI 1f, 44
  li t1, LI_A0(55)
  la t2, 2f
  sw t1, 0(t2)
  .balign 8
  fence.i
1:
  WIDE li a0, 0
  mv a1, a0
  .balign 4
  WIDE mv a1, a0
2:
  WIDE li a0, 0
  CHECK a1, 44
  CHECK a0, 55

  TEST 5  // one half of an instruction that straddles two fetch words
  la t0, 1f
  li t1, LI_A0(66) >> 16
  sh t1, 2(t0)
  fence.i
  WIDE j 1f
  .balign 8
  .space 6
1:
  WIDE li a0, 0
  CHECK a0, 66

  TEST 6  // each turn of a loop rewrites what it runs
  li s8, 3
  li s9, 0
  li s10, LI_A0(0)
  la t0, slot
1:
  li t1, 1 << 20
  add s10, s10, t1
  sw s10, 0(t0)
  fence.i
  call slot
  slli s9, s9, 4
  add s9, s9, a0
  addi s8, s8, -1
  bnez s8, 1b
  CHECK s9, 0x123

  TEST 7  // code copied into data
  la t0, slot
  ld t1, 0(t0)
  la t2, buffer
  sd t1, 0(t2)
  li a0, 0
  fence.i
  jalr t2
  CHECK a0, 3

  TEST 8  // an atomic where a short jump was, of which a prediction still cuts it in two
  la a3, buffer
  sd zero, 0(a3)
  li a2, 1
  li s8, 2
1:
  call jumps
  addi s8, s8, -1
  bnez s8, 1b
  lw t1, atomic
  la t0, jumps
  sw t1, 0(t0)
  fence.i
  call jumps
  CHECK a1, 0
  ld a1, 0(a3)
  CHECK a1, 1

  PASS

.balign 8
slot:
  WIDE li a0, 0
  ret

.balign 8
jumps:
  c.j 1f
  c.nop
  c.nop
  c.nop
1:
  ret

.balign 8
atomic:
  amoadd.d a1, a2, (a3)

.data
.balign 8
buffer:
  .dword 0
