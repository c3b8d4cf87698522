"""Field bugs in how permissions are checked, on hits above all."""


def test_01_an_entry_serves_only_what_its_page_allows(on_hart):
    """cva6#3573: a fetch hit the entry that a load had filled, and ran a page that has no X.

    Likewise every other access that the page does not allow, after one that it does.
    """
    on_hart("""
  TRANSLATE

  TEST 2  // a page without X: loaded, stored, then fetched
  TARGET VA(5, 77, 9), PAGE(DATA)
  ACCESS LOAD, 0
  ACCESS STORE, 0
  ACCESS FETCH, CAUSE_FETCH_PAGE
  ACCESS LOAD, 0

  TEST 3  // X only: fetched, then loaded and stored
  TARGET VA(5, 77, 10), PAGE(DATA)
  ACCESS FETCH, 0
  ACCESS LOAD, CAUSE_LOAD_PAGE
  ACCESS STORE, CAUSE_STORE_PAGE

  TEST 4  // R only: loaded, then stored
  TARGET VA(5, 77, 11), PAGE(DATA)
  ACCESS LOAD, 0
  ACCESS STORE, CAUSE_STORE_PAGE
  ACCESS FETCH, CAUSE_FETCH_PAGE

  TEST 5  // the user's: used by U, then by S
  TARGET VA(5, 77, 12), PAGE(DATA)
  AS U
  ACCESS LOAD, 0
  ACCESS FETCH, 0
  AS S
  ACCESS LOAD, CAUSE_LOAD_PAGE
  ACCESS FETCH, CAUSE_FETCH_PAGE

  TEST 6  // the supervisor's: used by S, then by U
  TARGET VA(5, 77, 13), PAGE(DATA)
  ACCESS STORE, 0
  ACCESS FETCH, 0
  AS U
  ACCESS STORE, CAUSE_STORE_PAGE
  ACCESS FETCH, CAUSE_FETCH_PAGE

  PASS

  PROGRAM_ENTRIES
  ENTRY ROOT, 5, POINTER(PAGE(MIDDLE))
  ENTRY MIDDLE, 77, POINTER(PAGE(LEAF))
  ENTRY LEAF, 9, PTE(PAGE(DATA), V | R | W | A | D)
  ENTRY LEAF, 10, PTE(PAGE(DATA), V | X | A)
  ENTRY LEAF, 11, PTE(PAGE(DATA), V | R | A)
  ENTRY LEAF, 12, PTE(PAGE(DATA), USER)
  ENTRY LEAF, 13, PTE(PAGE(DATA), KERNEL)
  CONTENT DATA
""")


def test_02_a_hit_obeys_mstatus_as_it_is_now(on_hart):
    """cva6#3298: between two hits of one entry MXR changed, and the second obeyed the old value.

    Likewise SUM, MPP and MPRV: written between two loads, with no instruction in between.
    """
    on_hart("""
/* With mstatus a3 the address a0 can be loaded, with a4 not; each written before the load. */
.macro CHANGES allowed, refused, cause
  li a3, \\allowed
  li a4, \\refused
  .rept 2
  RUN M
  csrw mstatus, a3
  ld a2, 0(a0)
  csrw mstatus, a4
1:
  ld a2, 0(a0)
  CAUGHT 1b
  EXPECT \\cause, a0
  RUN M
  csrw mstatus, a3
  ld a2, 0(a0)
  csrw mstatus, x0
  END
  .endr
  CHECK a2, PAGE(DATA)
.endm
.equ AS_S, MSTATUS_MPRV | MSTATUS_MPP_S

  TRANSLATE

  TEST 2  // MXR
  li a0, VA(5, 77, 10)
  CHANGES AS_S | MSTATUS_MXR, AS_S, CAUSE_LOAD_PAGE

  TEST 3  // SUM
  li a0, VA(5, 77, 11)
  CHANGES AS_S | MSTATUS_SUM, AS_S, CAUSE_LOAD_PAGE

  TEST 4  // MPP
  CHANGES MSTATUS_MPRV, AS_S, CAUSE_LOAD_PAGE
  li a0, VA(5, 77, 9)
  CHANGES AS_S, MSTATUS_MPRV, CAUSE_LOAD_PAGE

  TEST 5  // MPRV
  CHANGES AS_S, MSTATUS_MPP_S, CAUSE_LOAD_ACCESS

  PASS

  PROGRAM_ENTRIES
  ENTRY ROOT, 5, POINTER(PAGE(MIDDLE))
  ENTRY MIDDLE, 77, POINTER(PAGE(LEAF))
  ENTRY LEAF, 9, PTE(PAGE(DATA), KERNEL)
  ENTRY LEAF, 10, PTE(PAGE(DATA), V | X | A)
  ENTRY LEAF, 11, PTE(PAGE(DATA), USER)
  CONTENT DATA
""")


def test_24_mprv_is_honoured_through_the_walk(on_hart):
    """black-parrot#1316: a load of M-mode with MPRV=1 walked, and was then checked as M-mode's.

    Every load misses, so that the walk decides; at each level, as U and as S.
    """
    on_hart("""
/* A load with mstatus `bits` of the page at `va` must pass, and next time be refused as `other`. */
.macro WALKS va, bits, other
  li a0, \\va
  li a3, \\bits
  li a4, \\other
  RUN M
  sfence.vma
  csrw mstatus, a3
  ld a2, 0(a0)
  csrw mstatus, x0
  END
  CHECK a2, PAGE(DATA)
  RUN M
  sfence.vma
  csrw mstatus, a4
1:
  ld a2, 0(a0)
  CAUGHT 1b
  EXPECT CAUSE_LOAD_PAGE, a0
.endm
.equ AS_U, MSTATUS_MPRV
.equ AS_S, MSTATUS_MPRV | MSTATUS_MPP_S

  TRANSLATE

  TEST 2  // a supervisor's page, and a user's, of 4 KiB
  WALKS VA(5, 77, 9), AS_S, AS_U
  WALKS VA(5, 77, 10), AS_U, AS_S

  TEST 3  // of 2 MiB
  WALKS VA(5, 78, 8 + DATA), AS_S, AS_U
  WALKS VA(5, 79, 8 + DATA), AS_U, AS_S

  TEST 4  // of 1 GiB
  WALKS VA(6, 0, 8 + DATA), AS_S, AS_U
  WALKS VA(7, 0, 8 + DATA), AS_U, AS_S

  PASS

  PROGRAM_ENTRIES
  ENTRY ROOT, 5, POINTER(PAGE(MIDDLE))
  ENTRY ROOT, 6, PTE(RAM, KERNEL)
  ENTRY ROOT, 7, PTE(RAM, USER)
  ENTRY MIDDLE, 77, POINTER(PAGE(LEAF))
  ENTRY MIDDLE, 78, PTE(RAM, KERNEL)
  ENTRY MIDDLE, 79, PTE(RAM, USER)
  ENTRY LEAF, 9, PTE(PAGE(DATA), KERNEL)
  ENTRY LEAF, 10, PTE(PAGE(DATA), USER)
  CONTENT DATA
""")
