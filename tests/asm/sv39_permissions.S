/*
 * Sv39 permissions: R, W, X and U against mode, SUM and MXR, checked on every access with the CSRs
 * as they are now; LR, SC and AMOs; MPRV; what goes before translation.
 */
#include "sv39.h"

/* Who accesses, and how; a bit of the table below each. */
.macro EACH_WAY way
  \way S, 0, LOAD, 0
  \way S, 0, STORE, 1
  \way S, 0, FETCH, 2
  \way S, MSTATUS_MXR, LOAD, 3
  \way S, MSTATUS_SUM, LOAD, 4
  \way S, MSTATUS_SUM, STORE, 5
  \way S, MSTATUS_SUM, FETCH, 6
  \way S, MSTATUS_SUM | MSTATUS_MXR, LOAD, 7
  \way U, 0, LOAD, 8
  \way U, 0, STORE, 9
  \way U, 0, FETCH, 10
  \way U, MSTATUS_MXR, LOAD, 11
.endm

/* The access of this way must pass if its bit of a7 is set, else end in a page fault. */
.macro CHECK_WAY mode, bits, kind, bit
  AS \mode, \bits
  li tp, \kind
  srli t0, a7, \bit
  andi t0, t0, 1
  jal sp, must_pass_or_not
.endm

/* `insn` in `mode`, on the address in a0, must trap with `cause`. */
.macro FAULTS mode, cause, insn:vararg
  TRAPS \mode, \insn
  EXPECT \cause, a0
.endm

/* `insn` in `mode` passes. */
.macro PASSES mode, insn:vararg
  RUN \mode
  \insn
  END
.endm

/* LR, SC and AMO in S-mode on the address in a0: these causes, 0 if it passes. */
.macro ATOMICS lr, sc, amo
  ATOMIC \lr, lr.d a2, (a0)
  ATOMIC \sc, sc.d a2, a1, (a0)
  ATOMIC \amo, amoadd.d a2, a1, (a0)
.endm
.macro ATOMIC cause, insn:vararg
  .if \cause == 0
  PASSES S, \insn
  .else
  FAULTS S, \cause, \insn
  .endif
.endm

  TRANSLATE
  li a3, PAGE(LEAF) + 9 * 8      // the PTE of the page accessed
  TARGET VA(5, 77, 9), PAGE(DATA)

  TEST 2  // every permission, in every way (cva6#3298: hits obey live CSRs)
  la a6, permissions
1:
  lhu a4, 0(a6)
  lhu a7, 2(a6)
  li t0, PTE(PAGE(DATA), V | A | D)
  or a4, a4, t0
  sd a4, 0(a3)
  sfence.vma
  EACH_WAY CHECK_WAY
  addi a6, a6, 4
  lhu a4, 0(a6)
  bnez a4, 1b

  TEST 3  // a load fills the TLB: a fetch must fault all the same (cva6#3573)
  WRITE_PTE LEAF, 9, PTE(PAGE(DATA), V | R | W | A | D)
  sfence.vma
  AS S
  ACCESS LOAD, 0
  ACCESS FETCH, CAUSE_FETCH_PAGE
  WRITE_PTE LEAF, 9, PTE(PAGE(DATA), V | X | A | D)
  sfence.vma
  ACCESS FETCH, 0
  ACCESS LOAD, CAUSE_LOAD_PAGE
  ACCESS STORE, CAUSE_STORE_PAGE

  TEST 4  // SUM set and cleared acts on the next instruction
  csrw mstatus, x0
  li a0, VA(5, 77, 10)
  li a1, MSTATUS_SUM
  FAULTS S, CAUSE_LOAD_PAGE, ld a2, 0(a0)
  RUN S
  csrs sstatus, a1
  ld a2, 0(a0)
  csrc sstatus, a1
1:
  ld a2, 0(a0)
  CAUGHT 1b
  EXPECT CAUSE_LOAD_PAGE, a0
  CHECK a2, PAGE(DATA)

  TEST 5  // MXR likewise
  WRITE_PTE LEAF, 9, PTE(PAGE(DATA), V | X | A | D)
  sfence.vma
  li a0, VA(5, 77, 9)
  li a1, MSTATUS_MXR
  li a2, 0
  FAULTS S, CAUSE_LOAD_PAGE, ld a2, 0(a0)
  RUN S
  csrs sstatus, a1
  ld a2, 0(a0)
  csrc sstatus, a1
1:
  ld a2, 0(a0)
  CAUGHT 1b
  EXPECT CAUSE_LOAD_PAGE, a0
  CHECK a2, PAGE(DATA)

  TEST 6  // MPRV set, MPP changed, MPRV cleared: each acts on the next one
  li a0, VA(5, 77, 10)           // a user page
  li a1, MSTATUS_MPRV
  li a4, MSTATUS_MPP_S
  li a7, PAGE(DATA)
  csrw mstatus, x0
  csrs mstatus, a1               // as U
  ld a2, 0(a0)
  csrc mstatus, a1               // as M
  ld a5, 0(a7)
  CHECK a2, PAGE(DATA)
  CHECK a5, PAGE(DATA)
  csrs mstatus, a4
  RUN M
  csrs mstatus, a1               // as S
1:
  ld a2, 0(a0)
  CAUGHT 1b
  EXPECT CAUSE_LOAD_PAGE, a0
  csrw mstatus, x0
  csrs mstatus, a1
  RUN M
  ld a2, 0(a0)
  csrs mstatus, a4               // from U to S
1:
  ld a2, 0(a0)
  CAUGHT 1b
  EXPECT CAUSE_LOAD_PAGE, a0
  csrw mstatus, x0

  TEST 7  // MPRV obeys SUM and MXR (black-parrot#1316); fetches ignore it (cva6#3475)
  li a4, MSTATUS_MPRV | MSTATUS_MPP_S | MSTATUS_SUM
  csrw mstatus, a4
  ld a2, 0(a0)
  CHECK a2, PAGE(DATA)
  sd a2, 0(a0)
  li a0, VA(5, 77, 9)            // executable only
  li a2, 0
  FAULTS M, CAUSE_LOAD_PAGE, ld a2, 0(a0)
  li a4, MSTATUS_MPRV | MSTATUS_MPP_S | MSTATUS_MXR
  csrw mstatus, a4
  ld a2, 0(a0)
  CHECK a2, PAGE(DATA)
  FAULTS M, CAUSE_STORE_PAGE, sd a2, 0(a0)
  csrw mstatus, x0

  TEST 8  // MPRV with MPP = M translates nothing
  li a4, MSTATUS_MPRV | MSTATUS_MPP
  csrw mstatus, a4
  ld a2, 0(a7)
  CHECK a2, PAGE(DATA)
  csrw mstatus, x0

  TEST 9  // LR faults as a load, SC and AMO as stores (cva6#3394): no page
  li a0, VA(5, 77, 12)
  ATOMICS CAUSE_LOAD_PAGE, CAUSE_STORE_PAGE, CAUSE_STORE_PAGE

  TEST 10  // read-only; SC faults although it would fail
  WRITE_PTE LEAF, 9, PTE(PAGE(DATA), V | R | A | D)
  sfence.vma
  li a0, VA(5, 77, 9)
  ATOMICS 0, CAUSE_STORE_PAGE, CAUSE_STORE_PAGE

  TEST 11  // executable only
  WRITE_PTE LEAF, 9, PTE(PAGE(DATA), V | X | A | D)
  sfence.vma
  ATOMICS CAUSE_LOAD_PAGE, CAUSE_STORE_PAGE, CAUSE_STORE_PAGE

  TEST 12  // not dirty, under Svade
  WRITE_PTE LEAF, 9, PTE(PAGE(DATA), V | R | W | A)
  sfence.vma
  ATOMICS 0, CAUSE_STORE_PAGE, CAUSE_STORE_PAGE

  TEST 13  // not accessed, under Svade
  WRITE_PTE LEAF, 9, PTE(PAGE(DATA), V | R | W)
  sfence.vma
  ATOMICS CAUSE_LOAD_PAGE, CAUSE_STORE_PAGE, CAUSE_STORE_PAGE

  TEST 14  // a leaf table outside RAM
  WRITE_PTE MIDDLE, 7, POINTER(BEYOND)
  sfence.vma
  li a0, VA(5, 7, 0)
  ATOMICS CAUSE_LOAD_ACCESS, CAUSE_STORE_ACCESS, CAUSE_STORE_ACCESS

  TEST 15  // a page outside RAM
  WRITE_PTE MIDDLE, 7, PTE(BEYOND, KERNEL)
  sfence.vma
  FAULTS S, CAUSE_LOAD_ACCESS, lr.d a2, (a0)
  FAULTS S, CAUSE_STORE_ACCESS, amoadd.w a2, a1, (a0)

  TEST 16  // allowed: LR, SC and AMO through one page
  WRITE_PTE LEAF, 9, PTE(PAGE(DATA), V | R | W | A | D)
  sfence.vma
  li a0, VA(5, 77, 9) + 8
  li a1, 5
  sd x0, 8(a7)
  RUN S
  lr.d a2, (a0)
  sc.d a4, a1, (a0)
  amoadd.d a5, a1, (a0)
  END
  CHECK a2, 0
  CHECK a4, 0
  CHECK a5, 5
  ld a2, 8(a7)
  CHECK a2, 10

  TEST 17  // misaligned goes before translation, also across pages (cvw#1263)
  li a0, VA(5, 77, 12) + 1       // no page
  FAULTS S, CAUSE_LOAD_MISALIGNED, ld a2, 0(a0)
  FAULTS S, CAUSE_STORE_MISALIGNED, sh a2, 0(a0)
  li a0, VA(5, 77, 11) - 2       // a page and no page
  FAULTS S, CAUSE_LOAD_MISALIGNED, lw a2, 0(a0)
  FAULTS S, CAUSE_STORE_MISALIGNED, sd a2, 0(a0)
  li a0, VA(256, 0, 0) - 4       // into the hole
  FAULTS S, CAUSE_LOAD_MISALIGNED, ld a2, 0(a0)
  FAULTS S, CAUSE_STORE_MISALIGNED, amoadd.d a2, a1, (a0)

  TEST 18  // faults of fetch go before those of what is fetched
  li a0, VA(5, 77, 9)            // not executable, and all zeros: illegal
  sd x0, 0(a7)
  TRAPS_AT S, a0
  EXPECT CAUSE_FETCH_PAGE, a0
  li a2, PAGE(DATA)
  sd a2, 0(a7)

  TEST 19  // faulting loads write no register, faulting stores no memory
  WRITE_PTE LEAF, 9, PTE(PAGE(DATA), V | R | A | D)
  sfence.vma
  li a1, 77
  FAULTS S, CAUSE_STORE_PAGE, sd a1, 0(a0)
  ld a2, 0(a7)
  CHECK a2, PAGE(DATA)
  FAULTS U, CAUSE_LOAD_PAGE, ld a1, 0(a0)
  CHECK a1, 77
  FAULTS S, CAUSE_STORE_PAGE, amoswap.d a1, x0, (a0)
  CHECK a1, 77

  TEST 20  // page faults delegated to S, from U; not from M with MPRV
  li a4, 1 << CAUSE_LOAD_PAGE | 1 << CAUSE_STORE_PAGE | 1 << CAUSE_FETCH_PAGE
  csrw medeleg, a4
  TRAPS U, ld a1, 0(a0)
  EXPECT CAUSE_LOAD_PAGE, a0, PRIV_S
  TRAPS U, sd a1, 0(a0)
  EXPECT CAUSE_STORE_PAGE, a0, PRIV_S
  TRAPS_AT U, a0
  EXPECT CAUSE_FETCH_PAGE, a0, PRIV_S
  li a4, MSTATUS_MPRV
  csrw mstatus, a4
  FAULTS M, CAUSE_LOAD_PAGE, ld a1, 0(a0)

  PASS

/* Accesses with the kind in tp: must pass if t0 is not 0, else end in a page fault. */
must_pass_or_not:
  beqz t0, must_page_fault
  mv a0, tp
  call access
  bnez a0, fail
  jr sp

/* Permissions of the page, and which ways (EACH_WAY, first in the lowest bit) may pass. */
.balign 4
permissions:
  //                    U   S+SUM S      bits of a group: load with MXR, fetch, store, load
  .half R,             0b000010011001
  .half R | W,         0b000010111011
  .half X,             0b000011001100
  .half R | X,         0b000011011101
  .half R | W | X,     0b000011111111
  .half R | U,         0b100110010000
  .half R | W | U,     0b101110110000
  .half X | U,         0b110010000000
  .half R | X | U,     0b110110010000
  .half R | W | X | U, 0b111110110000
  .half 0

  PROGRAM_ENTRIES
  ENTRY ROOT, 5, POINTER(PAGE(MIDDLE))
  ENTRY ROOT, 255, POINTER(PAGE(MIDDLE))

  ENTRY MIDDLE, 77, POINTER(PAGE(LEAF))
  ENTRY MIDDLE, 511, POINTER(PAGE(LEAF))

  ENTRY LEAF, 10, PTE(PAGE(DATA), V | R | W | U | A | D)
  ENTRY LEAF, 511, PTE(PAGE(DATA), KERNEL)

  CONTENT DATA
