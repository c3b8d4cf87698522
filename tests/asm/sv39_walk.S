/* Sv39 walks: page sizes, every index bit, canonical addresses, tables and pages outside RAM. */
#include "sv39.h"

/* An access at all three kinds must pass, or trap with a cause each. */
.macro ACCESSES load, store, fetch
  ACCESS LOAD, \load
  ACCESS STORE, \store
  ACCESS FETCH, \fetch
.endm
.macro PASSES
  ACCESSES 0, 0, 0
.endm
.macro PAGE_FAULTS
  ACCESSES CAUSE_LOAD_PAGE, CAUSE_STORE_PAGE, CAUSE_FETCH_PAGE
.endm
.macro ACCESS_FAULTS
  ACCESSES CAUSE_LOAD_ACCESS, CAUSE_STORE_ACCESS, CAUSE_FETCH_ACCESS
.endm

/* Each bit of an index of the table in page `table`: `va` moved there reaches the data page. */
.macro EVERY_INDEX_BIT table, vpn_shift, first, last, pte
  li a6, \first
1:
  li a3, 1
  sll a3, a3, a6                 // the index
  slli a4, a3, 3
  li t0, PAGE(\table)
  add a4, a4, t0
  ld a7, 0(a4)
  li t0, \pte
  sd t0, 0(a4)
  slli a3, a3, \vpn_shift
  add s8, s8, a3
  sfence.vma
  ACCESS LOAD, 0
  sub s8, s8, a3
  sd a7, 0(a4)
  addi a6, a6, 1
  li t0, \last
  ble a6, t0, 1b
.endm

  TRANSLATE

  TEST 2  // a 4 KiB page
  TARGET VA(5, 77, 9), PAGE(DATA)
  PASSES
  TARGET VA(5, 77, 10), PAGE(DATA + 1)
  PASSES

  TEST 3  // a 2 MiB page
  TARGET VA(5, 78, 8 + DATA), PAGE(DATA)
  PASSES
  TARGET VA(5, 78, 9 + DATA), PAGE(DATA + 1)
  PASSES

  TEST 4  // a 1 GiB page
  TARGET VA(6, 0, 8 + DATA), PAGE(DATA)
  PASSES
  li t0, 0x83a55000              // a page of its own 29 * 2 MiB and 85 * 4 KiB up
  li t1, PAGE(DATA)
  sw t0, 0(t0)
  TARGET VA(6, 29, 85), 0x83a55000
  ACCESS LOAD, 0
  ACCESS STORE, 0

  TEST 5  // a 2 MiB page that is not the first of RAM
  TARGET VA(5, 79, 85), 0x83a55000
  ACCESS LOAD, 0

  TEST 6  // a user's page, by the user
  AS U
  TARGET VA(5, 77, 11), PAGE(DATA)
  PASSES
  AS S

  TEST 7  // every bit of each index
  TARGET VA(5, 77, 0), PAGE(DATA)
  EVERY_INDEX_BIT LEAF, 12, 0, 8, PTE(PAGE(DATA), KERNEL)
  TARGET VA(5, 0, 8 + DATA), PAGE(DATA)
  EVERY_INDEX_BIT MIDDLE, 21, 0, 8, PTE(RAM, KERNEL)
  TARGET VA(0, 0, 8 + DATA), PAGE(DATA)
  EVERY_INDEX_BIT ROOT, 30, 2, 7, PTE(RAM, KERNEL)

  TEST 8  // not mapped: at each level
  TARGET VA(7, 0, 0), 0
  PAGE_FAULTS
  TARGET VA(5, 3, 0), 0
  PAGE_FAULTS
  TARGET VA(5, 77, 12), 0
  PAGE_FAULTS

  TEST 9  // the ends of both halves, and bit 38 counts (cva6#136)
  TARGET VA(255, 511, 511), PAGE(DATA + 1)
  PASSES
  TARGET -VA(256, 0, 0), PAGE(DATA)
  PASSES
  TARGET -VA(0, 0, 1), PAGE(DATA + 1)
  PASSES

  TEST 10  // just outside: page faults, not access faults (cva6#2272)
  TARGET VA(256, 0, 0), 0
  PAGE_FAULTS
  TARGET -VA(256, 0, 1), 0
  PAGE_FAULTS

  TEST 11  // address bits above 38 alone, between good ones (cva6#3404, gem5#2454)
  li s10, PAGE(DATA)
  li a6, 39
  li a7, VA(5, 77, 9)
  jal a3, uncanonical
  li a6, 40
  li a7, -VA(256, 0, 0)
  jal a3, uncanonical

  TEST 12  // a middle or leaf table outside RAM (rocket-chip#2934, cva6#3430)
  .irp place, BEYOND, HOLE, 1 << 55 | RAM
  WRITE_PTE ROOT, 7, POINTER(\place)
  sfence.vma
  TARGET VA(7, 0, 0), 0
  ACCESS_FAULTS
  WRITE_PTE MIDDLE, 7, POINTER(\place)
  sfence.vma
  TARGET VA(5, 7, 0), 0
  ACCESS_FAULTS
  .endr

  TEST 13  // a page outside RAM, of each size; no bit of its number is dropped
  WRITE_PTE LEAF, 12, PTE(1 << 55 | PAGE(DATA), KERNEL)
  WRITE_PTE MIDDLE, 7, PTE(BEYOND, KERNEL)
  WRITE_PTE ROOT, 7, PTE(BEYOND, KERNEL)
  sfence.vma
  TARGET VA(5, 77, 12), 0
  ACCESS_FAULTS
  TARGET VA(5, 7, 1), 0
  ACCESS_FAULTS
  TARGET VA(7, 3, 5), 0
  ACCESS_FAULTS

  TEST 14  // a page fault goes before an access fault (cva6#3337)
  WRITE_PTE LEAF, 12, PTE(BEYOND, V | R | X | D)
  sfence.vma
  TARGET VA(5, 77, 12), 0
  PAGE_FAULTS

  TEST 15  // a root table outside RAM: S cannot even fetch
  li t0, SATP(BEYOND, 0)
  csrw satp, t0
  sfence.vma
  TARGET VA(5, 77, 9), 0
  ACCESS FETCH, CAUSE_FETCH_ACCESS
  li a0, VA(5, 77, 9)
  li a3, MSTATUS_MPRV | MSTATUS_MPP_S
  csrw mstatus, a3
  TRAPS M, ld a2, 0(a0)
  EXPECT CAUSE_LOAD_ACCESS, a0
  csrw mstatus, a3
  TRAPS M, sd a2, 0(a0)
  EXPECT CAUSE_STORE_ACCESS, a0
  csrw mstatus, x0

  TEST 16  // after all these faults the good page is still there
  TRANSLATE
  TARGET VA(5, 77, 9), PAGE(DATA)
  PASSES

  TEST 17  // M-mode, and S-mode under Bare, use physical addresses
  ld a0, 0(s10)
  CHECK_SAME a0, s10
  csrw satp, x0
  sfence.vma
  TARGET PAGE(DATA), PAGE(DATA)
  PASSES

  PASS

/* Flips every third bit of the good address a7 from bit a6 up: page faults, and then a walk that
   succeeds. Returns to a3. */
uncanonical:
  sfence.vma
  li a4, 1
  sll a4, a4, a6
  xor s8, a7, a4
  PAGE_FAULT
  mv s8, a7
  MUST_PASS
  addi a6, a6, 3
  addi t0, a6, -63
  blez t0, uncanonical
  jr a3

  PROGRAM_ENTRIES
  ENTRY ROOT, 5, POINTER(PAGE(MIDDLE))
  ENTRY ROOT, 6, PTE(RAM, KERNEL)
  ENTRY ROOT, 255, POINTER(PAGE(MIDDLE))
  ENTRY ROOT, 256, POINTER(PAGE(MIDDLE))
  ENTRY ROOT, 511, POINTER(PAGE(MIDDLE))

  ENTRY MIDDLE, 0, POINTER(PAGE(LEAF))
  ENTRY MIDDLE, 77, POINTER(PAGE(LEAF))
  ENTRY MIDDLE, 78, PTE(RAM, KERNEL)
  ENTRY MIDDLE, 79, PTE(0x83a00000, KERNEL)
  ENTRY MIDDLE, 511, POINTER(PAGE(LEAF))

  ENTRY LEAF, 0, PTE(PAGE(DATA), KERNEL)
  ENTRY LEAF, 9, PTE(PAGE(DATA), KERNEL)
  ENTRY LEAF, 10, PTE(PAGE(DATA + 1), KERNEL)
  ENTRY LEAF, 11, PTE(PAGE(DATA), USER)
  ENTRY LEAF, 511, PTE(PAGE(DATA + 1), KERNEL)

  CONTENT DATA
  CONTENT DATA + 1
