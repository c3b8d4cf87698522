/*
 * Sv39 fetches: instructions across two pages, code that runs off a page or off the address space,
 * and page boundaries that nothing may cross.
 */
#include "sv39.h"

.equ CODE, V | R | X | U | A | D

/* Two pages of the user, in two page tables, whose frames are in the other order. */
.equ FIRST, DATA + 1
.equ SECOND, DATA
#define BOUNDARY VA(5, 78, 0)
.equ LAST_HALFWORD, PAGE(FIRST) + 4094

/* addi a2, a2, 21; its halves. */
.equ ADDI, 0x01560613
.equ ADDI_LOW, 0x0613
.equ ADDI_HIGH, 0x0156
/* c.li a2, 5; c.j six bytes back, j eight bytes back. */
.equ C_LI, 0x4615
.equ C_J, 0xbfed
.equ JAL, 0xff9ff06f
/* ld a2, 0(a0) */
.equ LD, 0x00053603

/* Sets the PTEs of the two pages. */
.macro PAGES first, second
  WRITE_PTE LEAF, 511, \first
  WRITE_PTE LEAF, 0, \second
  sfence.vma
.endm
.macro GOOD_PAGES
  PAGES PTE(PAGE(FIRST), CODE), PTE(PAGE(SECOND), CODE)
.endm

/* What the last halfword of the first page holds. */
.macro AT_THE_END halfword
  li t0, LAST_HALFWORD
  li t1, \halfword
  sh t1, 0(t0)
  fence.i
.endm

/* Running the last halfword of the first page (a7) must trap; xepc is `epc`, xtval `tval`. */
.macro CROSSES mode, cause, epc, tval
  li a2, 100
  TRAPS_AT \mode, a7
  CHECK s2, \cause
  CHECK_SAME s3, \epc
  CHECK_SAME s4, \tval
.endm

/* The same must run across the boundary, up to the ecall there. */
.macro RUNS_ACROSS
  addi a3, a6, 2
  CROSSES U, CAUSE_ECALL_U, a3, x0
  CHECK a2, 121
.endm

  TRANSLATE
  li a6, BOUNDARY
  addi a7, a6, -2

  TEST 2  // across two pages, mapped to frames that are no neighbours
  RUNS_ACROSS

  TEST 3  // second page missing: xtval is its start, xepc the instruction's
  PAGES PTE(PAGE(FIRST), CODE), 0
  CROSSES U, CAUSE_FETCH_PAGE, a7, a6
  CHECK a2, 100

  TEST 4  // it is mapped, without a fence, and the instruction runs
  WRITE_PTE LEAF, 0, PTE(PAGE(SECOND), CODE)
  RUNS_ACROSS

  TEST 5  // first page missing, or both: xtval is the instruction's
  PAGES 0, PTE(PAGE(SECOND), CODE)
  CROSSES U, CAUSE_FETCH_PAGE, a7, a7
  PAGES 0, 0
  CROSSES U, CAUSE_FETCH_PAGE, a7, a7

  TEST 6  // second page not executable, the supervisor's, A = 0, malformed
  .irp flags, V | R | U | A | D, V | R | X | A | D, V | R | X | U, CODE | 1 << 54
  PAGES PTE(PAGE(FIRST), CODE), PTE(PAGE(SECOND), \flags)
  CROSSES U, CAUSE_FETCH_PAGE, a7, a6
  .endr

  TEST 7  // S-mode from its own page into the user's
  PAGES PTE(PAGE(FIRST), V | R | X | A | D), PTE(PAGE(SECOND), CODE)
  CROSSES S, CAUSE_FETCH_PAGE, a7, a6
  CROSSES U, CAUSE_FETCH_PAGE, a7, a7

  TEST 8  // second page outside RAM, then its page table: access faults
  PAGES PTE(PAGE(FIRST), CODE), PTE(BEYOND, CODE)
  CROSSES U, CAUSE_FETCH_ACCESS, a7, a6
  GOOD_PAGES
  WRITE_PTE MIDDLE, 78, POINTER(BEYOND)
  sfence.vma
  CROSSES U, CAUSE_FETCH_ACCESS, a7, a6
  WRITE_PTE MIDDLE, 78, POINTER(PAGE(LEAF))

  TEST 9  // first page outside RAM and second missing: the first counts
  PAGES PTE(BEYOND, CODE), 0
  CROSSES U, CAUSE_FETCH_ACCESS, a7, a7

  TEST 10  // a 16-bit instruction ends the page, and the next one is missing
  AT_THE_END C_LI
  PAGES PTE(PAGE(FIRST), CODE), 0
  CROSSES U, CAUSE_FETCH_PAGE, a6, a6
  CHECK a2, 5

  TEST 11  // delegated: the same in scause, sepc, stval
  li a4, 1 << CAUSE_FETCH_PAGE
  csrw medeleg, a4
  CROSSES U, CAUSE_FETCH_PAGE, a6, a6
  CHECK s6, PRIV_S
  AT_THE_END ADDI_LOW
  CROSSES U, CAUSE_FETCH_PAGE, a7, a6
  CHECK s6, PRIV_S
  csrw medeleg, x0

  TEST 12  // a 16-bit jump ends the page: the next one is not needed
  AT_THE_END C_J
  li a3, BOUNDARY - 8
  CROSSES U, CAUSE_ECALL_U, a3, x0

  TEST 13  // a 32-bit jump ends the page
  AT_THE_END JAL >> 16
  li t0, LAST_HALFWORD - 2
  li t1, JAL & 0xffff
  sh t1, 0(t0)
  fence.i
  li a3, BOUNDARY - 12
  li a0, BOUNDARY - 4
  TRAPS_AT U, a0
  CHECK s2, CAUSE_ECALL_U
  CHECK_SAME s3, a3

  TEST 14  // a load ends the page: its fault comes first (cvw#392)
  AT_THE_END LD >> 16
  li t0, LAST_HALFWORD - 2
  li t1, LD & 0xffff
  sh t1, 0(t0)
  fence.i
  li a0, VA(9, 9, 9)
  li a4, BOUNDARY - 4
  TRAPS_AT U, a4
  EXPECT CAUSE_LOAD_PAGE, a0
  GOOD_PAGES
  TRAPS_AT U, a4
  EXPECT CAUSE_LOAD_PAGE, a0

  TEST 15  // a load that passes, then the missing page
  PAGES PTE(PAGE(FIRST), CODE), 0
  li a0, VA(5, 77, 511)
  li a2, 0
  TRAPS_AT U, a4
  CHECK s2, CAUSE_FETCH_PAGE
  CHECK_SAME s3, a6
  CHECK_SAME s4, a6
  CHECK a2, PAGE(FIRST)

  TEST 16  // off the end of the lower half (cva6#470)
  AT_THE_END C_LI
  GOOD_PAGES
  li a6, VA(256, 0, 0)
  addi a7, a6, -2
  CROSSES U, CAUSE_FETCH_PAGE, a6, a6
  CHECK a2, 5
  AT_THE_END ADDI_LOW
  CROSSES U, CAUSE_FETCH_PAGE, a7, a6

  TEST 17  // off the end of the address space, to address 0
  li a7, -2
  CROSSES U, CAUSE_FETCH_PAGE, a7, x0
  AT_THE_END C_LI
  CROSSES U, CAUSE_FETCH_PAGE, x0, x0
  CHECK a2, 5

  TEST 18  // into the upper half, from the hole: the first half faults
  li a6, -VA(256, 0, 0)
  addi a7, a6, -2
  CROSSES U, CAUSE_FETCH_PAGE, a7, a7

  TEST 19  // jumps out of the canonical range: the whole address is reported
  .irp bit, 38, 39, 55, 56, 63
  li a0, VA(5, 78, 0) | 1 << \bit
  RUN U
  jr a0
  CAUGHT 1f
1:
  CHECK s2, CAUSE_FETCH_PAGE
  CHECK_SAME s3, a0
  CHECK_SAME s4, a0
  .endr

  TEST 20  // U has run a page; S must not, and the other way round
  TARGET VA(5, 77, 9), PAGE(DATA + 2)
  WRITE_PTE LEAF, 9, PTE(PAGE(DATA + 2), USER)
  sfence.vma
  AS U
  ACCESS FETCH, 0
  AS S
  ACCESS FETCH, CAUSE_FETCH_PAGE
  WRITE_PTE LEAF, 9, PTE(PAGE(DATA + 2), KERNEL)
  sfence.vma
  ACCESS FETCH, 0
  AS U
  ACCESS FETCH, CAUSE_FETCH_PAGE
  AS S
  ACCESS FETCH, 0

  TEST 21  // a code page mapped to another frame: the new one runs
  WRITE_PTE LEAF, 9, PTE(PAGE(DATA + 3), KERNEL)
  sfence.vma
  TARGET VA(5, 77, 9), PAGE(DATA + 3)
  ACCESS FETCH, 0

  PASS

  PROGRAM_ENTRIES
  ENTRY ROOT, 5, POINTER(PAGE(MIDDLE))
  ENTRY ROOT, 255, POINTER(PAGE(MIDDLE))
  ENTRY ROOT, 511, POINTER(PAGE(MIDDLE))

  ENTRY MIDDLE, 77, POINTER(PAGE(LEAF))
  ENTRY MIDDLE, 78, POINTER(PAGE(LEAF))
  ENTRY MIDDLE, 511, POINTER(PAGE(LEAF))

  ENTRY LEAF, 0, PTE(PAGE(SECOND), CODE)
  ENTRY LEAF, 511, PTE(PAGE(FIRST), CODE)

  AT_PAGE SECOND
  .half ADDI_HIGH
  .half 0x0073, 0x0000           // ecall

  AT_PAGE FIRST
  .dword PAGE(FIRST)
  AT_PAGE FIRST, 4096 - 12
  .word 0x00000073, 0x00000073   // ecall at the target of either jump
  .half 0
  .half ADDI_LOW

  CONTENT DATA + 2
  CONTENT DATA + 3
