"""Field bugs around walks under way: killed, overtaken, queued, or under another privilege."""

import pytest

from tests.hdl.mmu.support import (
    DATA,
    U,
    X,
    drive,
    drop,
    fence,
    read_response,
    response_signals,
    run,
    set_context,
    translate,
    update,
)
from tests.verify.golden.sv39 import Request

VA = 0x12_0234_5ABC
OTHER = VA + (1 << 30)
PA = 0x8123_4ABC
OTHER_PA = 0x8567_8ABC
#: An address that is not canonical.
WILD = VA | 1 << 40


async def first_responses(ctx, dut, requests, *, start=None, cycles=40):
    """Asks both ports, "data" and "fetch", from their `start` cycles on; their first responses."""
    start = start or dict.fromkeys(requests, 0)
    responses = {}
    for cycle in range(cycles):
        for name, request in requests.items():
            if cycle == start[name]:
                drive(ctx, getattr(dut, name), request)
        sampled = (
            await ctx.tick().sample(*response_signals(dut.data), *response_signals(dut.fetch))
        )[2:]
        for name, values in (("data", sampled[:5]), ("fetch", sampled[5:])):
            if response := read_response(values, cycle):
                responses.setdefault(name, response)
                drop(ctx, getattr(dut, name))
    return responses


@pytest.mark.parametrize("latency", [1, 3])
def test_19_a_killed_walk_gives_no_response(latency):
    """cva6#301, #61, #3179: the late response of a walk that was killed was taken by the next one.

    The killed walk would fault, the next one not, then the other way round; in every cycle, and
    with the next request in the cycle behind it or later.
    """

    async def testbench(ctx, dut, memory, tables):
        tables.slot(VA)
        tables.map(OTHER, OTHER_PA, DATA | X)
        for port, access in ((dut.data, "LOAD"), (dut.fetch, "FETCH")):
            bad, good = Request(VA, access), Request(OTHER, access)
            for killed, asked in ((bad, good), (good, bad)):
                for when in range(1, 3 * latency + 2):
                    for pause in (0, 1, 3):
                        set_context(ctx, dut, killed)
                        drive(ctx, port, killed)
                        await ctx.tick().repeat(when)
                        ctx.set(port.squash, 1)
                        await ctx.tick()
                        ctx.set(port.squash, 0)
                        drop(ctx, port)
                        if pause:
                            await ctx.tick().repeat(pause)
                        result = await translate(ctx, dut, asked)
                        kind, pa = ("ok", OTHER_PA) if asked is good else ("page", 0)
                        assert (result.kind, result.pa) == (kind, pa), (when, pause)
                        await fence(ctx, dut)

    run(testbench, latency=lambda: latency)


def test_21_a_privilege_that_changes_during_the_walk():
    """coreblocks#1062: the privilege changed between the request and the end of its walk.

    The walk's response is then for nobody: in every cycle, and also if the privilege changes back.
    """

    async def testbench(ctx, dut, memory, tables):
        tables.map(VA, PA, DATA | U)
        tables.map(OTHER, OTHER_PA, DATA)
        for va, allowed in ((VA, "U"), (OTHER, "S")):
            for before, after in ("US", "SU"):
                for when in range(1, 7):
                    set_context(ctx, dut, Request(va))
                    drive(ctx, dut.data, Request(va, priv=before))
                    await ctx.tick().repeat(when)
                    for priv in (after, before):
                        result = await translate(ctx, dut, Request(va, priv=priv))
                        assert result.kind == ("ok" if priv == allowed else "page"), (when, priv)
                    await fence(ctx, dut)

    run(testbench)


def test_23_walks_under_different_privileges():
    """cva6#3475: with MPRV a fetch and a data walk in flight took each other's privilege.

    Each port gets the response of its own, in whichever order and by whatever distance they ask.
    """

    async def testbench(ctx, dut, memory, tables):
        tables.map(VA, PA, DATA | X)
        tables.map(OTHER, OTHER_PA, DATA | X | U)
        for offset in range(-5, 6):
            start = {"data": max(0, offset), "fetch": max(0, -offset)}
            for va in (VA, OTHER):
                for fetch_priv, data_priv in ("SU", "US"):
                    set_context(ctx, dut, Request(va))
                    requests = {
                        "data": Request(va, "LOAD", data_priv),
                        "fetch": Request(va, "FETCH", fetch_priv),
                    }
                    responses = await first_responses(ctx, dut, requests, start=start)
                    allowed = "S" if va == VA else "U"
                    for name, priv in (("data", data_priv), ("fetch", fetch_priv)):
                        kind = "ok" if priv == allowed else "page"
                        assert responses[name].kind == kind, (offset, hex(va), name, priv)
                    await fence(ctx, dut)

    run(testbench, max_cycles=20_000)


def test_29_a_walk_queued_behind_a_fault_without_one():
    """gem5#2454: a walk queued behind a request that faulted at once was never started.

    The non-canonical request is on the other port, in the same cycle or around it, or on the same
    one just before; the good one takes as long as it does alone. So it does behind an update that
    faults.
    """

    async def testbench(ctx, dut, memory, tables):
        tables.map(VA, PA, DATA | X)
        for bad, good in (("data", "fetch"), ("fetch", "data")):
            access = {"data": "LOAD", "fetch": "FETCH"}
            requests = {bad: Request(WILD, access[bad]), good: Request(VA, access[good])}
            for offset in range(-3, 4):
                start = {bad: max(0, offset), good: max(0, -offset)}
                set_context(ctx, dut, Request(VA))
                responses = await first_responses(ctx, dut, requests, start=start)
                assert (responses[bad].kind, responses[bad].cycle) == ("page", start[bad])
                assert (responses[good].pa, responses[good].cycle) == (PA, start[good] + 4)
                await fence(ctx, dut)

            await translate(ctx, dut, requests[bad])
            assert (await translate(ctx, dut, requests[good])).cycle == 4
            await fence(ctx, dut)

        fault, _ = await update(ctx, dut, Request(OTHER, "STORE", adue=1))
        assert fault.name == "PAGE"
        assert (await translate(ctx, dut, Request(VA))).cycle == 4

    run(testbench)
