/*
 * Sv39 page-table entries that must fault, at every level: reserved bits (cva6#3420), writable but
 * not readable (NutShell#266), misaligned superpages (black-parrot#1318), and A and D under Svade.
 * Loads, stores and fetches take turns.
 */
#include "sv39.h"

/* Runs `routine` for the PTE at a7, whose good value is a6: one of each level, leading to s8. */
.macro EACH_LEAF routine
  .irp level, 0, 1, 2
  LEAF_OF \level
  jal a3, \routine
  sd a6, 0(a7)
  .endr
.endm
.macro EACH_POINTER routine
  .irp level, 1, 2
  POINTER_OF \level
  jal a3, \routine
  sd a6, 0(a7)
  .endr
.endm

.macro SLOT table, index, va, pte
  li a7, PAGE(\table) + \index * 8
  li a6, \pte
  TARGET \va, PAGE(DATA)
.endm
.macro LEAF_OF level
  .if \level == 0
  SLOT LEAF, 9, VA(5, 77, 9), PTE(PAGE(DATA), KERNEL)
  .elseif \level == 1
  SLOT MIDDLE, 78, VA(5, 78, 8 + DATA), PTE(RAM, KERNEL)
  .else
  SLOT ROOT, 6, VA(6, 0, 8 + DATA), PTE(RAM, KERNEL)
  .endif
.endm
.macro POINTER_OF level
  .if \level == 1
  SLOT MIDDLE, 77, VA(5, 77, 9), POINTER(PAGE(LEAF))
  .else
  SLOT ROOT, 5, VA(5, 77, 9), POINTER(PAGE(MIDDLE))
  .endif
.endm

/* Flips bits `first` to `last` of the PTE, each alone: page faults. */
.macro FLIPS first, last
  li a1, \first
1:
  li a2, 1
  sll a2, a2, a1
  jal a4, flipped
  addi a1, a1, 1
  addi t0, a1, -\last
  blez t0, 1b
.endm

/* The PTE without the bits of `clear`, a mask, faults at the next access. */
.macro FAULTS_WITHOUT clear
  li a2, \clear
  jal a4, flipped
.endm

/* The PTE with the bits of `set` flipped passes. */
.macro PASSES_WITH set
  li a2, \set
  xor a2, a2, a6
  sd a2, 0(a7)
  sfence.vma
  MUST_PASS
.endm

  TRANSLATE

  TEST 2  // all of them are good before, with G and the bits for software too
  EACH_LEAF good_leaf
  EACH_POINTER good_pointer

  TEST 3  // a leaf with any of bits 63:54
  EACH_LEAF reserved

  TEST 4  // a pointer with any of bits 63:54
  EACH_POINTER reserved

  TEST 5  // a pointer with U, A or D
  EACH_POINTER reserved_in_pointer

  TEST 6  // V = 0, whatever else is set
  EACH_LEAF invalid
  EACH_POINTER invalid

  TEST 7  // W without R, with and without X
  EACH_LEAF not_readable

  TEST 8  // a pointer at level 0
  LEAF_OF 0
  jal a3, pointer_below
  sd a6, 0(a7)

  TEST 9  // a 2 MiB page with any low bit of its page number
  LEAF_OF 1
  FLIPS 10, 18
  sd a6, 0(a7)

  TEST 10  // a 1 GiB page likewise
  LEAF_OF 2
  FLIPS 10, 27
  sd a6, 0(a7)

  TEST 11  // Svade: A = 0 faults every access (why old xv6 does not start on such cores)
  EACH_LEAF not_accessed

  TEST 12  // Svade: D = 0 faults a store, and nothing else
  EACH_LEAF not_dirty

  TEST 13  // Svade wrote nothing to the PTE (a fault leaves it to software)
  LEAF_OF 0
  li a2, PTE(PAGE(DATA), V | R | W | X)
  sd a2, 0(a7)
  sfence.vma
  ACCESS STORE, CAUSE_STORE_PAGE
  ld a2, 0(a7)
  CHECK a2, PTE(PAGE(DATA), V | R | W | X)
  sd a6, 0(a7)
  sfence.vma
  ACCESS STORE, 0

  TEST 14  // after all these faults every level is good again
  EACH_LEAF good_leaf

  PASS

/* The PTE with the bits of a2 flipped must fault the next access. Returns to a4. */
flipped:
  xor a2, a2, a6
  sd a2, 0(a7)
  sfence.vma
  PAGE_FAULT
  jr a4

good_leaf:
  PASSES_WITH 0
  PASSES_WITH G | 3 << 8
  jr a3
good_pointer:
  PASSES_WITH G
  PASSES_WITH 3 << 8
  jr a3
reserved:
  FLIPS 54, 63
  jr a3
reserved_in_pointer:
  FAULTS_WITHOUT U
  FAULTS_WITHOUT A
  FAULTS_WITHOUT D
  jr a3
invalid:
  FAULTS_WITHOUT V
  jr a3
not_readable:
  FAULTS_WITHOUT R
  FAULTS_WITHOUT R | X
  jr a3
pointer_below:
  FAULTS_WITHOUT R | W | X | A | D
  FAULTS_WITHOUT R | W | X
  jr a3
not_accessed:
  FAULTS_WITHOUT A
  FAULTS_WITHOUT A
  FAULTS_WITHOUT A
  FAULTS_WITHOUT A | D
  jr a3
not_dirty:
  xori a2, a6, D
  sd a2, 0(a7)
  sfence.vma
  ACCESS LOAD, 0
  ACCESS STORE, CAUSE_STORE_PAGE
  ACCESS FETCH, 0
  jr a3

  PROGRAM_ENTRIES
  ENTRY ROOT, 5, POINTER(PAGE(MIDDLE))
  ENTRY ROOT, 6, PTE(RAM, KERNEL)

  ENTRY MIDDLE, 77, POINTER(PAGE(LEAF))
  ENTRY MIDDLE, 78, PTE(RAM, KERNEL)

  ENTRY LEAF, 9, PTE(PAGE(DATA), KERNEL)

  CONTENT DATA
