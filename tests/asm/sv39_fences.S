/*
 * Sv39 changes of mind: pages mapped after a fault, remapped under every form of sfence.vma, global
 * pages, address-space switches by ASID, and more pages than a TLB has entries.
 */
#include "sv39.h"

/* A second address space; its page tables. */
.equ ROOT_B, DATA + 2
.equ MIDDLE_B, DATA + 3
.equ LEAF_B, DATA + 4
.equ ASID_A, 1
.equ ASID_B, 2
.equ SATP_A, SATP(PAGE(ROOT), ASID_A)
.equ SATP_B, SATP(PAGE(ROOT_B), ASID_B)
#define SMALL VA(5, 77, 9)

/* The small page, in either space, is to be found at page `n`; no fence. */
.macro MAP n, table=LEAF, flags=KERNEL
  WRITE_PTE \table, 9, PTE(PAGE(\n), \flags)
  li s10, PAGE(\n)
.endm

/* Runs under `satp` from here on; no fence. */
.macro SPACE satp
  li t0, \satp
  csrw satp, t0
.endm

/* Remapped there and back, behind `fence`, the small page is where it says, for every kind. */
.macro REMAPPED flags, fence:vararg
  MAP DATA + 1, flags=\flags
  \fence
  ACCESS LOAD, 0
  ACCESS STORE, 0
  ACCESS FETCH, 0
  MAP DATA, flags=\flags
  \fence
  ACCESS FETCH, 0
  ACCESS STORE, 0
  ACCESS LOAD, 0
.endm

/* Not mapped, then mapped: the access retried passes without a fence. */
.macro MAPPED_AFTER_FAULT table, index, pte
  .irp kind, LOAD, STORE, FETCH
  WRITE_PTE \table, \index, 0
  sfence.vma
  li tp, \kind
  PAGE_FAULT
  WRITE_PTE \table, \index, \pte
  ACCESS \kind, 0
  .endr
.endm

  TRANSLATE asid=ASID_A
  li a3, SMALL
  li a4, ASID_A
  li a6, ASID_B
  li a7, VA(1, 2, 3)             // another page

  TEST 2  // mapped after a fault, at each level (VexRiscv#60, cva6#3486)
  TARGET SMALL, PAGE(DATA)
  MAPPED_AFTER_FAULT LEAF, 9, PTE(PAGE(DATA), KERNEL)
  MAPPED_AFTER_FAULT MIDDLE, 77, POINTER(PAGE(LEAF))
  TARGET VA(6, 0, 8 + DATA), PAGE(DATA)
  MAPPED_AFTER_FAULT ROOT, 6, PTE(RAM, KERNEL)
  TARGET SMALL, PAGE(DATA)
  ACCESS LOAD, 0

  TEST 3  // sfence.vma
  REMAPPED KERNEL, sfence.vma

  TEST 4  // sfence.vma va, any offset
  REMAPPED KERNEL, sfence.vma a3
  li t3, SMALL + 0x7bc
  REMAPPED KERNEL, sfence.vma t3

  TEST 5  // sfence.vma x0, asid
  REMAPPED KERNEL, sfence.vma x0, a4

  TEST 6  // sfence.vma va, asid
  REMAPPED KERNEL, sfence.vma a3, a4

  TEST 7  // each fence uses its own operands (cva6#3307)
  MAP DATA + 1
  sfence.vma a7, a4
  sfence.vma a3, a4
  sfence.vma a7, a6
  ACCESS LOAD, 0
  MAP DATA
  sfence.vma x0, a6
  sfence.vma x0, a4
  ACCESS LOAD, 0
  MAP DATA + 1
  sfence.vma a3
  sfence.vma a7
  ACCESS LOAD, 0
  MAP DATA
  sfence.vma

  TEST 8  // an address anywhere inside a superpage (XiangShan#5087)
  .irp form, "t3", "t3, a4"
  TARGET VA(5, 78, 8 + DATA), PAGE(DATA)
  ACCESS LOAD, 0
  WRITE_PTE MIDDLE, 78, PTE(RAM, V | X | A | D)
  li t3, VA(5, 78, 511) | 0xabc
  sfence.vma \form
  ACCESS LOAD, CAUSE_LOAD_PAGE
  WRITE_PTE MIDDLE, 78, PTE(RAM, KERNEL)
  sfence.vma \form
  ACCESS LOAD, 0
  TARGET VA(6, 0, 8 + DATA), PAGE(DATA)
  ACCESS LOAD, 0
  WRITE_PTE ROOT, 6, PTE(RAM, V | X | A | D)
  li t3, VA(6, 300, 5) | 0x123
  sfence.vma \form
  ACCESS LOAD, CAUSE_LOAD_PAGE
  WRITE_PTE ROOT, 6, PTE(RAM, KERNEL)
  sfence.vma \form
  ACCESS LOAD, 0
  .endr
  TARGET SMALL, PAGE(DATA)

  TEST 9  // operands in registers that hold 0: address 0 and ASID 0
  li a0, 0
  TARGET 0, PAGE(DATA)
  .irp asid, x0, a2
  SPACE SATP(PAGE(ROOT), 0)
  WRITE_PTE LEAF, 0, PTE(PAGE(DATA), KERNEL)
  sfence.vma
  li s10, PAGE(DATA)
  ACCESS LOAD, 0
  WRITE_PTE LEAF, 0, PTE(PAGE(DATA + 1), KERNEL)
  li s10, PAGE(DATA + 1)
  li a0, 0
  li a2, 0
  sfence.vma a0, \asid
  ACCESS LOAD, 0
  .endr
  SPACE SATP_A
  TARGET SMALL, PAGE(DATA)

  TEST 10  // two address spaces, switched without a fence (cva6#2943)
  sfence.vma
  MAP DATA + 1, LEAF_B
  .rept 2
  SPACE SATP_A
  li s10, PAGE(DATA)
  ACCESS LOAD, 0
  ACCESS FETCH, 0
  SPACE SATP_B
  li s10, PAGE(DATA + 1)
  ACCESS LOAD, 0
  ACCESS FETCH, 0
  .endr

  TEST 11  // a page of the other space is remapped; this one's stays right
  WRITE_PTE LEAF, 9, PTE(PAGE(DATA + 1), KERNEL)
  sfence.vma a3, a4
  ACCESS LOAD, 0
  MAP DATA, LEAF_B
  sfence.vma x0, a6
  ACCESS LOAD, 0
  SPACE SATP_A
  li s10, PAGE(DATA + 1)
  ACCESS LOAD, 0
  ACCESS FETCH, 0
  MAP DATA
  sfence.vma

  TEST 12  // the switch acts on the very next instruction
  WRITE_PTE LEAF_B, 9, PTE(PAGE(DATA + 1), KERNEL)
  sfence.vma
  li a0, SATP_A
  li a1, SATP_B
  RUN S
  csrw satp, a1
  ld a2, 0(a3)
  csrw satp, a0
  ld a5, 0(a3)
  csrw satp, a1
  ld t0, 0(a3)
  csrw satp, x0
1:
  ld t1, 0(a3)                   // Bare: a physical address, and nothing is there
  CAUGHT 1b
  EXPECT CAUSE_LOAD_ACCESS, a3
  CHECK a2, PAGE(DATA + 1)
  CHECK a5, PAGE(DATA)
  CHECK t0, PAGE(DATA + 1)

  TEST 13  // from Bare to Sv39
  RUN S
  csrw satp, a0
  ld a2, 0(a3)
  END
  CHECK a2, PAGE(DATA)

  TEST 14  // a global page is seen from both spaces; forms without ASID forget it (XiangShan#1859)
  MAP DATA, LEAF, KERNEL | G
  MAP DATA, LEAF_B, KERNEL | G
  sfence.vma
  ACCESS LOAD, 0
  SPACE SATP_B
  ACCESS LOAD, 0
  ACCESS FETCH, 0
  MAP DATA + 1, LEAF, KERNEL | G
  MAP DATA + 1, LEAF_B, KERNEL | G
  sfence.vma a3
  ACCESS LOAD, 0
  ACCESS FETCH, 0
  SPACE SATP_A
  ACCESS LOAD, 0
  MAP DATA, LEAF, KERNEL | G
  MAP DATA, LEAF_B, KERNEL | G
  sfence.vma
  ACCESS LOAD, 0
  ACCESS FETCH, 0

  TEST 15  // once it is global no more, the spaces are apart again
  MAP DATA + 1, LEAF_B
  MAP DATA, LEAF
  sfence.vma
  ACCESS LOAD, 0
  SPACE SATP_B
  li s10, PAGE(DATA + 1)
  ACCESS LOAD, 0
  SPACE SATP_A
  li s10, PAGE(DATA)
  ACCESS LOAD, 0

  TEST 16  // a pointer changed: the forms without an address
  .irp form, "", "x0, a4"
  WRITE_PTE MIDDLE, 77, POINTER(PAGE(LEAF_B))
  sfence.vma \form
  li s10, PAGE(DATA + 1)
  ACCESS LOAD, 0
  WRITE_PTE MIDDLE, 77, POINTER(PAGE(LEAF))
  sfence.vma \form
  li s10, PAGE(DATA)
  ACCESS LOAD, 0
  .endr

  TEST 17  // another root table under the same ASID
  SPACE SATP(PAGE(ROOT_B), ASID_A)
  sfence.vma x0, a4
  li s10, PAGE(DATA + 1)
  ACCESS LOAD, 0
  SPACE SATP_A
  sfence.vma
  li s10, PAGE(DATA)
  ACCESS LOAD, 0

  TEST 18  // S changes a PTE, fences and uses it in consecutive instructions
  li a0, PAGE(LEAF) + 9 * 8
  li a1, PTE(PAGE(DATA + 1), KERNEL)
  li a2, PTE(PAGE(DATA), KERNEL)
  RUN S
  ld t0, 0(a3)
  sd a1, 0(a0)
  sfence.vma a3
  ld t1, 0(a3)
  sd a2, 0(a0)
  sfence.vma a3, a4
  ld t2, 0(a3)
  sd a1, 0(a0)
  sfence.vma
  ld t3, 0(a3)
  END
  CHECK t0, PAGE(DATA)
  CHECK t1, PAGE(DATA + 1)
  CHECK t2, PAGE(DATA)
  CHECK t3, PAGE(DATA + 1)

  TEST 19  // unmapped in S: the next access faults
  RUN S
  ld t0, 0(a3)
  sd x0, 0(a0)
  sfence.vma a3
1:
  ld t1, 0(a3)
  CAUGHT 1b
  EXPECT CAUSE_LOAD_PAGE, a3
  MAP DATA

  TEST 20  // more pages than a TLB has entries, twice round, with superpages
  li a0, MSTATUS_MPRV | MSTATUS_MPP_S
  li a1, 40
  li a5, VA(5, 78, 8 + DATA)
  csrw mstatus, a0
1:
  andi t0, a1, 31                // even pages are DATA, odd ones DATA + 1
  slli t1, t0, 12
  li t2, VA(5, 77, 64)
  add t2, t2, t1
  andi t0, t0, 1
  slli t0, t0, 12
  li t1, PAGE(DATA)
  add t0, t0, t1
  ld t2, 0(t2)
  bne t2, t0, wrong
  ld t2, 0(a5)
  bne t2, t1, wrong
  addi a1, a1, -1
  bgtz a1, 1b
  csrw mstatus, x0

  TEST 21  // a walk for a squashed instruction is not the next one's (cva6#301)
  sfence.vma
  li a0, VA(5, 77, 65)           // DATA + 1
  li a1, VA(9, 9, 9)             // no page
  .irp squashed, "ld t0, 0(a0)", "ld t0, 0(a1)", "sd x0, 0(a0)", "jr a1"
  li t0, 7
  RUN S
  sfence.vma
  beqz x0, 1f
  \squashed
1:
  ld t1, 0(a3)
  ecall
  \squashed
  j fail
98:
  CHECK s2, CAUSE_ECALL_S
  CHECK t1, PAGE(DATA)
  CHECK t0, 7
  RUN S
  ld t1, 0(a0)
  END
  CHECK t1, PAGE(DATA + 1)
  .endr

  PASS

wrong:
  csrw mstatus, x0
  j fail

  ENTRY ROOT, 0, POINTER(PAGE(MIDDLE))
  PROGRAM_ENTRIES
  ENTRY ROOT, 5, POINTER(PAGE(MIDDLE))
  ENTRY ROOT, 6, PTE(RAM, KERNEL)

  ENTRY MIDDLE, 0, POINTER(PAGE(LEAF))
  ENTRY MIDDLE, 77, POINTER(PAGE(LEAF))
  ENTRY MIDDLE, 78, PTE(RAM, KERNEL)

  ENTRY LEAF, 9, PTE(PAGE(DATA), KERNEL)
  ENTRY LEAF, 64, PTE(PAGE(DATA), KERNEL)
  .rept 15
  .dword PTE(PAGE(DATA + 1), KERNEL), PTE(PAGE(DATA), KERNEL)
  .endr
  .dword PTE(PAGE(DATA + 1), KERNEL)

  CONTENT DATA
  CONTENT DATA + 1

  PROGRAM_ENTRIES ROOT_B
  ENTRY ROOT_B, 5, POINTER(PAGE(MIDDLE_B))
  ENTRY MIDDLE_B, 77, POINTER(PAGE(LEAF_B))
  ENTRY LEAF_B, 9, PTE(PAGE(DATA + 1), KERNEL)
