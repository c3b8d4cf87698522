/* Event counters: what they count, writes, inhibition, and who may read them. */
#include "sv39.h"

.equ DTLB_HIT_4K, 1 << 3
.equ DTLB_MISS_4K, 1 << 11
.equ DTLB_MISS_FAULT, 1 << 14
.equ DATA_WALK, 1 << 23
/* Not those of the root, which the program's own superpage has, too. */
.equ PTE_READS, 0b11 << 27
.equ PTE_READ_0, 1 << 28
/* A bit for each event that there is. */
.equ EVENTS, (1 << 33) - 1

/* What counter n of the four counts, from 0 on. */
.macro COUNT n, events
  li t0, \events
  csrw mhpmevent\n, t0
  csrw mhpmcounter\n, zero
.endm
/* It has counted so much; counters of Spike stay at 0. */
.macro COUNTED n, value
  csrr a0, mhpmcounter\n
  SKIP_ON_SPIKE 1f
  CHECK a0, \value
1:
.endm

/* The mask, in a0, of those of the counters 3, 6 and 31 that `mode` may read. */
.macro READABLE mode
  li a0, 0
  PROBE \mode, hpmcounter3, 1 << 3
  PROBE \mode, hpmcounter6, 1 << 6
  PROBE \mode, hpmcounter31, 1 << 31
.endm
.macro PROBE mode, counter, bit
  RUN \mode
  csrr a1, \counter
  ecall
98:
  addi t6, s2, -CAUSE_ILLEGAL
  beqz t6, 1f
  CHECK s2, CAUSE_ECALL_U + PRIV_\mode
  li t6, \bit
  or a0, a0, t6
1:
.endm

  TEST 2  // a counter has 64 bits, and hpmcounter mirrors it
  li a1, 0xfedcba9876543210
  csrw mhpmcounter3, a1
  csrr a0, mhpmcounter3
  csrr a2, hpmcounter3
  CHECK_SAME a2, a0
  SKIP_ON_SPIKE 1f
  CHECK_SAME a0, a1
1:

  TEST 3  // mhpmevent has a bit for each event, and the others are 0
  li a1, -1
  csrw mhpmevent6, a1
  csrr a0, mhpmevent6
  SKIP_ON_SPIKE 1f
  CHECK a0, EVENTS
1:
  csrw mhpmevent6, zero
  csrr a0, mhpmevent6
  CHECK a0, 0

  TEST 4  // counters that are not there are 0
  li a1, -1
  .irp n, 7, 16, 31
  csrw mhpmcounter\n, a1
  csrr a0, mhpmcounter\n
  CHECK a0, 0
  csrw mhpmevent\n, a1
  csrr a0, mhpmevent\n
  CHECK a0, 0
  .endr

  TEST 5  // a write of hpmcounter is illegal
  TRAPS M, csrw hpmcounter3, x0
  CHECK s2, CAUSE_ILLEGAL

  TRANSLATE
  TARGET VA(5, 77, 9), PAGE(DATA)

  TEST 6  // a miss, its reads, and then hits
  COUNT 3, DTLB_MISS_4K
  COUNT 4, DTLB_HIT_4K
  COUNT 5, PTE_READS
  COUNT 6, PTE_READ_0 | DATA_WALK
  ACCESS LOAD, 0
  COUNTED 3, 1
  COUNTED 4, 0
  COUNTED 5, 2
  COUNTED 6, 2
  ACCESS LOAD, 0
  ACCESS STORE, 0
  COUNTED 3, 1
  COUNTED 4, 2
  COUNTED 5, 2

  TEST 7  // a fence makes it miss again, and the walk cache is empty, too
  sfence.vma
  ACCESS LOAD, 0
  COUNTED 3, 2
  COUNTED 5, 4

  TEST 8  // the neighbour's table is known
  TARGET VA(5, 77, 10), PAGE(DATA + 1)
  ACCESS LOAD, 0
  COUNTED 3, 3
  COUNTED 5, 5

  TEST 9  // a walk that ends in a fault is counted apart
  COUNT 4, DTLB_MISS_FAULT
  TARGET VA(5, 77, 12), 0
  ACCESS LOAD, CAUSE_LOAD_PAGE
  COUNTED 3, 3
  COUNTED 4, 1

  TEST 10  // what is inhibited stands still, the others go on
  li t0, 1 << 3
  csrw mcountinhibit, t0
  sfence.vma
  COUNT 4, DATA_WALK
  TARGET VA(5, 77, 9), PAGE(DATA)
  ACCESS LOAD, 0
  COUNTED 3, 3
  COUNTED 4, 1
  csrw mcountinhibit, zero
  sfence.vma
  ACCESS LOAD, 0
  COUNTED 3, 4

  TEST 11  // without an event nothing counts
  COUNT 3, 0
  sfence.vma
  ACCESS LOAD, 0
  COUNTED 3, 0

  csrw satp, zero
  li s11, 0

  TEST 12  // mcountinhibit has a bit for each counter, but bit 1
  li a0, -1
  csrw mcountinhibit, a0
  csrr a0, mcountinhibit
  SKIP_ON_SPIKE 1f
  CHECK a0, 0xfffffffd
1:
  csrw mcountinhibit, zero

  TEST 13  // mcounteren lets S-mode read each
  .irp mask, 0, 1 << 3, 1 << 31, 1 << 3 | 1 << 6 | 1 << 31
  li a2, \mask
  csrw mcounteren, a2
  READABLE S
  CHECK_SAME a0, a2
  .endr

  TEST 14  // scounteren lets U-mode read those that S-mode may
  .irp mask, 0, 1 << 3, 1 << 31, 1 << 3 | 1 << 6
  li a2, \mask
  csrw scounteren, a2
  READABLE U
  CHECK_SAME a0, a2
  .endr
  csrw mcounteren, zero
  READABLE U
  CHECK a0, 0

  TEST 15  // M-mode reads them in any case
  csrw scounteren, zero
  READABLE M
  CHECK a0, 1 << 3 | 1 << 6 | 1 << 31

  TEST 16  // those of M-mode are for M-mode only
  li a2, -1
  csrw mcounteren, a2
  csrw scounteren, a2
  .irp counter, mhpmcounter3, mhpmevent3, mhpmcounter31
  TRAPS S, csrr a0, \counter
  CHECK s2, CAUSE_ILLEGAL
  TRAPS U, csrr a0, \counter
  CHECK s2, CAUSE_ILLEGAL
  .endr

  PASS

  PROGRAM_ENTRIES
  ENTRY ROOT, 5, POINTER(PAGE(MIDDLE))
  ENTRY MIDDLE, 77, POINTER(PAGE(LEAF))
  ENTRY LEAF, 9, PTE(PAGE(DATA), KERNEL)
  ENTRY LEAF, 10, PTE(PAGE(DATA + 1), KERNEL)
  CONTENT DATA
  CONTENT DATA + 1
