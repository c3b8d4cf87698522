"""Physical memory protection in the MMU: of what is translated, of page tables, of A and D."""

import random

import pytest

from hdl.mmu.vocabulary import Fault
from tests.hdl.mmu.support import (
    ROOT,
    A,
    D,
    R,
    U,
    V,
    W,
    X,
    agree,
    fence,
    run,
    translate,
    update,
)
from tests.verify.golden import pmp, sv39
from tests.verify.golden.pmp import NA4, NAPOT, OFF, TOR, L, Pmp, napot
from tests.verify.golden.sv39 import Request

SEED = 1
VA, PA = 0x12_3456_7AB8, 0x8123_4AB8
ALL = V | R | W | X | A | D
ACCESSES = tuple(sv39.ACCESSES)
ENTRIES = 3
EVERYTHING = (NAPOT | pmp.R | pmp.W | pmp.X, (1 << 54) - 1)
#: Closed to S-mode and U-mode; what is below is decided by entries behind it.
CLOSED = NAPOT


def entries(*pairs):
    """These (configuration, address) pairs, and entries that are off."""
    pairs = [*pairs, *[(OFF, 0)] * (ENTRIES - len(pairs))]
    return Pmp(ENTRIES, [cfg for cfg, _ in pairs], [addr for _, addr in pairs])


def forbid(address, permission=0, size=8):
    """All may be done everywhere, but at `address` only what `permission` says."""
    kind, addr = (NA4, address >> 2) if size == 4 else (NAPOT, napot(address, size))
    return entries((kind | permission, addr), EVERYTHING)


def guard(memory, protection):
    """Fails if a request reaches the bus that `protection` forbids."""

    def check(request):
        permission = pmp.W if request.write else pmp.R
        assert protection.permits(request.address, 8, permission, "S"), hex(request.address)

    memory.on_accept = check


async def outcome(ctx, dut, memory, request):
    """How an access ends, A and D set on the way, and that the golden model says the same."""
    # As after a write of a CSR: a result under other entries is no response any more.
    await ctx.tick()
    guard(memory, request.pmp)
    expected = sv39.respond(request, memory.read)
    result = await translate(ctx, dut, request)
    if result.kind == "update":
        fault, _ = await update(ctx, dut, request)
        if fault is not Fault.NONE:
            assert (fault, expected.kind) == (Fault.ACCESS, "access"), request
            return expected.kind
        assert expected.kind == "update", request
        expected = sv39.respond(request, memory.read)
        result = await translate(ctx, dut, request)
    assert agree(result, expected), (request, result, expected)
    return result.kind


def check(testbench, **parameters):
    run(testbench, pmp_entries=ENTRIES, **parameters)


@pytest.mark.parametrize("priv", "USM")
def test_without_a_translation_and_without_an_entry_only_machine_mode_may(priv):
    async def testbench(ctx, dut, memory, tables):
        for access in ACCESSES:
            request = Request(PA, access, priv, sv39=0, size=8, pmp=entries())
            assert await outcome(ctx, dut, memory, request) == ("ok" if priv == "M" else "access")

    check(testbench)


def test_each_kind_of_access_needs_its_permission_on_a_hit():
    async def testbench(ctx, dut, memory, tables):
        tables.map(VA, PA, ALL)
        for access in ("FETCH", "LOAD"):
            request = Request(VA, access, "S", pmp=forbid(PA, 7))
            assert await outcome(ctx, dut, memory, request) == "ok"
        needed = {"LOAD": 1, "LR": 1, "STORE": 2, "SC": 2, "AMO": 3, "FETCH": 4}
        reads = len(memory.log)
        for permission in (0, 1, 3, 4, 5, 7):
            for access in ACCESSES:
                request = Request(VA, access, "S", size=8, pmp=forbid(PA, permission))
                permitted = permission & needed[access] == needed[access]
                kind = await outcome(ctx, dut, memory, request)
                assert kind == ("ok" if permitted else "access"), (permission, access)
        assert len(memory.log) == reads

    check(testbench)


def test_a_refusal_on_a_hit_comes_in_the_cycle_of_the_request():
    async def testbench(ctx, dut, memory, tables):
        tables.map(VA, PA, ALL)
        await translate(ctx, dut, Request(VA, pmp=forbid(0)))
        result = await translate(ctx, dut, Request(VA, pmp=forbid(PA)), max_cycles=1)
        assert (result.kind, result.cycle) == ("access", 0)

    check(testbench)


def test_a_page_fault_comes_before_a_refusal():
    async def testbench(ctx, dut, memory, tables):
        tables.map(VA, PA, V | R | A)
        request = Request(VA, "STORE", "S", size=8, pmp=forbid(PA))
        assert await outcome(ctx, dut, memory, request) == "page"

    check(testbench)


@pytest.mark.parametrize("level", range(3))
@pytest.mark.parametrize("access", ACCESSES)
def test_a_page_table_that_must_not_be_read(level, access):
    """The access fault is one of the kind of access, whatever the entry has besides R."""

    async def testbench(ctx, dut, memory, tables):
        slot = tables.map(VA, PA, ALL, level)
        va = VA if level == 0 else VA & -(1 << 12 + 9 * level)
        slot = tables.map(va, 0x8000_0000, ALL, level)
        for at in [*tables.trail(va)[:2], slot][: 3 - level]:
            for permission in (0, pmp.X):
                request = Request(va, access, "S", pmp=forbid(at, permission))
                assert await outcome(ctx, dut, memory, request) == "access"
        for permission in (pmp.R, pmp.R | pmp.X):
            request = Request(va, access, "S", pmp=forbid(slot, permission))
            assert await outcome(ctx, dut, memory, request) == "ok"
            await fence(ctx, dut)

    check(testbench)


def test_half_of_a_page_table_entry_is_not_enough():
    async def testbench(ctx, dut, memory, tables):
        slot = tables.map(VA, PA, ALL)
        for half in (slot, slot + 4):
            request = Request(VA, pmp=forbid(half, 7, size=4))
            assert await outcome(ctx, dut, memory, request) == "access"

    check(testbench)


def test_page_tables_are_read_as_by_the_supervisor_whoever_asks():
    """User programs cannot reach them; M-mode under MPRV has no more rights."""

    async def testbench(ctx, dut, memory, tables):
        slot = tables.map(VA, PA, ALL | U)
        for cfg in (0, L):
            protection = entries((NAPOT | cfg, napot(slot, 8)), EVERYTHING)
            request = Request(VA, priv="U", pmp=protection)
            assert await outcome(ctx, dut, memory, request) == "access"

    check(testbench)


@pytest.mark.parametrize("access", ACCESSES)
def test_a_bit_that_must_not_be_set(access):
    """Nothing is written; but a leaf that has A and D already needs no permission for writes."""

    async def testbench(ctx, dut, memory, tables):
        slot = tables.map(VA, PA, V | R | W | X)
        clean = memory.words[slot]
        request = Request(VA, access, "S", adue=1, pmp=forbid(slot, pmp.R))
        assert await outcome(ctx, dut, memory, request) == "access"
        assert memory.words[slot] == clean
        assert not any(logged.write or logged.lock for logged in memory.log)

        await ctx.tick()
        request = Request(VA, access, "S", adue=1, pmp=forbid(slot, pmp.R | pmp.W))
        assert await outcome(ctx, dut, memory, request) == "ok"
        await fence(ctx, dut)
        request = Request(VA, access, "S", adue=1, pmp=forbid(slot, pmp.R))
        assert await outcome(ctx, dut, memory, request) == "ok"

    check(testbench)


def test_bits_are_set_before_the_access_itself_is_refused():
    async def testbench(ctx, dut, memory, tables):
        slot = tables.map(VA, PA, V | R | W)
        request = Request(VA, "STORE", "S", adue=1, size=8, pmp=forbid(PA, pmp.R))
        assert await outcome(ctx, dut, memory, request) == "access"
        assert memory.words[slot] & (A | D) == A | D

    check(testbench)


def test_a_fetch_says_whether_it_may_have_all_of_its_word():
    async def testbench(ctx, dut, memory, tables):
        tables.map(VA, PA, ALL)
        for low, high in ((4, 0), (0, 4), (4, 4)):
            base = PA & ~7
            protection = entries((NA4 | low, base >> 2), (NA4 | high, base + 4 >> 2), EVERYTHING)
            for slot in range(4):
                va = VA & ~7 | slot << 1
                request = Request(va, "FETCH", "S", pmp=protection)
                permitted = (low, low, high, high)[slot]
                kind = await outcome(ctx, dut, memory, request)
                assert kind == ("ok" if permitted else "access")
                if permitted:
                    ctx.set(dut.fetch.valid, 1)
                    assert ctx.get(dut.fetch.narrow) == (low != high)
                    ctx.set(dut.fetch.valid, 0)

    check(testbench)


@pytest.mark.parametrize("latency", [1, 3])
def test_random_protection(latency):
    """Entries around a page and its tables, of any kind, against the golden model."""
    rng = random.Random(SEED)
    kinds = dict.fromkeys(("ok", "page", "access"), 0)

    def protection(places):
        pairs = []
        for _ in range(ENTRIES - 1):
            kind = rng.choice((OFF, TOR, NA4, NAPOT, NAPOT))
            address = (rng.choice(places) >> 2) + rng.randrange(-2, 3)
            if kind == NAPOT:
                ones = rng.choice((0, 1, 8, 9, 10, 20))
                address = address >> ones + 1 << ones + 1 | (1 << ones) - 1
            pairs.append((kind | rng.randrange(8) | rng.choice((0, 0, L)), address))
        last = EVERYTHING if rng.random() < 0.8 else (OFF, 0)
        return entries(*pairs, last)

    async def testbench(ctx, dut, memory, tables):
        for _ in range(150):
            flags = V | rng.choice((R | W | X, R, R | X)) | rng.choice((0, U))
            slot = tables.map(VA, PA, flags | rng.choice((0, A, A | D, A | D)))
            await fence(ctx, dut)
            size = 1 << rng.randrange(4)
            access = rng.choice(ACCESSES)
            size = rng.choice((4, 8)) if sv39.ACCESSES[access][3] else size
            places = [*tables.trail(VA), PA, PA]
            request = Request(
                VA + rng.randrange(8) // size * size,
                access,
                rng.choice("USSM"),
                sv39=rng.random() < 0.8,
                root=ROOT,
                adue=rng.randrange(2),
                size=size,
                pmp=protection(places),
            )
            if not request.sv39:
                request = Request(**{**vars(request), "va": PA + request.va % 8})
            kinds[await outcome(ctx, dut, memory, request)] += 1
            assert slot in memory.words
            await ctx.tick()

    check(testbench, latency=lambda: rng.randrange(1, latency + 1))
    assert min(kinds.values()) >= 10, kinds
