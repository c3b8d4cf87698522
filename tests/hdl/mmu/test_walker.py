"""Walks: how long they take, what they ask the bus, and which PTEs they refuse."""

import random
from itertools import product

import pytest

from tests.hdl.mmu.support import (
    CODE,
    DATA,
    A,
    D,
    G,
    R,
    U,
    V,
    W,
    X,
    agree,
    drive,
    drop,
    fence,
    read_response,
    response_signals,
    run,
    set_context,
    translate,
)
from tests.verify.golden import sv39 as golden
from tests.verify.golden.sv39 import Request

VA = 0x12_3456_7ABC
PA = 0x8123_4ABC
LEVELS = range(3)
ACCESSES = tuple(golden.ACCESSES)


def test_a_cold_walk_takes_4_cycles_a_warm_one_2_and_a_hit_none():
    """With a memory that responds in the next cycle, this is the limit: reads depend on each other.

    The requests of the cold walk are accepted in cycles 0, 1 and 2, the leaf arrives in cycle 3,
    and the TLB hits in cycle 4.
    """

    async def testbench(ctx, dut, memory, tables):
        tables.map(VA, PA, DATA)
        tables.map(VA + 4096, PA, DATA)

        cold = await translate(ctx, dut, Request(VA))
        assert memory.addresses() == tables.trail(VA)
        hit = await translate(ctx, dut, Request(VA))
        warm = await translate(ctx, dut, Request(VA + 4096))

        assert (cold.pa, cold.cycle) == (PA, 4)
        assert (hit.pa, hit.cycle) == (PA, 0)
        assert (warm.pa, warm.cycle) == (PA, 2)
        assert memory.addresses()[3:] == tables.trail(VA + 4096)[2:]

    run(testbench)


def test_a_superpage_takes_a_cycle_less_for_each_level():
    async def testbench(ctx, dut, memory, tables):
        for level, cycles in ((2, 2), (1, 3), (0, 4)):
            va = (level + 1) << 30
            tables.map(va, 0x8000_0000, DATA, level)
            result = await translate(ctx, dut, Request(va + 0x123))
            assert (result.kind, result.pa, result.cycle) == ("ok", 0x8000_0123, cycles)

    run(testbench)


def test_a_fault_takes_as_long_as_a_refill():
    async def testbench(ctx, dut, memory, tables):
        tables.map(VA, PA, 0)
        cold = await translate(ctx, dut, Request(VA))
        await ctx.tick()  # the request goes away, and its response with it
        warm = await translate(ctx, dut, Request(VA))
        assert (cold.kind, cold.cycle) == ("page", 4)
        assert (warm.kind, warm.cycle) == ("page", 2)

    run(testbench)


def test_what_the_bus_sees():
    async def testbench(ctx, dut, memory, tables):
        tables.map(VA, PA, DATA)
        await translate(ctx, dut, Request(VA), id=0x1234)
        assert [(r.address, r.level) for r in memory.log] == list(
            zip(tables.trail(VA), (2, 1, 0), strict=True)
        )
        assert {(r.id, r.write, r.lock, r.strobe, r.size) for r in memory.log} == {
            (0x1234, 0, 0, 0, 3)
        }

    run(testbench)


def test_a_request_that_is_not_taken_is_kept():
    """`ready` low for some cycles at each level: same addresses, just later."""
    pattern = iter([0, 0, 1, 0, 1, 0, 0, 0, 1] + [1] * 50)

    async def testbench(ctx, dut, memory, tables):
        tables.map(VA, PA, DATA)
        offered = []

        set_context(ctx, dut, Request(VA))
        drive(ctx, dut.data, Request(VA))
        while True:
            request = dut.port.request
            _, _, valid, address, *response = await ctx.tick().sample(
                request.valid, request.address, *response_signals(dut.data)
            )
            if read_response(response):
                break
            if valid:
                offered.append(address)

        root, middle, leaf = tables.trail(VA)
        assert offered == [root] * 3 + [middle] * 2 + [leaf] * 4
        assert memory.addresses() == [root, middle, leaf]

    run(testbench, ready=lambda: next(pattern))


@pytest.mark.parametrize("level", [1, 2])
def test_global_pointers_make_global_entries(level):
    """G at one place of the way suffices, also when the walk cache stands in for the way."""

    async def testbench(ctx, dut, memory, tables):
        for va in (VA, VA + 4096):
            tables.map(va, PA, DATA)
        memory.words[tables.slot(VA, level)] |= G
        for va in (VA, VA + 4096):
            await translate(ctx, dut, Request(va, asid=1))
        before = len(memory.log)
        assert before == 4

        for va in (VA, VA + 4096):
            assert (await translate(ctx, dut, Request(va, asid=2))).cycle == 0
        await fence(ctx, dut, asid=1)
        for va in (VA, VA + 4096):
            assert (await translate(ctx, dut, Request(va, asid=1))).cycle == 0
        assert len(memory.log) == before

    run(testbench)


async def check(ctx, dut, memory, request):
    """Translates with cold caches and compares response and reads with the golden model."""
    await fence(ctx, dut)
    del memory.log[:]
    result = await translate(ctx, dut, request)
    expected = golden.respond(request, memory.read)
    assert agree(result, expected), (request, result, expected)
    assert tuple(memory.addresses()) == expected.reads, request
    return result.kind


@pytest.mark.parametrize("level", LEVELS)
def test_reserved_bits(level):
    """cva6#3420, rocket-chip#2895, coreblocks#1039: each bit, leaf and pointer, every level."""

    async def testbench(ctx, dut, memory, tables):
        tables.map(VA, PA, DATA)
        slot = tables.slot(VA, level)
        pointer = memory.words[slot] if level else 0x80200 << 10 | V
        kinds = {"ok": 0, "page": 0}
        for pte in (0x80000 << 10 | DATA, pointer):
            for bit in (*range(8), *range(54, 64)):
                memory.words[slot] = pte ^ 1 << bit
                kinds[await check(ctx, dut, memory, Request(VA))] += 1
        assert kinds["page"] > 20
        assert kinds["ok"] > 0

    run(testbench)


@pytest.mark.parametrize("level", LEVELS)
def test_every_flag_combination(level):
    """Includes W without R (NutShell#266, sargantana#110) and pointers with A, D or U."""

    async def testbench(ctx, dut, memory, tables):
        slot = tables.slot(VA, level)
        rng = random.Random(level)
        kinds = set()
        for flags in range(256):
            memory.words[slot] = 0x80000 << 10 | flags
            request = Request(
                VA,
                access=rng.choice(ACCESSES),
                priv=rng.choice("US"),
                sum_=rng.getrandbits(1),
                mxr=rng.getrandbits(1),
                adue=rng.getrandbits(1),
            )
            kinds.add(await check(ctx, dut, memory, request))
        assert kinds >= {"ok", "page", "update"}

    run(testbench)


@pytest.mark.parametrize("level", [1, 2])
def test_misaligned_superpages(level):
    """black-parrot#1318, NutShell#265: each single low PPN bit."""

    async def testbench(ctx, dut, memory, tables):
        slot = tables.slot(VA, level)
        for bit in range(27):
            memory.words[slot] = (0x80000 ^ 1 << bit) << 10 | DATA
            kind = await check(ctx, dut, memory, Request(VA))
            assert kind == ("page" if bit < 9 * level else "ok")

    run(testbench)


def test_a_pointer_at_level_0():
    async def testbench(ctx, dut, memory, tables):
        for flags in (V, V | G):
            memory.words[tables.slot(VA)] = 0x80000 << 10 | flags
            assert await check(ctx, dut, memory, Request(VA)) == "page"

    run(testbench)


def test_all_bits_of_a_ppn_are_kept():
    """Pages and tables beyond RAM are not folded into it."""

    async def testbench(ctx, dut, memory, tables):
        tables.map(VA, PA, DATA)
        leaf, middle = tables.slot(VA, 0), tables.slot(VA, 1)
        for bit in range(44):
            memory.words[leaf] = (PA >> 12 ^ 1 << bit) << 10 | DATA
            result = await translate(ctx, dut, Request(VA))
            assert result.pa == PA ^ 1 << bit + 12
            await fence(ctx, dut)
        for bit in range(28, 44):
            memory.words[middle] = (0x80100 ^ 1 << bit) << 10 | V
            assert await check(ctx, dut, memory, Request(VA)) == "access"
            root = 0x80000 ^ 1 << bit
            assert await check(ctx, dut, memory, Request(VA, root=root)) == "access"

    run(testbench)


@pytest.mark.parametrize("level", LEVELS)
def test_no_request_for_a_pte_outside_ram(level):
    """cva6#3430: the access fault comes without asking the bus, for every kind of access."""

    async def testbench(ctx, dut, memory, tables):
        outside = 0x1000_0000 >> 12
        if level < 2:
            memory.words[tables.slot(VA, level + 1)] = outside << 10 | V
        root = outside if level == 2 else tables.root
        for access in ACCESSES:
            assert await check(ctx, dut, memory, Request(VA, access, root=root)) == "access"
            assert len(memory.log) == 2 - level

    run(testbench)


def test_ram_ends_where_it_ends():
    async def testbench(ctx, dut, memory, tables):
        for page, kind in ((0x7FFFF, "access"), (0x87FFF, "page"), (0x88000, "access")):
            assert await check(ctx, dut, memory, Request(VA, root=page)) == kind

    run(testbench)


@pytest.mark.parametrize("level", LEVELS)
def test_a_pte_that_the_bus_refuses(level):
    """rocket-chip#2934, #3402, riscv-boom#785: an access fault, no hang, and no entry."""

    async def testbench(ctx, dut, memory, tables):
        slot = tables.map(VA, PA, DATA | X)
        refused = tables.slot(VA, level)
        for access in ACCESSES:
            memory.refused = {refused}
            assert await check(ctx, dut, memory, Request(VA, access)) == "access"
            memory.refused = set()
            await ctx.tick()
            assert (await translate(ctx, dut, Request(VA, access))).kind == "ok"
        assert memory.words[slot] == PA >> 12 << 10 | DATA | X

    run(testbench)


def test_the_first_fault_met_wins():
    """cva6#3337, #3072: a page fault above a refused PTE, and a refused PTE above a bad leaf."""

    async def testbench(ctx, dut, memory, tables):
        root, middle, leaf = tables.trail(VA)
        good_root, good_middle = memory.words[root], memory.words[middle]

        memory.refused = {leaf}
        memory.words[middle] = 0
        assert await check(ctx, dut, memory, Request(VA)) == "page"

        memory.refused, memory.words[middle] = {middle}, good_middle
        assert await check(ctx, dut, memory, Request(VA)) == "access"

        memory.words[root] = good_root | D
        assert await check(ctx, dut, memory, Request(VA)) == "page"

        # A page that may not be accessed: its bad permissions come before the device behind it.
        memory.words[root], memory.refused = good_root, set()
        memory.words[leaf] = 0x10000 << 10 | V | R | A
        assert await check(ctx, dut, memory, Request(VA, "AMO")) == "page"
        assert await check(ctx, dut, memory, Request(VA, "LR")) == "access"

    run(testbench)


@pytest.mark.parametrize("missing", ["V", "R", "W", "X", "U", "A", "D"])
def test_kinds_by_access(missing):
    """cva6#3394, cvw#980: whatever the page lacks, each access faults as its own kind."""
    bits = {"V": V, "R": R, "W": W, "X": X, "U": U, "A": A, "D": D}

    async def testbench(ctx, dut, memory, tables):
        flags = (V | R | W | X | U | A | D) & ~bits[missing]
        tables.map(VA, PA, flags)
        for access, priv, mxr in product(ACCESSES, "US", (0, 1)):
            await check(ctx, dut, memory, Request(VA, access, priv=priv, mxr=mxr, sum_=1))

    run(testbench)


def test_random_tables_with_a_random_memory():
    """Bits of every PTE on the way at random, any context, any latency, caches warm or cold."""
    rng = random.Random(20)
    kinds = dict.fromkeys(("ok", "page", "access", "update"), 0)

    async def testbench(ctx, dut, memory, tables):
        for _ in range(400):
            level = rng.choice((0, 0, 1, 2))
            va = rng.choice((VA, 0x3F_FFFF_F000, 0)) + (rng.choice((0, 63)) << 38)
            slot = tables.slot(va, level)
            before = memory.words.get(slot, 0)
            ppn = rng.choice((0x80000, 0x81234, 0x10000, rng.getrandbits(44)))
            rwx = rng.choice((R, X, R | W, R | X, R | W | X, R | W | X))
            broken = 1 << rng.choice((*range(8), *range(54, 64))) if rng.random() < 0.2 else 0
            memory.words[slot] = broken ^ (
                ppn >> 9 * level << 9 * level + 10
                | (V | rwx | rng.choice((0, A, D, A | D)) | rng.choice((U, U, U, 0)))
            )
            request = Request(
                va | rng.getrandbits(12),
                rng.choice(ACCESSES),
                priv=rng.choice("UUUUSSM"),
                sv39=rng.random() < 0.9,
                sum_=rng.getrandbits(1),
                mxr=rng.getrandbits(1),
                adue=rng.getrandbits(1),
            )
            kinds[await check(ctx, dut, memory, request)] += 1
            memory.words[slot] = before

    run(testbench, latency=lambda: rng.choice((1, 1, 2, 5)), ready=lambda: rng.random() < 0.7)
    assert min(kinds.values()) > 10, kinds


def test_the_code_and_data_sides_share_the_walker():
    """Both miss in one cycle: data walks first, then fetch, a cycle after data has its answer."""

    async def testbench(ctx, dut, memory, tables):
        tables.map(VA, PA, DATA)
        tables.map(0x4000, PA + 4096, CODE)
        set_context(ctx, dut, Request(VA))
        drive(ctx, dut.data, Request(VA), id=1)
        drive(ctx, dut.fetch, Request(0x4000, "FETCH"), id=2)
        finished = {}
        for cycle in range(12):
            sampled = (
                await ctx.tick().sample(*response_signals(dut.data), *response_signals(dut.fetch))
            )[2:]
            for name, port, values in (
                ("data", dut.data, sampled[:5]),
                ("fetch", dut.fetch, sampled[5:]),
            ):
                if result := read_response(values, cycle):
                    finished.setdefault(name, result)
                    drop(ctx, port)
        assert (finished["data"].pa, finished["data"].cycle) == (PA, 4)
        assert (finished["fetch"].pa, finished["fetch"].cycle) == ((PA & ~0xFFF) + 4096, 9)
        assert [request.id for request in memory.log] == [1] * 3 + [2] * 3

    run(testbench)
