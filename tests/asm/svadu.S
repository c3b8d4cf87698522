/*
 * Svadu: with menvcfg.ADUE the hart sets A and D in page-table entries itself, at every level, and
 * only for accesses that reach their page (cvw#1833). Without it they fault, as Svade says.
 */
#include "sv39.h"

.equ FRESH, V | R | W | X        // neither A nor D
#define SMALL PTE(PAGE(DATA), FRESH)
#define LARGE PTE(RAM, FRESH)

/* The PTE at a7 is `pte` now; no translation of it is cached. */
.macro SET_PTE pte
  li a6, \pte
  sd a6, 0(a7)
  sfence.vma
.endm

/* It has become what it was with the bits of `set`. */
.macro PTE_GAINED set
  ld t0, 0(a7)
  xor t0, t0, a6
  CHECK t0, \set
.endm

/* One access with a new PTE must end so, and set these bits. */
.macro UPDATES kind, pte, cause, set
  SET_PTE \pte
  ACCESS \kind, \cause
  PTE_GAINED \set
.endm

/* Loads, stores and fetches set A, stores D too, in a PTE that has neither, or A. */
.macro LEVEL table, index, va, pte
  li a7, PAGE(\table) + (\index) * 8
  TARGET \va, PAGE(DATA)
  UPDATES LOAD, \pte, 0, A
  UPDATES FETCH, \pte, 0, A
  UPDATES STORE, \pte, 0, A | D
  UPDATES STORE, \pte | A, 0, D
  UPDATES LOAD, \pte | A, 0, 0
  UPDATES STORE, \pte | A | D, 0, 0
.endm

/* `insn` of S-mode on the address in a0 sets these bits. */
.macro SETS set, insn
  SET_PTE SMALL
  RUN S
  \insn
  END
  PTE_GAINED \set
.endm

  li t0, MENVCFG_ADUE
  csrw menvcfg, t0
  TRANSLATE

  TEST 2  // menvcfg holds ADUE
  csrr a0, menvcfg
  CHECK a0, MENVCFG_ADUE

  TEST 3  // a 4 KiB page
  LEVEL LEAF, 9, VA(5, 77, 9), SMALL

  TEST 4  // a 2 MiB page
  LEVEL MIDDLE, 78, VA(5, 78, 8 + DATA), LARGE

  TEST 5  // a 1 GiB page
  LEVEL ROOT, 6, VA(6, 0, 8 + DATA), LARGE

  li a7, PAGE(LEAF) + 9 * 8
  TARGET VA(5, 77, 9), PAGE(DATA)
  li a0, VA(5, 77, 9)

  TEST 6  // a store to an entry filled by a load sets D: it walks again
  SET_PTE SMALL
  ACCESS LOAD, 0
  PTE_GAINED A
  ACCESS STORE, 0
  PTE_GAINED A | D
  ACCESS LOAD, 0
  ACCESS STORE, 0
  PTE_GAINED A | D

  TEST 7  // other bits stay: those for software, G, and the page's number
  UPDATES STORE, SMALL | G | 3 << 8, 0, A | D

  TEST 8  // a user's page
  AS U
  UPDATES STORE, SMALL | U, 0, A | D
  UPDATES FETCH, SMALL | U, 0, A
  AS S

  TEST 9  // page faults set nothing: wrong permission
  UPDATES STORE, PTE(PAGE(DATA), V | R | X), CAUSE_STORE_PAGE, 0
  UPDATES LOAD, PTE(PAGE(DATA), V | X), CAUSE_LOAD_PAGE, 0
  UPDATES FETCH, PTE(PAGE(DATA), V | R | W), CAUSE_FETCH_PAGE, 0
  UPDATES LOAD, SMALL | U, CAUSE_LOAD_PAGE, 0
  AS U
  UPDATES STORE, SMALL, CAUSE_STORE_PAGE, 0
  AS S

  TEST 10  // nor malformed entries
  UPDATES STORE, SMALL | 1 << 54, CAUSE_STORE_PAGE, 0
  UPDATES LOAD, SMALL | 1 << 63, CAUSE_LOAD_PAGE, 0
  UPDATES LOAD, SMALL & ~V, CAUSE_LOAD_PAGE, 0
  UPDATES STORE, PTE(PAGE(DATA), V | W), CAUSE_STORE_PAGE, 0
  UPDATES LOAD, PTE(PAGE(DATA), V | A), CAUSE_LOAD_PAGE, 0

  TEST 11  // nor misaligned superpages
  li a7, PAGE(MIDDLE) + 78 * 8
  TARGET VA(5, 78, 8 + DATA), PAGE(DATA)
  UPDATES STORE, LARGE | 1 << 10, CAUSE_STORE_PAGE, 0
  SET_PTE LARGE | A | D
  li a7, PAGE(LEAF) + 9 * 8
  TARGET VA(5, 77, 9), PAGE(DATA)

  TEST 12  // nor misaligned accesses
  li a0, VA(5, 77, 9) + 1
  SET_PTE SMALL
  TRAPS S, sd a1, 0(a0)
  EXPECT CAUSE_STORE_MISALIGNED, a0
  TRAPS S, ld a1, 0(a0)
  EXPECT CAUSE_LOAD_MISALIGNED, a0
  PTE_GAINED 0

  TEST 13  // an access fault on the page comes after the update
  UPDATES STORE, PTE(BEYOND, FRESH), CAUSE_STORE_ACCESS, A | D
  UPDATES LOAD, PTE(BEYOND, FRESH), CAUSE_LOAD_ACCESS, A

  TEST 14  // AMOs set both, LR sets A
  li a0, VA(5, 77, 9) + 8
  SETS A | D, "amoadd.d a1, a1, (a0)"
  SETS A, "lr.d a1, (a0)"
  SETS A | D, "lr.d a1, (a0); sc.d a2, a1, (a0)"

  TEST 15  // what is squashed sets nothing: behind a branch, behind a trap
  SETS 0, "beqz x0, 1f; sd a1, 0(a0); ld a1, 0(a0); 1:"
  SET_PTE SMALL
  RUN S
1:
  ecall
  sd a1, 0(a0)
  ld a1, 0(a0)
  CAUGHT 1b
  EXPECT CAUSE_ECALL_S, x0
  PTE_GAINED 0

  TEST 16  // an instruction across two pages sets A in both
  WRITE_PTE LEAF, 10, PTE(PAGE(DATA + 1), FRESH)
  SET_PTE SMALL
  li a1, VA(5, 77, 10) - 2
  TRAPS_AT S, a1
  CHECK s2, CAUSE_ECALL_S
  PTE_GAINED A
  ld t0, 8(a7)
  CHECK t0, PTE(PAGE(DATA + 1), FRESH | A)

  TEST 17  // its second page missing: a page fault there
  WRITE_PTE LEAF, 10, 0
  SET_PTE SMALL
  li a2, VA(5, 77, 10)
  TRAPS_AT S, a1
  EXPECT CAUSE_FETCH_PAGE, a2

  TEST 18  // a fetch that has to set A first is none of the instructions fetched before it
  li a1, VA(5, 77, 9) + 16
  addi a3, a1, 4
  .irp behind, "ebreak", ".word 0", "wfi", "ld a2, 1(x0)", "mret", "csrw sscratch, a1", "j fail"
  SET_PTE SMALL
  li a2, 0
  RUN S
  WIDE jr a1
  .balign 8
  .rept 6
  WIDE \behind
  .endr
98:
  CHECK s2, CAUSE_ECALL_S
  CHECK_SAME s3, a3
  CHECK a2, 0xffffffff80000000 | PAGE(DATA)
  PTE_GAINED A
  .endr

  TEST 19  // pointers are never written
  li a0, PAGE(ROOT) + 5 * 8
  ld a0, 0(a0)
  CHECK a0, POINTER(PAGE(MIDDLE))
  li a0, PAGE(MIDDLE) + 77 * 8
  ld a0, 0(a0)
  CHECK a0, POINTER(PAGE(LEAF))

  TEST 20  // MPRV accesses of M-mode update as well
  SET_PTE SMALL
  li a0, VA(5, 77, 9) + 8
  li a1, MSTATUS_MPRV | MSTATUS_MPP_S
  csrw mstatus, a1
  ld a2, 0(a0)
  csrw mstatus, x0
  PTE_GAINED A

  TEST 21  // without ADUE: page faults again, and nothing is set
  csrw menvcfg, x0
  UPDATES LOAD, SMALL, CAUSE_LOAD_PAGE, 0
  UPDATES STORE, SMALL | A, CAUSE_STORE_PAGE, 0
  UPDATES FETCH, SMALL | D, CAUSE_FETCH_PAGE, 0

  PASS

  PROGRAM_ENTRIES
  ENTRY ROOT, 5, POINTER(PAGE(MIDDLE))
  ENTRY ROOT, 6, LARGE

  ENTRY MIDDLE, 77, POINTER(PAGE(LEAF))
  ENTRY MIDDLE, 78, LARGE

  CONTENT DATA
  AT_PAGE DATA, 4094
  .half 0x0613                   // addi a2, a2, 21: one half here,
  .half 0x0156                   // the other in the next page
  .half 0x0073, 0x0000           // ecall
