"""The second-level TLB: what it spares, what it forgets, and what it leaves to a walk."""

import random

import pytest

from hdl.mmu.mmu import Mmu
from hdl.mmu.second_level import SecondLevelTlb
from hdl.mmu.vocabulary import Fault
from tests.hdl.mmu.support import (
    CODE,
    DATA,
    A,
    G,
    R,
    U,
    V,
    W,
    drive,
    drop,
    fence,
    run,
    set_context,
    translate,
    update,
)
from tests.verify.golden.sv39 import Request

VA, PA = 0x4000_0000, 0x8123_4000
#: One page in each first-level TLB, so that the next page drives it out.
SMALL = {"itlb_entries": 1, "dtlb_entries": 1, "l2_tlb": (4, 2)}


def load(page, **fields):
    return Request(VA + 4096 * page, "LOAD", **fields)


async def cycles(ctx, dut, request):
    """Of a request that is permitted, how long it takes."""
    result = await translate(ctx, dut, request)
    assert result.kind == "ok"
    assert result.pa == PA + request.va - VA
    return result.cycle


def map_pages(tables, pages=range(16), flags=DATA):
    for page in pages:
        tables.map(VA + 4096 * page, PA + 4096 * page, flags)


async def visit(ctx, dut, *pages, **fields):
    """Loads from pages, one after the other; returns how long each took."""
    return [await cycles(ctx, dut, load(page, **fields)) for page in pages]


@pytest.mark.parametrize("wrong", [(3, 2), (1, 2), (0, 2), (8192, 1), (4, 0), (4, 17), ("4", 2)])
def test_sizes_that_are_none(wrong):
    with pytest.raises(ValueError, match="must be"):
        SecondLevelTlb(sets=wrong[0], ways=wrong[1])


def test_without_one_nothing_is_different():
    assert Mmu().second_level is None


def test_a_page_that_was_driven_out_comes_back_in_two_cycles():
    """A walk takes a cycle longer than without: 5, and 3 with its pointer known."""

    async def testbench(ctx, dut, memory, tables):
        map_pages(tables)
        assert await visit(ctx, dut, 0, 0, 1, 2) == [5, 0, 3, 3]
        reads = len(memory.log)
        assert await visit(ctx, dut, 0, 1, 2, 2, 0) == [2, 2, 2, 0, 2]
        assert len(memory.log) == reads

    run(testbench, **SMALL)


def test_both_sides_share_it():
    async def testbench(ctx, dut, memory, tables):
        map_pages(tables, flags=DATA | CODE)
        assert await visit(ctx, dut, 0) == [5]
        assert await cycles(ctx, dut, Request(VA, "FETCH")) == 2

    run(testbench, **SMALL)


def test_a_set_holds_as_many_pages_as_it_has_ways():
    """Pages 0, 4 and 8 share a set of two; the third takes the place of one of them."""

    async def testbench(ctx, dut, memory, tables):
        map_pages(tables)
        assert await visit(ctx, dut, 0, 4, 0, 4, 1, 0) == [5, 3, 2, 2, 3, 2]
        assert await visit(ctx, dut, 8, 1, 8) == [3, 2, 2]
        # The other two cannot both be there.
        assert sum(await visit(ctx, dut, 0, 4)) > 4

    run(testbench, **SMALL)


@pytest.mark.parametrize(
    "va, asid, spares_others",
    [(None, None, False), (VA, None, True), (None, 0, False), (VA, 0, True)],
)
def test_a_fence_of_any_form_forgets_what_it_names(va, asid, spares_others):
    """And with an address nothing of other sets."""

    async def testbench(ctx, dut, memory, tables):
        map_pages(tables)
        await visit(ctx, dut, 0, 1, 2)
        tables.map(VA, PA + 0x8000, DATA)
        await fence(ctx, dut, va=va, asid=asid)
        result = await translate(ctx, dut, load(0))
        # A fence of an address leaves the walk cache its pointers.
        assert (result.pa, result.cycle) == (PA + 0x8000, 5 if va is None else 3)
        assert await visit(ctx, dut, 1) == [2 if spares_others else 3]

    run(testbench, **SMALL)


@pytest.mark.parametrize("cycle", range(8))
def test_a_fence_in_any_cycle_of_a_look_up(cycle):
    """After it the page table counts as it is now, whatever was being read or compared."""

    async def testbench(ctx, dut, memory, tables):
        map_pages(tables)
        await visit(ctx, dut, 0, 1)
        set_context(ctx, dut, load(0))
        drive(ctx, dut.data, load(0))
        for _ in range(cycle):
            await ctx.tick()
        tables.map(VA, PA + 0x8000, DATA)
        await fence(ctx, dut, va=VA)
        drop(ctx, dut.data)
        assert (await translate(ctx, dut, load(0))).pa == PA + 0x8000
        await visit(ctx, dut, 1)
        assert (await translate(ctx, dut, load(0))).pa == PA + 0x8000

    run(testbench, **SMALL)


def test_address_spaces_are_told_apart_unless_a_page_is_global():
    async def testbench(ctx, dut, memory, tables):
        map_pages(tables, range(2))
        map_pages(tables, range(2, 4), DATA | G)
        await visit(ctx, dut, 0, 2, 1, asid=1)
        assert await visit(ctx, dut, 0, asid=1) == [2]
        assert await visit(ctx, dut, 1) == [5]
        assert await visit(ctx, dut, 0) == [3]
        assert await visit(ctx, dut, 2) == [2]

    run(testbench, **SMALL)


def test_a_page_of_another_size_is_in_the_first_level_only():
    async def testbench(ctx, dut, memory, tables):
        tables.map(VA, 0x8120_0000, DATA, 1)
        tables.map(VA + (1 << 30), 0x8000_0000, DATA, 2)
        big, huge = Request(VA, "LOAD"), Request(VA + (1 << 30), "LOAD")
        taken = [(await translate(ctx, dut, request)).cycle for request in (big, huge, big, huge)]
        # Two reads and one; nothing is spared.
        assert taken == [4, 3, 4, 3]

    run(testbench, **SMALL)


def test_what_needs_an_update_is_walked_again():
    """A page with D clear is found for loads; for a store its entry is read anew."""

    async def testbench(ctx, dut, memory, tables):
        map_pages(tables, flags=V | R | W | A)
        await visit(ctx, dut, 0, 1)
        store = Request(VA, "STORE", adue=1)
        assert await visit(ctx, dut, 0) == [2]
        result = await translate(ctx, dut, store)
        assert (result.kind, result.cycle) == ("update", 3)
        assert (await update(ctx, dut, store))[0] is Fault.NONE
        await visit(ctx, dut, 1)
        # What the update has filled is there, once.
        assert await cycles(ctx, dut, store) == 2

    run(testbench, **SMALL)


def test_without_svadu_that_is_a_fault():
    async def testbench(ctx, dut, memory, tables):
        map_pages(tables, flags=V | R | W | A)
        await visit(ctx, dut, 0, 1)
        assert (await translate(ctx, dut, Request(VA, "STORE"))).kind == "page"

    run(testbench, **SMALL)


def test_permissions_are_looked_at_as_in_a_walk():
    async def testbench(ctx, dut, memory, tables):
        map_pages(tables, flags=DATA | U)
        await visit(ctx, dut, 0, 1, priv="U")
        assert (await translate(ctx, dut, load(0, priv="S"))).kind == "page"
        assert await visit(ctx, dut, 1, priv="U") == [2]
        assert await visit(ctx, dut, 0, priv="S", sum_=1) == [2]

    run(testbench, **SMALL)


def test_nothing_invalid_is_remembered():
    async def testbench(ctx, dut, memory, tables):
        map_pages(tables, range(1))
        await visit(ctx, dut, 0)
        assert (await translate(ctx, dut, load(1))).kind == "page"
        # A request that is repeated in the next cycle has the same answer.
        await ctx.tick()
        map_pages(tables, range(1, 2))
        assert await visit(ctx, dut, 1) == [3]

    run(testbench, **SMALL)


#: Cycles of a load, on average, by the second level behind 8 pages and by the latency of memory.
STROLL = {(None, 1): 2.2, ((64, 4), 1): 1.6, (None, 10): 14.6, ((64, 4), 10): 1.6}


@pytest.mark.parametrize("latency", [1, 10])
@pytest.mark.parametrize("l2_tlb", [None, (64, 4)], ids=["one level", "two levels"])
def test_what_it_saves(l2_tlb, latency):
    """Loads from any of 48 pages, in 6 regions of 2 MiB: more than the first level and the walk
    cache hold. The first visit to each page is left out.
    """
    rng = random.Random(5)
    pages = [region << 9 | region << 3 | page for region in range(6) for page in range(8)]

    async def testbench(ctx, dut, memory, tables):
        map_pages(tables, pages)
        await visit(ctx, dut, *pages)
        taken = await visit(ctx, dut, *(rng.choice(pages) for _ in range(150)))
        assert round(sum(taken) / 150, 1) == STROLL[l2_tlb, latency]

    run(testbench, latency=lambda: latency, l2_tlb=l2_tlb)
