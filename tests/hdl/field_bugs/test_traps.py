"""Field bugs in which trap is taken, and what it records; on the whole hart."""

#: Macros: all atomics on page 9, each with the cause that is expected.
ATOMICS = """
/* On page 9 with this PTE; `lr` is 0 if the LR is good. */
.macro ATOMICS pte, lr, store, mode=S
  WRITE_PTE LEAF, 9, \\pte
  sfence.vma
  .if \\lr
  TRAPS \\mode, lr.d a2, (a0)
  EXPECT \\lr, a0
  TRAPS \\mode, lr.w a2, (a0)
  EXPECT \\lr, a0
  .else
  RUN \\mode
  lr.d a2, (a0)
  END
  .endif
  TRAPS \\mode, sc.d a2, a1, (a0)
  EXPECT \\store, a0
  TRAPS \\mode, amoadd.d a2, a1, (a0)
  EXPECT \\store, a0
  TRAPS \\mode, amoswap.w a2, a1, (a0)
  EXPECT \\store, a0
.endm
.macro PAGE_FAULTS pte, mode=S
  ATOMICS \\pte, CAUSE_LOAD_PAGE, CAUSE_STORE_PAGE, \\mode
.endm
"""


def test_17_lr_faults_as_a_load_sc_and_amo_as_stores(on_hart):
    """cva6#3394, cvw#980: an AMO or LR reported a load's cause for a store, or the other way round.

    Whatever the page lacks: 13 or 5 for LR, 15 or 7 for SC and AMO, also for an SC that would fail
    and an AMO that cannot even read. An LR of a page that is only to be read is good.
    """
    on_hart(f"""{ATOMICS}
  TRANSLATE
  li a0, VA(5, 77, 9)

  TEST 2  // V, R, U (for the user) or its absence (for the supervisor), A
  PAGE_FAULTS PTE(PAGE(DATA), KERNEL & ~V)
  PAGE_FAULTS PTE(PAGE(DATA), V | X | A | D)
  PAGE_FAULTS PTE(PAGE(DATA), V | W | A | D)
  PAGE_FAULTS PTE(PAGE(DATA), KERNEL), U
  PAGE_FAULTS PTE(PAGE(DATA), USER)
  PAGE_FAULTS PTE(PAGE(DATA), V | R | W)

  TEST 3  // W or D: LR is good
  ATOMICS PTE(PAGE(DATA), V | R | A | D), 0, CAUSE_STORE_PAGE
  ATOMICS PTE(PAGE(DATA), V | R | W | A), 0, CAUSE_STORE_PAGE

  TEST 4  // memory behind the page, or the page table
  ATOMICS PTE(BEYOND, KERNEL), CAUSE_LOAD_ACCESS, CAUSE_STORE_ACCESS
  WRITE_PTE MIDDLE, 77, POINTER(BEYOND)
  ATOMICS 0, CAUSE_LOAD_ACCESS, CAUSE_STORE_ACCESS

  TEST 5  // a canonical address
  li a0, VA(256, 0, 0)
  PAGE_FAULTS 0

  PASS

  PROGRAM_ENTRIES
  ENTRY ROOT, 5, POINTER(PAGE(MIDDLE))
  ENTRY MIDDLE, 77, POINTER(PAGE(LEAF))
  CONTENT DATA
""")


#: A macro: the load's fault, then the fetch's, with so many instructions between them.
DISTANCE = """
.equ LD, 0x0005b603              // ld a2, 0(a1)
.equ NOP, 0x13

.macro PUT insn
  li t1, \\insn
  sw t1, 0(t0)
  addi t0, t0, 4
.endm
/* A load with so many nops between it and the end of its page. */
.macro DISTANCE nops
  li t0, PAGE(DATA) + 4092 - 4 * \\nops
  PUT LD
  .rept \\nops
  PUT NOP
  .endr
  fence.i
  li a4, VA(5, 77, 10) - 4 - 4 * \\nops
  .irp second, 0, PTE(PAGE(DATA + 1), KERNEL)
  WRITE_PTE LEAF, 10, \\second
  WRITE_PTE LEAF, 11, 0
  sfence.vma
  TRAPS_AT S, a4
  EXPECT CAUSE_LOAD_PAGE, a1
  WRITE_PTE LEAF, 11, PTE(PAGE(DATA), KERNEL)
  sfence.vma
  TRAPS_AT S, a4
  mv s7, a3
  .if \\second
  EXPECT CAUSE_ECALL_S, x0
  .else
  EXPECT CAUSE_FETCH_PAGE, a3
  .endif
  CHECK a2, PAGE(DATA)
  .endr
.endm
"""


def test_22_a_data_fault_beside_a_fetch_miss(on_hart):
    """cvw#392: a data fault and a miss of the instruction TLB in neighbouring cycles lost one.

    A load faults some instructions before the end of a page whose successor has to be walked for:
    it is unmapped, then mapped. First the load's fault must come, then, once its page is there,
    the fetch's.
    """
    on_hart(f"""{DISTANCE}
  TRANSLATE
  li a1, VA(5, 77, 11)
  li a3, VA(5, 77, 10)

  TEST 2  // side by side
  DISTANCE 0
  DISTANCE 1
  DISTANCE 2
  DISTANCE 3

  TEST 3  // further apart
  DISTANCE 4
  DISTANCE 5
  DISTANCE 6
  DISTANCE 9

  PASS

  PROGRAM_ENTRIES
  ENTRY ROOT, 5, POINTER(PAGE(MIDDLE))
  ENTRY MIDDLE, 77, POINTER(PAGE(LEAF))
  ENTRY LEAF, 9, PTE(PAGE(DATA), KERNEL)
  CONTENT DATA
  AT_PAGE DATA + 1
  .word 0x73                     // ecall
""")


#: The last part of bug 26: a handler that faults itself.
HANDLER_FAULTS = """
  TEST 4  // the load's handler cannot be fetched
  li a4, 1 << CAUSE_LOAD_PAGE
  csrw medeleg, a4
  csrw stvec, a1
  RUN S
1:
  ld a2, 0(a0)
  CAUGHT 1b
  mv a4, s7
  mv s7, a1
  EXPECT CAUSE_FETCH_PAGE, a1
  csrr t0, stval
  CHECK_SAME t0, a0
  csrr t0, scause
  CHECK t0, CAUSE_LOAD_PAGE
  csrr t0, sepc
  CHECK_SAME t0, a4
"""


def test_26_two_faults_in_a_row(on_hart):
    """XiangShan#6540: the second of two faults had the `stval` of the first.

    One directly behind the other, in the same and in other ways; and a handler that faults itself.
    """
    on_hart(f"""
  TRANSLATE
  li a0, VA(5, 77, 9)
  li a1, VA(5, 78, 10) + 8
  li a3, VA(256, 0, 0)

  TEST 2  // loads, stores and fetches, each behind another
  .rept 2
  TRAPS S, ld a2, 0(a0)
  EXPECT CAUSE_LOAD_PAGE, a0
  TRAPS S, ld a2, 0(a1)
  EXPECT CAUSE_LOAD_PAGE, a1
  TRAPS S, sd a2, 0(a0)
  EXPECT CAUSE_STORE_PAGE, a0
  TRAPS_AT S, a1
  EXPECT CAUSE_FETCH_PAGE, a1
  TRAPS S, ld a2, 0(a3)
  EXPECT CAUSE_LOAD_PAGE, a3
  TRAPS_AT S, a0
  EXPECT CAUSE_FETCH_PAGE, a0
  TRAPS S, ecall
  EXPECT CAUSE_ECALL_S, x0
  .endr

  TEST 3  // the same, delegated to S
  li a4, 1 << CAUSE_LOAD_PAGE | 1 << CAUSE_STORE_PAGE | 1 << CAUSE_FETCH_PAGE
  csrw medeleg, a4
  TRAPS S, ld a2, 0(a0)
  EXPECT CAUSE_LOAD_PAGE, a0, PRIV_S
  TRAPS S, sd a2, 0(a1)
  EXPECT CAUSE_STORE_PAGE, a1, PRIV_S
  TRAPS_AT S, a0
  EXPECT CAUSE_FETCH_PAGE, a0, PRIV_S
  TRAPS S, ld a2, 0(a1)
  EXPECT CAUSE_LOAD_PAGE, a1, PRIV_S
{HANDLER_FAULTS}
  PASS

  PROGRAM_ENTRIES
  CONTENT DATA
""")


def test_27_sfence_vma_of_a_user(on_hart):
    """NaxRiscv#106: `sfence.vma` in U-mode was executed.

    It is illegal in all four forms, with its bits in `xtval`; not so in S-mode.
    """
    on_hart("""
.macro FORM operands:vararg
  RUN S
  sfence.vma \\operands
  END
  TRAPS U, sfence.vma \\operands
  sub t1, s7, s11
  lhu t0, 0(t1)
  lhu t1, 2(t1)
  slli t1, t1, 16
  or t0, t0, t1
  EXPECT CAUSE_ILLEGAL, t0
.endm

  TRANSLATE
  li a0, 0
  li a1, 0

  TEST 2  // each form
  FORM x0, x0
  FORM a0, x0
  FORM x0, a1
  FORM a0, a1

  PASS

  PROGRAM_ENTRIES
  CONTENT DATA
""")
