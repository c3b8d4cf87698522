"""Field bugs at the end of a page, in accesses and fetches that go beyond; on the whole hart."""

#: A macro: every access that crosses into the page at `va` traps as a misaligned one.
CROSSES = """
.macro CROSSES va
  li a0, \\va - 2
  li a1, 77
  TRAPS S, lw a1, 0(a0)
  EXPECT CAUSE_LOAD_MISALIGNED, a0
  TRAPS S, ld a1, -4(a0)
  addi a3, a0, -4
  EXPECT CAUSE_LOAD_MISALIGNED, a3
  TRAPS U, lhu a1, 1(a0)
  addi a3, a0, 1
  EXPECT CAUSE_LOAD_MISALIGNED, a3
  TRAPS S, lr.w a1, (a0)
  EXPECT CAUSE_LOAD_MISALIGNED, a0
  TRAPS S, sw a1, 0(a0)
  EXPECT CAUSE_STORE_MISALIGNED, a0
  TRAPS U, sd a1, 0(a0)
  EXPECT CAUSE_STORE_MISALIGNED, a0
  TRAPS S, sc.w a1, a1, (a0)
  EXPECT CAUSE_STORE_MISALIGNED, a0
  TRAPS S, amoadd.w a1, a1, (a0)
  EXPECT CAUSE_STORE_MISALIGNED, a0
  CHECK a1, 77
.endm
"""


def test_15_a_data_access_across_a_page(on_hart):
    """cvw#1263, #1404, XiangShan#6209, #6498: an access into a bad second page lost its fault.

    Misaligned accesses trap here before they are translated, so every one that would cross a page
    is a misaligned one, with the address where it starts, whatever either page is.
    """
    on_hart(f"""{CROSSES}
  TRANSLATE

  TEST 2  // the second page is not mapped, then the first is not either
  CROSSES VA(5, 77, 10)
  CROSSES VA(5, 77, 12)

  TEST 3  // the second page is the user's, or the first
  CROSSES VA(5, 77, 14)
  CROSSES VA(5, 77, 15)

  TEST 4  // into the non-canonical hole, and out of it
  CROSSES VA(256, 0, 0)
  CROSSES (-VA(256, 0, 0))

  TEST 5  // nothing was stored: not at the end of the first page, not in the second
  li t0, PAGE(DATA)
  ld t1, 0(t0)
  CHECK_SAME t1, t0
  li t2, 4088
  add t2, t0, t2
  ld t1, 0(t2)
  CHECK t1, 0

  PASS

  PROGRAM_ENTRIES
  ENTRY ROOT, 5, POINTER(PAGE(MIDDLE))
  ENTRY ROOT, 255, POINTER(PAGE(MIDDLE))
  ENTRY ROOT, 256, POINTER(PAGE(MIDDLE))
  ENTRY MIDDLE, 0, POINTER(PAGE(LEAF))
  ENTRY MIDDLE, 77, POINTER(PAGE(LEAF))
  ENTRY MIDDLE, 511, POINTER(PAGE(LEAF))
  ENTRY LEAF, 0, PTE(PAGE(DATA), KERNEL)
  ENTRY LEAF, 9, PTE(PAGE(DATA), KERNEL)
  ENTRY LEAF, 13, PTE(PAGE(DATA), KERNEL)
  ENTRY LEAF, 14, PTE(PAGE(DATA), USER)
  ENTRY LEAF, 15, PTE(PAGE(DATA), KERNEL)
  ENTRY LEAF, 511, PTE(PAGE(DATA), KERNEL)
  CONTENT DATA
  AT_PAGE DATA + 1
""")


#: A macro: runs into `end` with a 16-bit instruction before it, then with half of a 32-bit one.
RUNS_OFF = """
.equ C_LI_5, 0x4615              // c.li a2, 5
.equ ADDI, 0x0613                // the lower half of addi a2, a2, ...

.macro LAST_HALFWORD insn
  li t0, PAGE(DATA) + 4094
  li t1, \\insn
  sh t1, 0(t0)
  fence.i
.endm
/* Starts at the last halfword before `end`. */
.macro RUNS_OFF end
  li a3, \\end
  addi a4, a3, -2
  LAST_HALFWORD C_LI_5
  li a2, 0
  TRAPS_AT S, a4
  mv s7, a3
  EXPECT CAUSE_FETCH_PAGE, a3
  CHECK a2, 5
  LAST_HALFWORD ADDI
  TRAPS_AT S, a4
  EXPECT CAUSE_FETCH_PAGE, a3
  CHECK a2, 5
.endm
"""


def test_16_a_fetch_that_runs_off_its_page(on_hart):
    """cva6#470, XiangShan#6264: code ran on past the end of its page, or of the canonical range.

    A 16-bit instruction ends the page, so that the next one faults; then the first half of a 32-bit
    one, which faults itself, with the address of its second half.
    """
    on_hart(f"""{RUNS_OFF}
  TRANSLATE

  TEST 2  // the next page is not mapped, not executable, the user's
  RUNS_OFF VA(5, 77, 10)
  WRITE_PTE LEAF, 10, PTE(PAGE(DATA), V | R | W | A | D)
  sfence.vma
  RUNS_OFF VA(5, 77, 10)
  WRITE_PTE LEAF, 10, PTE(PAGE(DATA), USER)
  sfence.vma
  RUNS_OFF VA(5, 77, 10)

  TEST 3  // off the end of the lower half
  RUNS_OFF VA(256, 0, 0)

  TEST 4  // off the end of the address space, to address 0
  RUNS_OFF 0

  PASS

  PROGRAM_ENTRIES
  ENTRY ROOT, 5, POINTER(PAGE(MIDDLE))
  ENTRY ROOT, 255, POINTER(PAGE(MIDDLE))
  ENTRY ROOT, 256, POINTER(PAGE(MIDDLE))
  ENTRY ROOT, 511, POINTER(PAGE(MIDDLE))
  ENTRY MIDDLE, 0, POINTER(PAGE(LEAF))
  ENTRY MIDDLE, 77, POINTER(PAGE(LEAF))
  ENTRY MIDDLE, 511, POINTER(PAGE(LEAF))
  ENTRY LEAF, 0, PTE(PAGE(DATA), KERNEL)
  ENTRY LEAF, 9, PTE(PAGE(DATA), KERNEL)
  ENTRY LEAF, 511, PTE(PAGE(DATA), KERNEL)
  CONTENT DATA
""")
