"""Field bugs in the A and D bits."""

from tests.hdl.mmu.support import A, D, R, U, V, W, X, run, translate, update
from tests.verify.golden.sv39 import Request

VA = 0x12_0234_5ABC
PA = 0x8123_4ABC


def test_18_no_update_before_a_page_fault_and_no_fill_without_one():
    """cvw#1833, #1892, #1541: A and D were set for accesses that fault, or filled though refused.

    A page fault comes before the update, an access fault of the final address behind it; a write of
    the PTE that memory refuses is an access fault, and leaves no entry.
    """
    faulting = (
        (V | R | W | U, "STORE", "S"),
        (V | R | W, "STORE", "U"),
        (V | R, "STORE", "S"),
        (V | R, "AMO", "S"),
        (V | R | W, "FETCH", "S"),
        (V | X, "LOAD", "S"),
        (R | W, "LOAD", "S"),
        (V | W, "STORE", "S"),
        (V | R | W | 1 << 61, "STORE", "S"),
    )

    async def testbench(ctx, dut, memory, tables):
        for flags, access, priv in faulting:
            slot = tables.map(VA, PA, flags)
            before = memory.words[slot]
            request = Request(VA, access, priv, adue=1)
            assert (await translate(ctx, dut, request)).kind == "page"
            assert (await update(ctx, dut, request))[0].name == "PAGE"
            assert memory.words[slot] == before

        # An atomic on a device: A and D are set, then the access fault comes.
        slot = tables.map(VA, 0x1000_0000, V | R | W)
        request = Request(VA, "AMO", adue=1)
        assert (await translate(ctx, dut, request)).kind == "update"
        assert (await update(ctx, dut, request))[0].name == "NONE"
        assert memory.words[slot] & (A | D) == A | D
        assert (await translate(ctx, dut, request)).kind == "access"

        del memory.words[slot]
        slot = tables.map(VA + 4096, PA, V | R | W)
        before = memory.words[slot]
        memory.refused_writes = {slot}
        valid = ctx.get(dut.data_side.tlb.valid)
        request = Request(VA + 4096, "STORE", adue=1)
        for _ in range(2):
            assert (await translate(ctx, dut, request)).kind == "update"
            assert (await update(ctx, dut, request))[0].name == "ACCESS"
            assert memory.words[slot] == before
            assert ctx.get(dut.data_side.tlb.valid) == valid
            await ctx.tick()

    run(testbench)


def test_28_a_kernel_that_never_sets_a_or_d(on_hart):
    """xv6: on Svade cores its kernel faults for ever from the instruction that turns paging on.

    Its page tables have neither A nor D set. The fetch behind the write of `satp` faults, and again
    each time that the handler returns to it; with `menvcfg.ADUE` (Svadu) all goes well.
    """
    on_hart("""
.equ NEITHER, V | R | W | X

  li a0, SATP(PAGE(ROOT), 0)
  la a1, next
  li t0, PAGE(MIDDLE)

  TEST 2  // Svade: it faults, and faults again
  RUN S
  csrw satp, a0
next:
  sd a0, 8(t0)
  CAUGHT next
  EXPECT CAUSE_FETCH_PAGE, a1
  .rept 3
  TRAPS_AT S, a1
  EXPECT CAUSE_FETCH_PAGE, a1
  .endr
  li t0, PAGE(ROOT) + 2 * 8
  ld t1, 0(t0)
  CHECK t1, PTE(RAM, NEITHER)

  TEST 3  // Svadu: it goes on, and the hart has set A, for the store D too
  csrw satp, x0
  li t0, MENVCFG_ADUE
  csrw menvcfg, t0
  li t0, PAGE(MIDDLE)
  li a2, PAGE(ROOT) + 2 * 8
  RUN S
  csrw satp, a0
  ld a3, 0(a2)
  sd a0, 8(t0)
  ld a4, 0(a2)
  END
  CHECK a3, PTE(RAM, NEITHER | A)
  CHECK a4, PTE(RAM, NEITHER | A | D)
  li t0, PAGE(MIDDLE)
  ld t1, 8(t0)
  CHECK_SAME t1, a0

  PASS

  ENTRY ROOT, 2, PTE(RAM, NEITHER)
  CONTENT DATA
""")
