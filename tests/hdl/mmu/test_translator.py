"""Responses in the cycle of the request: hits, addresses that are never walked, PMA."""

import pytest

from hdl.memory.pma import Pma
from tests.hdl.mmu.support import (
    CODE,
    DATA,
    A,
    D,
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
DEVICE = 0x1000_0ABC
ACCESSES = tuple(golden.ACCESSES)
TO_ROM = ("FETCH", "LOAD", "STORE")


async def check_now(ctx, dut, memory, request):
    """Asks in one cycle; there must be a response, the golden model's, and no new bus request."""
    before = len(memory.log)
    result = await translate(ctx, dut, request, max_cycles=1)
    assert agree(result, golden.respond(request, memory.read)), (request, result)
    assert len(memory.log) == before
    return result.kind


def test_every_permission_on_every_hit():
    """cva6#3573: an entry filled by one access serves no other that the page does not allow."""

    async def testbench(ctx, dut, memory, tables):
        for rwx in (R, R | W, X, R | X, R | W | X):
            for user in (0, U):
                slot = tables.map(VA, PA, V | rwx | user | A | D)
                for access in ("LOAD", "FETCH"):  # fill both sides if the page allows it
                    request = Request(VA, access, priv="U" if user else "S", mxr=1)
                    await translate(ctx, dut, request)
                    await ctx.tick()
                for access in ACCESSES:
                    if access == "FETCH" and not rwx & X:
                        continue
                    for priv in "US":
                        for sum_ in (0, 1):
                            for mxr in (0, 1):
                                await check_now(
                                    ctx,
                                    dut,
                                    memory,
                                    Request(VA, access, priv, sum_=sum_, mxr=mxr),
                                )
                memory.words[slot] = 0
                await fence(ctx, dut)

    run(testbench)


def test_a_fetch_of_a_loaded_page_without_x_faults():
    async def testbench(ctx, dut, memory, tables):
        tables.map(VA, PA, DATA)
        assert (await translate(ctx, dut, Request(VA))).kind == "ok"
        assert (await translate(ctx, dut, Request(VA, "FETCH"))).kind == "page"

    run(testbench)


def test_csrs_act_on_the_very_next_hit():
    """cva6#3298, black-parrot#1316: SUM, MXR, privilege, ASID and MODE between two hits."""
    kernel = Request(VA, sum_=1, asid=1)
    steps = [
        (kernel, "ok"),
        (Request(VA, sum_=0, asid=1), "page"),
        (kernel, "ok"),
        (Request(VA, "STORE", sum_=1, asid=1), "page"),
        (Request(VA, priv="U", asid=1), "ok"),
        (Request(VA, priv="M", asid=1), "ok"),
        (Request(VA, priv="S", asid=1), "page"),
        (Request(VA, sv39=0), "ok"),
        (kernel, "ok"),
    ]

    async def testbench(ctx, dut, memory, tables):
        tables.map(VA, PA, V | R | U | A)
        await translate(ctx, dut, kernel)
        for request, kind in steps:
            assert await check_now(ctx, dut, memory, request) == kind, request
        assert (await translate(ctx, dut, Request(VA, sum_=1, asid=2))).cycle > 0

        await fence(ctx, dut)
        tables.map(VA, PA, V | X | A)
        await translate(ctx, dut, Request(VA, mxr=1))
        for mxr, kind in ((1, "ok"), (0, "page"), (1, "ok")):
            assert await check_now(ctx, dut, memory, Request(VA, mxr=mxr)) == kind

    run(testbench)


def test_boundaries_of_the_canonical_range():
    """cva6#136, #2272: each single bit from 38 up decides; a page fault, never an access fault."""
    addresses = [0x3F_FFFF_FFFF, 0x40_0000_0000, (1 << 64) - (1 << 38) - 1, (1 << 64) - (1 << 38)]
    addresses += [base ^ 1 << bit for bit in range(38, 64) for base in (0x1000, (1 << 64) - 0x1000)]

    async def testbench(ctx, dut, memory, tables):
        for va in (0x3F_FFFF_FFFF, (1 << 64) - (1 << 38), 0x1000, (1 << 64) - 0x1000):
            tables.map(va, PA, DATA | X)
            for access in ("LOAD", "FETCH"):
                assert (await translate(ctx, dut, Request(va, access))).kind == "ok"
        kinds = [
            await check_now(ctx, dut, memory, Request(va, access))
            for va in addresses
            for access in ("LOAD", "FETCH", "STORE")
        ]
        assert kinds.count("ok") == 6
        assert kinds.count("page") == len(kinds) - 6

    run(testbench)


def test_non_canonical_neighbours():
    """cva6#3404, gem5#2454: directly before, during and after a walk of the other port or its own.

    The bad request gets its response in its cycle; the good one takes what it takes alone.
    """
    bad, good = Request(1 << 38), Request(VA)

    async def testbench(ctx, dut, memory, tables):
        tables.map(VA, PA, DATA | X)
        for first in (bad, good, bad, good, good, bad, bad, good):
            if first is bad:
                assert await check_now(ctx, dut, memory, bad) == "page"
            else:
                result = await translate(ctx, dut, good)
                assert (result.kind, result.pa) == ("ok", PA)
        await fence(ctx, dut)

        drive(ctx, dut.fetch, Request(VA, "FETCH"))
        drive(ctx, dut.data, bad)
        for cycle in range(5):
            sampled = (
                await ctx.tick().sample(*response_signals(dut.fetch), *response_signals(dut.data))
            )[2:]
            assert read_response(sampled[5:]).kind == "page"
            assert bool(read_response(sampled[:5])) == (cycle == 4)
        assert len(memory.addresses()) == 6
        assert (await translate(ctx, dut, good)).cycle == 2, "its walk did not start"

    run(testbench)


@pytest.mark.parametrize("mode", ["M", "Bare"])
def test_untranslated_addresses_are_not_truncated(mode):
    """Everything up to bit 55 is physical; anything above is nothing."""
    state = {"priv": "M"} if mode == "M" else {"sv39": 0}

    async def testbench(ctx, dut, memory, tables):
        for access in ACCESSES:
            for bit in range(64):
                kind = await check_now(ctx, dut, memory, Request(PA ^ 1 << bit, access, **state))
                if bit >= 56:
                    assert kind == "access"
            for va in (PA, 0, DEVICE, 0x7FFF_FFFF, 0x87FF_FFFF, 0x8800_0000, (1 << 56) - 1):
                await check_now(ctx, dut, memory, Request(va, access, **state))

    run(testbench)


def test_devices_take_loads_and_stores_only():
    """An access fault on the physical address, found anew on every hit."""

    async def testbench(ctx, dut, memory, tables):
        tables.map(VA, DEVICE, V | R | W | X | A | D)
        for access in ACCESSES * 2:
            request = Request(VA, access)
            result = await translate(ctx, dut, request)
            assert agree(result, golden.respond(request, memory.read))
            assert result.kind == ("ok" if access in ("LOAD", "STORE") else "access")
            assert result.device == (result.kind == "ok")

    run(testbench)


def test_fetches_reach_rom_and_all_else_takes_it_for_a_device():
    async def testbench(ctx, dut, memory, tables):
        tables.map(VA, DEVICE, V | R | W | X | A | D)
        for access in ACCESSES:
            for request in (Request(VA, access), Request(DEVICE, access, sv39=0)):
                result = await translate(ctx, dut, request)
                assert result.kind == ("ok" if access in TO_ROM else "access")
                assert result.device == (result.kind == "ok")
        for outside in (DEVICE - 4096, DEVICE + 4096):
            result = await translate(ctx, dut, Request(outside, "FETCH", sv39=0))
            assert result.kind == "access"

    run(testbench, pma=Pma(rom_base=DEVICE & -4096, rom_size=4096))


def test_superpages_take_their_offset_from_the_address():
    async def testbench(ctx, dut, memory, tables):
        for level, ppn in ((1, 0x81200), (2, 0x80000)):
            va = (level << 30) | 0x123_4567
            tables.map(va, ppn << 12, DATA, level)
            await translate(ctx, dut, Request(va))
            for bit in range(12 + 9 * level):
                await check_now(ctx, dut, memory, Request(va ^ 1 << bit))

    run(testbench)


@pytest.mark.parametrize("adue", [0, 1])
def test_a_clean_page_is_walked_again_for_a_write(adue):
    """D=0 in the entry says nothing: the PTE in memory may have it set by now."""

    async def testbench(ctx, dut, memory, tables):
        slot = tables.map(VA, PA, V | R | W | A)
        await translate(ctx, dut, Request(VA, adue=adue))
        for access in ("STORE", "SC", "AMO"):
            before = len(memory.log)
            result = await translate(ctx, dut, Request(VA, access, adue=adue))
            assert result.kind == ("update" if adue else "page")
            assert len(memory.log) == before + 1, "no walk, or more than its leaf"
            assert await check_now(ctx, dut, memory, Request(VA, adue=adue)) == "ok"

        memory.words[slot] |= D
        result = await translate(ctx, dut, Request(VA, "STORE", adue=adue))
        assert (result.kind, result.pa) == ("ok", PA)

    run(testbench)


def test_a_hit_without_permission_is_refused_before_d_is_looked_at():
    async def testbench(ctx, dut, memory, tables):
        tables.map(VA, PA, V | R | A)
        for adue in (0, 1):
            await translate(ctx, dut, Request(VA, adue=adue))
            assert await check_now(ctx, dut, memory, Request(VA, "STORE", adue=adue)) == "page"

    run(testbench)


def test_there_is_no_response_without_a_request():
    async def testbench(ctx, dut, memory, tables):
        tables.map(VA, PA, DATA)
        await translate(ctx, dut, Request(VA))
        tables.map(0x4000, PA, CODE)
        await translate(ctx, dut, Request(0x4000, "FETCH"))
        drop(ctx, dut.data, dut.fetch)
        for sv39 in (0, 1):
            set_context(ctx, dut, Request(VA, sv39=sv39))
            _, _, *responses = await ctx.tick().sample(
                dut.data.done, dut.fetch.done, dut.port.request.valid
            )
            assert responses == [0, 0, 0]

    run(testbench)


def test_what_fills_the_tlb_is_no_result():
    """The request finds the page in the TLB: the walker has nothing to say."""

    async def testbench(ctx, dut, memory, tables):
        for va, flags, response in ((VA, DATA, 0), (VA + 4096, 0, 1)):
            tables.map(va, PA, flags)
            set_context(ctx, dut, Request(va))
            drive(ctx, dut.data, Request(va))
            done = found = 0
            while not done:
                _, _, done, found = await ctx.tick().sample(dut.data.done, dut.walker.result_valid)
            assert found == response
            drop(ctx, dut.data)

    run(testbench)
