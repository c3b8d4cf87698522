"""Field bugs in what a walk makes of addresses and page-table entries."""

from tests.hdl.mmu.support import (
    DATA,
    A,
    D,
    R,
    U,
    V,
    W,
    X,
    drive,
    fence,
    read_response,
    response_signals,
    run,
    set_context,
    translate,
)
from tests.verify.golden.sv39 import Request

#: Within RAM also as an offset into a gigapage at its start.
VA = 0x12_0234_5ABC
PA = 0x8123_4ABC
#: Everything allowed.
ALL = DATA | X
ACCESSES = ("FETCH", "LOAD", "STORE", "LR", "SC", "AMO")


def test_03_every_reserved_bit_at_every_level():
    """cva6#3420, rocket-chip#2895, coreblocks#1039, black-parrot#1326, cvw#1815: some were ignored.

    Bits 63:54 of leaves and pointers, and D, A and U of pointers: each alone is a page fault.
    """
    high = [1 << bit for bit in range(54, 64)]

    async def testbench(ctx, dut, memory, tables):
        tables.map(VA, PA, ALL)
        for level in range(3):
            slot = tables.slot(VA, level)
            pointer = memory.words[slot]
            leaf = 0x80000 << 10 | ALL
            bent = [leaf | bit for bit in high]
            if level:
                bent += [pointer | bit for bit in (*high, D, A, U)]
            for access in ("LOAD", "STORE", "FETCH"):
                for pte in bent:
                    memory.words[slot] = pte
                    result = await translate(ctx, dut, Request(VA, access))
                    assert result.kind == "page", (level, hex(pte))
                    await fence(ctx, dut)
                for pte in (leaf, pointer):
                    memory.words[slot] = pte
                    assert (await translate(ctx, dut, Request(VA, access))).kind == "ok"
                    await fence(ctx, dut)

    run(testbench, max_cycles=20_000)


def test_04_a_non_canonical_neighbour():
    """cva6#3404: a non-canonical access disturbed the good one directly before or after it.

    It comes in every cycle of a good one's walk, and directly before and behind a hit.
    """
    bad = Request(VA | 1 << 40)

    async def testbench(ctx, dut, memory, tables):
        tables.map(VA, PA, DATA)
        for when in range(6):
            for cold in (True, False):
                if cold:
                    await fence(ctx, dut)
                set_context(ctx, dut, Request(VA))
                for request in [Request(VA)] * when + [bad]:
                    drive(ctx, dut.data, request)
                    sampled = (await ctx.tick().sample(*response_signals(dut.data)))[2:]
                assert read_response(sampled).kind == "page"
                good = await translate(ctx, dut, Request(VA))
                assert (good.kind, good.pa) == ("ok", PA), (when, cold)
                assert (await translate(ctx, dut, bad)).kind == "page"

    run(testbench)


def test_05_both_sides_of_bit_38():
    """cva6#136, #2272: bit 38 was not part of the canonical check, or it gave access faults.

    The entries that a truncated address would find are all there: 255, 256, 0 and 511 of the root.
    """
    good = [0, 0x3F_FFFF_FFFF, (1 << 64) - (1 << 38), (1 << 64) - 1]
    bad = [1 << 38, 1 << 39, (1 << 39) - 1, (1 << 63) - 1, 1 << 63, (1 << 64) - (1 << 38) - 1]
    bad += [va ^ 1 << bit for va in good for bit in range(39, 64)]

    async def testbench(ctx, dut, memory, tables):
        for va in good:
            tables.map(va, PA, ALL)
        for access in ("LOAD", "STORE", "FETCH"):
            for va in good:
                result = await translate(ctx, dut, Request(va, access))
                assert (result.kind, result.pa >> 12) == ("ok", PA >> 12), hex(va)
            for va in bad:
                assert (await translate(ctx, dut, Request(va, access))).kind == "page", hex(va)

    run(testbench)


def test_06_no_request_for_a_pte_that_is_not_permitted():
    """cva6#3430: the walker asked the bus for a PTE whose address had just been refused.

    A table in a device's registers, at each level: an access fault, and nobody reads them.
    """
    device = 0x1000_0000 >> 12

    async def testbench(ctx, dut, memory, tables):
        for level in range(3):
            if level < 2:
                memory.words[tables.slot(VA, level + 1)] = device << 10 | V
            root = device if level == 2 else tables.root
            for access in ACCESSES:
                del memory.log[:]
                request = Request(VA, access, root=root)
                assert (await translate(ctx, dut, request)).kind == "access"
                await ctx.tick().repeat(4)
                assert memory.addresses() == tables.trail(VA)[: 2 - level]
                await fence(ctx, dut)
            if level < 2:
                del memory.words[tables.slot(VA, level + 1)]

    run(testbench)


def test_07_the_first_fault_met_wins(on_hart):
    """cva6#3337, #3072: of a page fault and an access fault in one access the later one was taken.

    A bad entry that names a place where no memory is, then a good one.
    """
    on_hart("""
.macro FAULTS load, store, fetch
  sfence.vma
  ACCESS LOAD, \\load
  ACCESS STORE, \\store
  ACCESS FETCH, \\fetch
.endm
.macro PAGE_FAULTS
  FAULTS CAUSE_LOAD_PAGE, CAUSE_STORE_PAGE, CAUSE_FETCH_PAGE
.endm
.macro ACCESS_FAULTS
  FAULTS CAUSE_LOAD_ACCESS, CAUSE_STORE_ACCESS, CAUSE_FETCH_ACCESS
.endm
  TRANSLATE
  TARGET VA(5, 77, 9), 0

  TEST 2  // no permission for a page that is nowhere: a page fault; with permission: access fault
  WRITE_PTE LEAF, 9, PTE(BEYOND, USER)
  PAGE_FAULTS
  WRITE_PTE LEAF, 9, PTE(BEYOND, V | R | W | X)
  PAGE_FAULTS
  WRITE_PTE LEAF, 9, PTE(BEYOND, KERNEL)
  ACCESS_FAULTS

  TEST 3  // a malformed pointer to a table that is nowhere, and a good one
  WRITE_PTE MIDDLE, 77, POINTER(BEYOND) | D
  PAGE_FAULTS
  WRITE_PTE MIDDLE, 77, POINTER(BEYOND)
  ACCESS_FAULTS
  WRITE_PTE ROOT, 5, POINTER(BEYOND) | U
  PAGE_FAULTS
  WRITE_PTE ROOT, 5, POINTER(BEYOND)
  ACCESS_FAULTS

  TEST 4  // a misaligned superpage that is nowhere
  WRITE_PTE ROOT, 5, PTE(BEYOND | 0x1000, KERNEL)
  PAGE_FAULTS
  WRITE_PTE ROOT, 5, PTE(BEYOND, KERNEL)
  ACCESS_FAULTS

  PASS

  PROGRAM_ENTRIES
  ENTRY ROOT, 5, POINTER(PAGE(MIDDLE))
  ENTRY MIDDLE, 77, POINTER(PAGE(LEAF))
  CONTENT DATA
""")


def test_08_a_pte_that_the_bus_refuses():
    """rocket-chip#2934, #3402, riscv-boom#785: it hung the hart, or gave a fault of another kind.

    At each level and for each access: an access fault in as many cycles as the walk takes, on the
    port that asked; then all goes on.
    """

    async def testbench(ctx, dut, memory, tables):
        tables.map(VA, PA, ALL)
        for level in range(3):
            for access in ACCESSES:
                memory.refused = {tables.slot(VA, level)}
                result = await translate(ctx, dut, Request(VA, access))
                assert (result.kind, result.cycle) == ("access", 4 - level)
                memory.refused = set()
                await fence(ctx, dut)
                assert (await translate(ctx, dut, Request(VA, access))).kind == "ok"
                await fence(ctx, dut)

    run(testbench)


def test_09_every_low_bit_of_a_superpage():
    """black-parrot#1318, NutShell#265: a misaligned gigapage or megapage was used.

    Each low bit of the page number alone is a page fault; the next one up is none.
    """

    async def testbench(ctx, dut, memory, tables):
        for level in (1, 2):
            slot = tables.slot(VA, level)
            for bit in range(9 * level + 1):
                for access in ("LOAD", "STORE", "FETCH"):
                    memory.words[slot] = 0x80000 << 10 ^ 1 << 10 + bit | ALL
                    result = await translate(ctx, dut, Request(VA, access))
                    low = bit < 9 * level
                    # What lies outside RAM is a device, from which nothing is fetched.
                    good = "ok" if level == 1 or access != "FETCH" else "access"
                    assert result.kind == ("page" if low else good), (level, bit)
                    await fence(ctx, dut)

    run(testbench)


def test_10_writable_but_not_readable():
    """NutShell#266, sargantana#110: a leaf with W=1 and R=0, a reserved combination, was used.

    At every level, with and without X, by every access; with R it is good.
    """

    async def testbench(ctx, dut, memory, tables):
        for level in range(3):
            va = (level + 1) << 30
            for flags in (V | W | A | D, V | W | X | A | D, V | W | X | U | A | D):
                priv = "U" if flags & U else "S"
                for access in ("LOAD", "STORE", "AMO", "FETCH"):
                    slot = tables.map(va, 0x8000_0000, flags, level)
                    bad = await translate(ctx, dut, Request(va, access, priv, mxr=1))
                    assert bad.kind == "page", (level, flags, access)
                    await ctx.tick()
                    memory.words[slot] |= R | X
                    good = await translate(ctx, dut, Request(va, access, priv))
                    assert good.kind == "ok", "a faulting entry was remembered"
                    memory.words[slot] = 0
                    await fence(ctx, dut)

    run(testbench, max_cycles=20_000)
