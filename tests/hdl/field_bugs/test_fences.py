"""Field bugs in fences, and in what is remembered from before them or from a fault."""

import pytest

from tests.hdl.mmu.support import (
    DATA,
    A,
    D,
    G,
    R,
    Tables,
    U,
    V,
    X,
    drive,
    drop,
    fence,
    read_response,
    response_signals,
    run,
    set_context,
    translate,
)
from tests.verify.golden.sv39 import Request

VA = 0x12_0234_5ABC
OLD = 0x8123_4ABC
NEW = 0x8567_8ABC
ALL = DATA | X


def leaf(pa, flags=ALL):
    """A leaf PTE for the page of `pa`."""
    return pa >> 12 << 10 | flags


@pytest.mark.parametrize("latency", [1, 3])
def test_11_a_fence_in_every_cycle_around_a_refill(latency):
    """rocket-chip#2534, #1527: a refill under way at an `sfence.vma` brought the old PTE back.

    The PTE changes in the cycle of the fence, from before the walk until after its refill; once
    that cycle is over no response may come from the old one.
    """

    async def testbench(ctx, dut, memory, tables):
        slot = tables.map(VA, OLD, ALL)
        for port, access in ((dut.data, "LOAD"), (dut.fetch, "FETCH")):
            set_context(ctx, dut, Request(VA))
            for when in range(3 * latency + 4):
                drive(ctx, port, Request(VA, access))
                await ctx.tick().repeat(when) if when else None
                memory.words[slot] = leaf(NEW)
                await fence(ctx, dut)
                for cycle in range(6 * latency + 4):
                    response = read_response((await ctx.tick().sample(*response_signals(port)))[2:])
                    assert response is None or response.pa == NEW, (access, when, cycle)
                assert response, "the walk never ended"
                drop(ctx, port)
                memory.words[slot] = leaf(OLD)
                await fence(ctx, dut)

    run(testbench, latency=lambda: latency)


def test_12_a_selective_fence_uses_its_own_operands(on_hart):
    """cva6#3307: `sfence.vma` with operands used those of a translation or fence just before it.

    Page 9 is remapped; right after uses of page 10, and after fences for it and for another address
    space, its own fence makes the new page seen.
    """
    on_hart("""
/* Remaps page 9 from S-mode; `fence` after accesses and fences elsewhere must show the new page. */
.macro SEEN n, fence:vararg
  li a1, PTE(PAGE(\\n), KERNEL)
  RUN S
  ld a2, 0(a0)
  sd a1, 0(a7)
  ld a2, 0(a3)
  sfence.vma a3, a5
  sfence.vma a3
  sfence.vma x0, a5
  ld a2, 0(a3)
  \\fence
  ld a2, 0(a0)
  END
  CHECK a2, PAGE(\\n)
  RUN S
  sfence.vma a3
  sfence.vma a0
  ld a2, 0(a3)
  END
  CHECK a2, PAGE(DATA)
.endm

  TRANSLATE asid=1
  li a0, VA(5, 77, 9)
  li a3, VA(5, 77, 10)
  li a4, 1
  li a5, 2
  li a7, PAGE(LEAF) + 9 * 8

  TEST 2  // with an address
  SEEN DATA + 1, sfence.vma a0
  SEEN DATA, sfence.vma a0

  TEST 3  // with an address space
  SEEN DATA + 1, sfence.vma x0, a4
  SEEN DATA, sfence.vma x0, a4

  TEST 4  // with both
  SEEN DATA + 1, sfence.vma a0, a4
  SEEN DATA, sfence.vma a0, a4

  PASS

  PROGRAM_ENTRIES
  ENTRY ROOT, 5, POINTER(PAGE(MIDDLE))
  ENTRY MIDDLE, 77, POINTER(PAGE(LEAF))
  ENTRY LEAF, 9, PTE(PAGE(DATA), KERNEL)
  ENTRY LEAF, 10, PTE(PAGE(DATA), KERNEL)
  CONTENT DATA
  CONTENT DATA + 1
""")


def test_13_never_two_matches():
    """cva6#2943: a page number under several ASIDs, one of them global, matched two entries.

    Then their page numbers are mixed up: those here have no bit in common, or all.
    """
    frames = {1: 0x8155_5000, 2: 0x812A_A000, 3: 0x817F_F000}

    async def testbench(ctx, dut, memory, tables):
        spaces = {
            asid: Tables(memory, root=0x81000 + asid, first=0x82000 + 16 * asid) for asid in frames
        }

        async def look(asid):
            request = Request(VA, asid=asid, root=spaces[asid].root)
            result = await translate(ctx, dut, request)
            assert result.kind == "ok"
            return result.pa >> 12 << 12

        for order in ((1, 2, 3), (3, 2, 1), (2, 3, 1)):
            for g in (0, G):
                for asid, frame in frames.items():
                    spaces[asid].map(VA, frame, DATA)
                for asid in order:
                    assert await look(asid) == frames[asid]
                # The last one's page becomes global, and its old entry is forgotten.
                spaces[order[-1]].map(VA, frames[order[-1]], DATA | g)
                await fence(ctx, dut, va=VA, asid=order[-1])
                for asid in order[::-1]:
                    assert await look(asid) == frames[order[-1] if g else asid]
                valid = ctx.get(dut.data_side.tlb.valid)
                assert valid.bit_count() == (1 if g else 3)
                await fence(ctx, dut)

    run(testbench)


def test_14_a_fence_for_any_address_of_a_superpage():
    """XiangShan#5087, #1859: `sfence.vma` with an address inside a superpage left its entry there.

    Its address is that of the access with each bit of the offset flipped. A global entry may
    survive the forms with an ASID only.
    """

    async def testbench(ctx, dut, memory, tables):
        for level in (0, 1, 2):
            size = 12 + 9 * level
            flags = {"old": V | R | A, "new": V | X | A}
            slot = tables.slot(VA, level)
            for g, asid in ((0, None), (0, 7), (G, None)):
                for va in (None, *(VA ^ 1 << bit for bit in range(size))):
                    memory.words[slot] = 0x80000 << 10 | flags["old"] | g
                    assert (await translate(ctx, dut, Request(VA, asid=7))).kind == "ok"
                    memory.words[slot] = 0x80000 << 10 | flags["new"] | g
                    await fence(ctx, dut, va=va, asid=asid)
                    result = await translate(ctx, dut, Request(VA, asid=7))
                    assert result.kind == "page", (level, va, asid)
                    await fence(ctx, dut)

    run(testbench, max_cycles=20_000)


def test_20_mapped_after_a_fault_without_a_fence(on_hart):
    """VexRiscv#60, riscv-linux#34, bao-hypervisor#378: the hart remembered that no page was there.

    The handler maps the page, and the access is repeated without an `sfence.vma`: at each level,
    for each kind of access.
    """
    on_hart("""
.macro MAPPED_LATE kind, cause, table, index, pte
  WRITE_PTE \\table, \\index, 0
  sfence.vma
  ACCESS \\kind, \\cause
  WRITE_PTE \\table, \\index, \\pte
  ACCESS \\kind, 0
.endm
.macro EACH_KIND table, index, pte
  MAPPED_LATE LOAD, CAUSE_LOAD_PAGE, \\table, \\index, \\pte
  MAPPED_LATE STORE, CAUSE_STORE_PAGE, \\table, \\index, \\pte
  MAPPED_LATE FETCH, CAUSE_FETCH_PAGE, \\table, \\index, \\pte
.endm

  TRANSLATE
  TARGET VA(5, 77, 9), PAGE(DATA)

  TEST 2  // the page
  EACH_KIND LEAF, 9, PTE(PAGE(DATA), KERNEL)

  TEST 3  // its page table
  EACH_KIND MIDDLE, 77, POINTER(PAGE(LEAF))

  TEST 4  // the page table above
  EACH_KIND ROOT, 5, POINTER(PAGE(MIDDLE))

  TEST 5  // a superpage
  TARGET VA(6, 0, 8 + DATA), PAGE(DATA)
  EACH_KIND ROOT, 6, PTE(RAM, KERNEL)

  PASS

  PROGRAM_ENTRIES
  ENTRY ROOT, 5, POINTER(PAGE(MIDDLE))
  ENTRY MIDDLE, 77, POINTER(PAGE(LEAF))
  ENTRY LEAF, 9, PTE(PAGE(DATA), KERNEL)
  CONTENT DATA
""")


def test_25_a_faulting_walk_leaves_no_entry():
    """cva6#3486: a walk that ended in a fault had filled the TLB all the same.

    Whatever was wrong with the PTE, the TLB is empty after the fault, and once the PTE is good it
    is obeyed without a fence.
    """
    bad = [0, R | A | D, V | X | A, V | R | U | A | D, V | R, V | 1 << 63 | ALL, V, 0b100 | V | A]

    async def testbench(ctx, dut, memory, tables):
        slot = tables.slot(VA)
        for pte in bad:
            for access in ("LOAD", "AMO"):
                memory.words[slot] = leaf(OLD, pte)
                assert (await translate(ctx, dut, Request(VA, access))).kind == "page", hex(pte)
                assert ctx.get(dut.data_side.tlb.valid) == 0
                memory.words[slot] = leaf(NEW)
                await ctx.tick()
                assert (await translate(ctx, dut, Request(VA, access))).pa == NEW
                await fence(ctx, dut)
        memory.refused = {slot}
        assert (await translate(ctx, dut, Request(VA))).kind == "access"
        assert ctx.get(dut.data_side.tlb.valid) == 0

    run(testbench)
