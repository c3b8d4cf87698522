/* Misaligned loads and stores on a hart that does them: every place, page boundaries, faults. */
#include "../sv39.h"

/* Two pages side by side whose frames are not, in the other order. */
.equ LOWER_FRAME, DATA + 1
.equ UPPER_FRAME, DATA
.equ LOWER, VA(5, 77, 9)
.equ UPPER, VA(5, 77, 10)
.equ RAM_END, 0x88000000
.equ ALLOWED, V | R | W | A | D
.equ FRESH, V | R | W

/* Every load `op` of `size` bytes in 16 places at s8 gives what its bytes do; `shift` extends. */
.macro LOADS op, size, shift
  .set place, 0
  .rept 16
  WIDE \op a0, place(s8)
  addi a1, s8, place
  li a2, \size
  call compose
  slli a3, a3, 64 - 8 * \size
  \shift a3, a3, 64 - 8 * \size
  bne a0, a3, fail
  .set place, place + 1
  .endr
.endm

/* Every store `op` of `size` bytes in 16 places changes its bytes and no others. */
.macro STORES op, size
  .set place, 8
  .rept 16
  call clear
  WIDE \op s10, place(s9)
  addi a1, s9, place
  li a2, \size
  call compose
  slli a4, s10, 64 - 8 * \size
  srli a4, a4, 64 - 8 * \size
  bne a3, a4, fail
  addi a0, s9, place - 8
  ld a3, 0(a0)
  bnez a3, fail
  addi a1, s9, place + \size
  li a2, 8
  call compose
  bnez a3, fail
  .set place, place + 1
  .endr
.endm

/* `insn` must trap in S-mode with `cause` at the address in `tval`, and leave a1 alone. */
.macro REFUSES cause, tval, insn:vararg
  li a1, 77
  TRAPS S, \insn
  EXPECT \cause, \tval
  CHECK a1, 77
.endm
.macro LETS insn:vararg
  RUN S
  \insn
  END
.endm
/* The atomic `insn` at a0 must trap with `cause`; on Spike with an access fault, which may "be raised
   instead of an address-misaligned exception if the misaligned access should not be emulated". */
.macro ATOMIC cause, insn:vararg
  TRAPS M, \insn
  SKIP_ON_SPIKE .Laccess_fault\@
  EXPECT \cause, a0
.Laccess_fault\@:
.endm
/* The PTEs of both pages. */
.macro MAP lower, upper
  WRITE_PTE LEAF, 9, PTE(PAGE(LOWER_FRAME), \lower)
  WRITE_PTE LEAF, 10, PTE(PAGE(UPPER_FRAME), \upper)
  sfence.vma
.endm
.macro FLAGS_ARE lower, upper
  li a6, PAGE(LEAF)
  ld t0, 9 * 8(a6)
  CHECK t0, PTE(PAGE(LOWER_FRAME), \lower)
  ld t0, 10 * 8(a6)
  CHECK t0, PTE(PAGE(UPPER_FRAME), \upper)
.endm
/* The last doubleword of the lower frame and the first of the upper one. */
.macro FILL
  li a6, PAGE(LOWER_FRAME) + 4088
  li a7, PAGE(UPPER_FRAME)
  li t0, 0x1716151413121110
  sd t0, 0(a6)
  li t0, 0x2726252423222120
  sd t0, 0(a7)
.endm
.macro FILLED lower, upper
  li a6, PAGE(LOWER_FRAME) + 4088
  li a7, PAGE(UPPER_FRAME)
  ld t0, 0(a6)
  CHECK t0, \lower
  ld t0, 0(a7)
  CHECK t0, \upper
.endm
/* On Spike the portion in the lower page is stored before that in the upper one is translated:
   "a portion of a misaligned store that passes [...] may become visible". */
.macro UNTOUCHED
  SKIP_ON_SPIKE .Lvisible\@
  FILLED 0x1716151413121110, 0x2726252423222120
.Lvisible\@:
.endm

  la s8, source
  la s9, buffer

  TEST 2  // loads in every place
  LOADS lh, 2, srai
  LOADS lhu, 2, srli
  LOADS lw, 4, srai
  LOADS lwu, 4, srli
  LOADS ld, 8, srli

  TEST 3  // stores in every place leave their neighbours alone
  li s10, 0xf8f7f6f5f4f3f2f1
  STORES sh, 2
  STORES sw, 4
  STORES sd, 8

  TEST 4  // compressed ones
  addi a4, s8, 5
  c.lw a0, 0(a4)
  CHECK a0, 0x70f0e1d2
  addi a4, s9, 3
  call clear
  OPERAND a5, 0x0807060504030201
  c.sd a5, 0(a4)
  c.ld a0, 0(a4)
  CHECK_SAME a0, a5
  ld a0, 0(s9)
  CHECK a0, 0x0504030201000000
  ld a0, 8(s9)
  CHECK a0, 0x0000000000080706

  TEST 5  // what is loaded is used by the next instruction, and at once stored over
  WIDE ld a0, 3(s9)
  WIDE addi a0, a0, 1
  WIDE sd a0, 5(s9)
  WIDE ld a1, 5(s9)
  CHECK a1, 0x0807060504030202
  WIDE ld a0, 0(s9)
  CHECK a0, 0x0302020201000000

  TEST 6  // atomics must be aligned
  .irp offset, 1, 2, 3
  addi a0, s9, \offset
  ATOMIC CAUSE_LOAD_MISALIGNED, lr.w a1, (a0)
  ATOMIC CAUSE_STORE_MISALIGNED, sc.w a1, a2, (a0)
  ATOMIC CAUSE_STORE_MISALIGNED, amoadd.w a1, a2, (a0)
  .endr
  addi a0, s9, 4
  ATOMIC CAUSE_LOAD_MISALIGNED, lr.d a1, (a0)
  ATOMIC CAUSE_STORE_MISALIGNED, sc.d a1, a2, (a0)
  ATOMIC CAUSE_STORE_MISALIGNED, amoadd.d a1, a2, (a0)

  TEST 7  // where nothing is they are access faults, inside of a doubleword, too
  li a0, HOLE + 1
  TRAPS M, lh a1, 0(a0)
  EXPECT CAUSE_LOAD_ACCESS, a0
  TRAPS M, sh a1, 0(a0)
  EXPECT CAUSE_STORE_ACCESS, a0
  li a0, HOLE + 6
  TRAPS M, ld a1, 0(a0)
  EXPECT CAUSE_LOAD_ACCESS, a0

  TEST 8  // at the end of RAM the portion behind it faults, and nothing is stored
  li a0, RAM_END - 8
  sd zero, 0(a0)
  li a0, RAM_END - 3
  li a2, RAM_END
  TRAPS M, ld a1, 0(a0)
  EXPECT CAUSE_LOAD_ACCESS, a2
  TRAPS M, sd s10, 0(a0)
  EXPECT CAUSE_STORE_ACCESS, a2
  SKIP_ON_SPIKE 1f
  ld a0, -5(a0)
  CHECK a0, 0
1:

  TRANSLATE

  TEST 9  // two pages
  MAP ALLOWED, ALLOWED
  FILL
  li a0, UPPER - 3
  LETS ld a1, 0(a0)
  CHECK a1, 0x2423222120171615
  LETS lw a1, 1(a0)
  CHECK a1, 0x21201716
  LETS lhu a1, 2(a0)
  CHECK a1, 0x2017
  LETS sd s10, 0(a0)
  FILLED 0xf3f2f11413121110, 0x272625f8f7f6f5f4

  TEST 10  // the first page faults: the address is that of the access
  MAP 0, ALLOWED
  FILL
  REFUSES CAUSE_LOAD_PAGE, a0, ld a1, 0(a0)
  REFUSES CAUSE_STORE_PAGE, a0, sd s10, 0(a0)
  FILLED 0x1716151413121110, 0x2726252423222120

  TEST 11  // the second page faults: the address is where it begins, and nothing is stored
  li a2, UPPER
  MAP ALLOWED, 0
  REFUSES CAUSE_LOAD_PAGE, a2, ld a1, 0(a0)
  REFUSES CAUSE_STORE_PAGE, a2, sd s10, 0(a0)
  UNTOUCHED
  FILL

  TEST 12  // so does one that may not be written
  MAP ALLOWED, (V | R | A | D)
  LETS ld a1, 0(a0)
  CHECK a1, 0x2423222120171615
  REFUSES CAUSE_STORE_PAGE, a2, sd s10, 0(a0)
  UNTOUCHED
  FILL

  TEST 13  // and one that is no RAM: an access fault
  MAP ALLOWED, ALLOWED
  WRITE_PTE LEAF, 10, PTE(HOLE, ALLOWED)
  sfence.vma
  REFUSES CAUSE_LOAD_ACCESS, a2, ld a1, 0(a0)
  REFUSES CAUSE_STORE_ACCESS, a2, sd s10, 0(a0)
  UNTOUCHED
  FILL

  TEST 14  // both fault: the first one counts
  MAP 0, 0
  REFUSES CAUSE_LOAD_PAGE, a0, ld a1, 0(a0)

  TEST 15  // the end of the lower half of the addresses: what is behind is not canonical
  li a0, VA(255, 511, 511) + 4093
  li a2, 1 << 38
  REFUSES CAUSE_LOAD_PAGE, a2, ld a1, 0(a0)

  TEST 16  // under Svadu both pages get A, and by a store D
  li t0, MENVCFG_ADUE
  csrw menvcfg, t0
  li a0, UPPER - 3
  li a2, UPPER
  MAP FRESH, FRESH
  LETS ld a1, 0(a0)
  CHECK a1, 0x2423222120171615
  FLAGS_ARE (FRESH | A), (FRESH | A)
  LETS sd s10, 0(a0)
  FLAGS_ARE ALLOWED, ALLOWED
  FILLED 0xf3f2f11413121110, 0x272625f8f7f6f5f4

  TEST 17  // the first has got them when the second faults
  FILL
  MAP FRESH, 0
  REFUSES CAUSE_STORE_PAGE, a2, sd s10, 0(a0)
  FLAGS_ARE ALLOWED, 0
  UNTOUCHED

  TEST 18  // and not the second when the first faults
  MAP 0, FRESH
  REFUSES CAUSE_STORE_PAGE, a0, sd s10, 0(a0)
  FLAGS_ARE 0, FRESH
  PASS

/* a3 = the value of the a2 bytes at a1; changes a1, a2, t0. */
compose:
  li a3, 0
  add a1, a1, a2
1:
  addi a1, a1, -1
  lbu t0, 0(a1)
  slli a3, a3, 8
  or a3, a3, t0
  addi a2, a2, -1
  bnez a2, 1b
  ret
/* Five doublewords at s9 become 0. */
clear:
  .irp place, 0, 8, 16, 24, 32
  sd zero, \place(s9)
  .endr
  ret

.section .data
.balign 8
source: .dword 0xf0e1d2c3b4a59687, 0x0716253443526170, 0x8899aabbccddeeff
.balign 8
buffer: .skip 64

.text
  PROGRAM_ENTRIES
  ENTRY ROOT, 5, POINTER(PAGE(MIDDLE))
  ENTRY ROOT, 255, POINTER(PAGE(MIDDLE))
  ENTRY MIDDLE, 77, POINTER(PAGE(LEAF))
  ENTRY MIDDLE, 511, POINTER(PAGE(LEAF))
  ENTRY LEAF, 511, PTE(PAGE(LOWER_FRAME), ALLOWED)
  AT_PAGE DATA
  AT_PAGE DATA + 2
