"""What happens around a walk: fences, squashes, changes of context, and the other port."""

import pytest

from tests.hdl.mmu.support import (
    CODE,
    DATA,
    A,
    D,
    R,
    U,
    V,
    X,
    agree,
    drive,
    drop,
    fence,
    read_response,
    response_signals,
    run,
    set_context,
    set_fence,
    translate,
)
from tests.verify.golden import sv39 as golden
from tests.verify.golden.sv39 import Request

VA = 0x12_3456_7ABC
OTHER = VA + (1 << 30)
OLD = 0x8123_4ABC
NEW = 0x8567_8ABC
LATENCIES = (1, 2, 4)


async def wait(ctx, cycles):
    """Passes `cycles`, maybe none."""
    for _ in range(cycles):
        await ctx.tick()


async def watch(ctx, port, cycles, *, start=0):
    """Passes `cycles`; returns the responses by cycle."""
    results = {}
    for cycle in range(start, start + cycles):
        values = (await ctx.tick().sample(*response_signals(port)))[2:]
        if result := read_response(values, cycle):
            results[cycle] = result
    return results


@pytest.mark.parametrize("latency", LATENCIES)
@pytest.mark.parametrize("side", ["data", "fetch"])
@pytest.mark.parametrize("new", ["page", "nothing"])
def test_a_fence_in_every_cycle_around_a_refill(side, latency, new):
    """rocket-chip#2534, #1527: after the fence only the new PTE counts, whatever was under way.

    The PTE changes in the cycle of the fence, so that reads accepted before it return the old one.
    """

    async def testbench(ctx, dut, memory, tables):
        port = getattr(dut, side)
        request = Request(VA, "LOAD" if side == "data" else "FETCH")
        last = 3 * latency + 4
        for when in range(last):
            slot = tables.map(VA, OLD, DATA | X)
            await fence(ctx, dut)
            set_context(ctx, dut, request)
            drive(ctx, port, request)
            before = await watch(ctx, port, when)
            memory.words[slot] = NEW >> 12 << 10 | DATA | X if new == "page" else 0
            set_fence(ctx, dut)
            await ctx.tick()
            ctx.set(dut.sfence.valid, 0)
            after = await watch(ctx, port, 2 * last, start=when + 1)
            drop(ctx, port)
            await ctx.tick()

            assert all(result.pa == OLD for result in before.values())
            assert after, "no response after the fence"
            expected = golden.respond(request, memory.read)
            assert all(agree(result, expected) for result in after.values()), (when, after)
            assert min(after) <= when + 4 * latency + 2, "it did not start again at once"

    run(testbench, latency=lambda: latency)


@pytest.mark.parametrize("latency", LATENCIES)
@pytest.mark.parametrize("side", ["data", "fetch"])
def test_a_squash_in_every_cycle_of_a_walk(side, latency):
    """cva6#301, #61, #3179: the late response of a squashed walk reaches nobody.

    The squashed request would be a page fault; the next one follows in the next cycle, and after
    a pause. It must get its own response, and there must be no trace of the first one.
    """
    access = "LOAD" if side == "data" else "FETCH"
    bad, good = Request(VA, access), Request(OTHER, access)

    async def testbench(ctx, dut, memory, tables):
        port = getattr(dut, side)
        tables.map(VA, OLD, 0)
        tables.map(OTHER, NEW, DATA | X)
        for when in range(3 * latency + 2):
            for pause in (0, 2):
                set_context(ctx, dut, bad)
                drive(ctx, port, bad)
                await wait(ctx, when)
                ctx.set(port.squash, 1)
                await ctx.tick()
                ctx.set(port.squash, 0)
                drop(ctx, port)
                await wait(ctx, pause)
                result = await translate(ctx, dut, good)
                assert agree(result, golden.respond(good, memory.read)), (when, pause, result)
                assert result.cycle <= 4 * latency + 2
                await fence(ctx, dut)

    run(testbench, latency=lambda: latency)


@pytest.mark.parametrize("latency", LATENCIES)
def test_a_squashed_walk_fills_nothing(latency):
    """Also if it would have been good, and if the squash comes with its last response."""

    async def testbench(ctx, dut, memory, tables):
        tables.map(VA, OLD, DATA | X)
        for port, access in ((dut.data, "LOAD"), (dut.fetch, "FETCH")):
            side = dut.data_side if access == "LOAD" else dut.fetch_side
            for when in range(3 * latency + 1):
                set_context(ctx, dut, Request(VA))
                drive(ctx, port, Request(VA, access))
                await wait(ctx, when)
                ctx.set(port.squash, 1)
                await ctx.tick()
                ctx.set(port.squash, 0)
                drop(ctx, port)
                await wait(ctx, 4 * latency)
                assert ctx.get(side.tlb.valid) == 0, when
                await fence(ctx, dut)

    run(testbench, latency=lambda: latency)


@pytest.mark.parametrize("side, access", [("data", "LOAD"), ("fetch", "FETCH")])
def test_an_error_that_a_squashed_walk_gets_reaches_nobody(side, access):
    """Not even the same request, if it stands again at once: it makes a walk of its own."""

    async def testbench(ctx, dut, memory, tables):
        port = getattr(dut, side)
        tables.map(VA, OLD, CODE | DATA)
        memory.refused = {tables.trail(VA)[0]}
        set_context(ctx, dut, Request(VA))
        drive(ctx, port, Request(VA, access))
        await ctx.tick()
        ctx.set(port.squash, 1)
        await ctx.tick()
        ctx.set(port.squash, 0)
        memory.refused = set()
        assert (await translate(ctx, dut, Request(VA, access))).pa == OLD
        assert memory.addresses() == [tables.trail(VA)[0], *tables.trail(VA)]

    run(testbench, latency=lambda: 4)


def test_a_squash_of_one_port_leaves_the_other_alone():
    async def testbench(ctx, dut, memory, tables):
        tables.map(VA, OLD, DATA | X)
        for port, access in ((dut.data, "FETCH"), (dut.fetch, "LOAD")):
            ctx.set(port.squash, 1)
            result = await translate(ctx, dut, Request(VA, access))
            assert (result.kind, result.pa) == ("ok", OLD)
            assert result.cycle == (4 if port is dut.data else 2)
            ctx.set(port.squash, 0)

    run(testbench)


@pytest.mark.parametrize("absent", range(3))
def test_lazy_mapping_without_a_fence(absent):
    """VexRiscv#60, riscv-linux#34, bao-hypervisor#378: what was not there is never remembered."""

    async def testbench(ctx, dut, memory, tables):
        tables.map(VA, OLD, DATA)
        slot = tables.slot(VA, absent)
        pte, memory.words[slot] = memory.words[slot], 0
        assert (await translate(ctx, dut, Request(VA))).kind == "page"
        await ctx.tick()
        memory.words[slot] = pte
        result = await translate(ctx, dut, Request(VA))
        assert (result.kind, result.pa) == ("ok", OLD)

    run(testbench)


def test_a_faulting_walk_leaves_no_entry():
    """cva6#3486: neither a page fault nor an access fault, whatever the PTE had that was good."""

    async def testbench(ctx, dut, memory, tables):
        slot = tables.slot(VA)
        for pte in (0, R, V | R, V | R | U | A, V | X | A, V | R | A | 1 << 60, V):
            memory.words[slot] = OLD >> 12 << 10 | pte
            assert (await translate(ctx, dut, Request(VA, "STORE"))).kind == "page"
            await ctx.tick()
        memory.refused = {slot}
        assert (await translate(ctx, dut, Request(VA))).kind == "access"
        assert ctx.get(dut.data_side.tlb.valid) == 0

    run(testbench)


CHANGES = {
    "privilege": (Request(VA, priv="U"), Request(VA, priv="S")),
    "SUM": (Request(VA, sum_=1), Request(VA, sum_=0)),
    "MXR": (Request(VA + 4096, priv="U", mxr=0), Request(VA + 4096, priv="U", mxr=1)),
    "ASID": (Request(VA, priv="U", asid=1), Request(VA, priv="U", asid=2)),
    "root": (Request(OTHER, root=0x80000), Request(OTHER, root=0x1)),
    "ADUE": (Request(VA, "STORE", "U", adue=0), Request(VA, "STORE", "U", adue=1)),
    "access": (Request(VA, "STORE", "U"), Request(VA, "LOAD", "U")),
    "page": (Request(VA, priv="U"), Request(VA + 8192, priv="U")),
    "MODE": (Request(VA, sv39=1), Request(VA, sv39=0)),
    "machine": (Request(VA, priv="S"), Request(VA, priv="M")),
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_change_between_a_request_and_the_end_of_its_walk(change):
    """coreblocks#1062: in every cycle and both ways, each response is that of the live request."""

    async def testbench(ctx, dut, memory, tables):
        tables.map(VA, OLD, V | R | 0b100 | U | A)
        tables.map(VA + 4096, NEW, V | X | U | A)
        for before, after in (CHANGES[change], CHANGES[change][::-1]):
            for when in range(6):
                for request, cycles in ((before, when), (after, 12)):
                    set_context(ctx, dut, request)
                    drive(ctx, dut.data, request)
                    results = await watch(ctx, dut.data, cycles)
                    expected = golden.respond(request, memory.read)
                    assert all(agree(result, expected) for result in results.values())
                assert results, "no response after the change"
                drop(ctx, dut.data)
                await fence(ctx, dut)

    run(testbench)


@pytest.mark.parametrize("offset", range(-6, 7))
def test_a_data_fault_beside_a_fetch_miss(offset):
    """cvw#392: whichever comes first and by how much, neither is lost."""

    async def testbench(ctx, dut, memory, tables):
        tables.slot(VA)
        tables.map(OTHER, NEW, CODE)
        requests = {"data": Request(VA), "fetch": Request(OTHER, "FETCH")}
        start = {"data": max(0, offset), "fetch": max(0, -offset)}
        set_context(ctx, dut, Request(VA))
        done = {}
        for cycle in range(30):
            for name, request in requests.items():
                if cycle == start[name]:
                    drive(ctx, getattr(dut, name), request)
            sampled = (
                await ctx.tick().sample(*response_signals(dut.data), *response_signals(dut.fetch))
            )[2:]
            for name, values in (("data", sampled[:5]), ("fetch", sampled[5:])):
                if result := read_response(values, cycle):
                    done[name] = result
                    drop(ctx, getattr(dut, name))
        assert (done["data"].kind, done["fetch"].pa) == ("page", NEW)
        assert max(result.cycle for result in done.values()) <= max(start.values()) + 10

    run(testbench)


def test_walks_under_different_privileges():
    """cva6#3475, black-parrot#1316: user code is fetched while MPRV makes data S-mode, or U."""

    async def testbench(ctx, dut, memory, tables):
        tables.map(VA, OLD, V | R | A | D)
        tables.map(OTHER, NEW, V | R | X | U | A)
        for fetch_priv in "SU":
            for data_priv in "SU":
                for data_va in (VA, OTHER):
                    fetch = Request(OTHER, "FETCH", fetch_priv)
                    data = Request(data_va, "LOAD", data_priv)
                    set_context(ctx, dut, data)
                    drive(ctx, dut.fetch, fetch)
                    drive(ctx, dut.data, data)
                    seen = set()
                    for _ in range(16):
                        sampled = (
                            await ctx.tick().sample(
                                *response_signals(dut.fetch), *response_signals(dut.data)
                            )
                        )[2:]
                        for request, values in ((fetch, sampled[:5]), (data, sampled[5:])):
                            if result := read_response(values):
                                assert agree(result, golden.respond(request, memory.read))
                                seen.add(request)
                    assert seen == {fetch, data}
                    drop(ctx, dut.fetch, dut.data)
                    await fence(ctx, dut)

    run(testbench)


def test_two_faults_in_a_row():
    """XiangShan#6540: each has its own response, of its own kind, and its own walk."""

    async def testbench(ctx, dut, memory, tables):
        tables.slot(VA)
        memory.refused = {tables.slot(OTHER)}
        for request, kind in (
            (Request(VA), "page"),
            (Request(OTHER), "access"),
            (Request(VA, "STORE"), "page"),
            (Request(OTHER, "STORE"), "access"),
        ):
            before = len(memory.log)
            assert (await translate(ctx, dut, request)).kind == kind
            assert len(memory.log) > before

    run(testbench)


@pytest.mark.parametrize("side, access", [("data", "LOAD"), ("fetch", "FETCH")])
def test_a_result_stands_while_its_request_does(side, access):
    """A requester that is stalled does not lose it, and the bus sees one walk only."""

    async def testbench(ctx, dut, memory, tables):
        port = getattr(dut, side)
        tables.slot(VA)
        set_context(ctx, dut, Request(VA))
        drive(ctx, port, Request(VA, access))
        results = await watch(ctx, port, 20)
        assert list(results) == list(range(4, 20))
        assert len(memory.log) == 3

    run(testbench)


def test_a_request_that_is_withdrawn_without_a_squash():
    """Its walk may fill, but its response is for nobody, and it holds nothing up."""

    async def testbench(ctx, dut, memory, tables):
        tables.slot(VA)
        tables.map(OTHER, NEW, DATA)
        for when in range(1, 5):
            drive(ctx, dut.data, Request(VA))
            set_context(ctx, dut, Request(VA))
            await wait(ctx, when)
            drop(ctx, dut.data)
            assert not await watch(ctx, dut.data, 1)
            result = await translate(ctx, dut, Request(OTHER))
            assert (result.kind, result.pa) == ("ok", NEW)
            await fence(ctx, dut)

    run(testbench)


def test_same_page_number_under_many_asids():
    """cva6#2943: each address space has its own translation of it, and never another's."""

    async def testbench(ctx, dut, memory, tables):
        spaces = {}
        for asid in range(6):
            spaces[asid] = type(tables)(memory, root=0x81000 + asid, first=0x82000 + asid * 16)
            spaces[asid].map(VA, OLD + (asid << 12), DATA)
        for _ in range(2):
            for asid, space in spaces.items():
                request = Request(VA, asid=asid, root=space.root)
                for _ in range(2):
                    assert (await translate(ctx, dut, request)).pa == OLD + (asid << 12)
        assert len(memory.log) == 3 * 6, "six entries should have fitted"
        await fence(ctx, dut, asid=3)
        for asid, space in spaces.items():
            result = await translate(ctx, dut, Request(VA, asid=asid, root=space.root))
            assert bool(result.cycle) == (asid == 3)

    run(testbench)
