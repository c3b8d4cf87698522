"""Setting A and D: when, atomically with what, and what becomes of the TLB."""

import pytest

from hdl.mmu.vocabulary import Fault
from tests.hdl.mmu.support import (
    A,
    D,
    G,
    R,
    U,
    V,
    W,
    X,
    drive,
    drop,
    fence,
    run,
    set_context,
    set_fence,
    translate,
    update,
)
from tests.verify.golden import sv39 as golden
from tests.verify.golden.sv39 import Request

VA = 0x12_3456_7ABC
PA = 0x8123_4ABC
ACCESSES = tuple(golden.ACCESSES)
WRITES = ("STORE", "SC", "AMO")


def writes(memory):
    return [(request.address, request.data) for request in memory.log if request.write]


@pytest.mark.parametrize("level", range(3))
def test_svadu(level):
    """xv6 on Svade cores: a kernel that never sets A or D works, with every kind of access.

    The speculative request writes nothing; the update writes A, and D for writes only; the
    request is then a hit.
    """

    async def testbench(ctx, dut, memory, tables):
        slot = tables.map(VA, 0x8000_0000, V | R | W | X | G, level)
        clean = memory.words[slot]
        for access in ACCESSES:
            memory.words[slot] = clean
            request = Request(VA & ~0x3FFF_FFFF | 0xABC, access, adue=1)
            slot = tables.map(request.va, 0x8000_0000, V | R | W | X | G, level)
            expected = golden.respond(request, memory.read)

            assert (await translate(ctx, dut, request)).kind == "update"
            assert not writes(memory)
            assert (await update(ctx, dut, request))[0] is Fault.NONE

            assert writes(memory) == [(slot, expected.written)]
            assert expected.written == clean | A | (D if access in WRITES else 0)
            hit = await translate(ctx, dut, request)
            assert (hit.kind, hit.pa, hit.cycle) == ("ok", 0x8000_0ABC, 0)
            del memory.log[:]
            await fence(ctx, dut)

    run(testbench)


def test_what_is_set_stays_set():
    """Every state of A and D, and the bits that are software's: nothing is ever cleared."""

    async def testbench(ctx, dut, memory, tables):
        for flags in (0, A, D, A | D):
            for access in ACCESSES:
                slot = tables.map(VA, PA, V | R | W | X | 0x300 | flags)
                found = memory.words[slot]
                assert (await update(ctx, dut, Request(VA, access, adue=1)))[0] is Fault.NONE
                assert memory.words[slot] == found | A | (D if access in WRITES else 0)
                await ctx.tick()

    run(testbench)


def test_svade():
    """Without ADUE the same is a page fault, again and again, and nothing is written."""

    async def testbench(ctx, dut, memory, tables):
        tables.map(VA, PA, V | R | W | X)
        for access in ACCESSES * 2:
            request = Request(VA, access)
            assert (await translate(ctx, dut, request)).kind == "page"
            assert (await update(ctx, dut, request))[0] is Fault.PAGE
        assert not writes(memory)

    run(testbench)


def test_what_the_bus_sees_and_when():
    """Three reads, the locked read, the write that ends the lock: done 8 cycles after the start."""

    async def testbench(ctx, dut, memory, tables):
        root, middle, leaf = tables.trail(VA)
        tables.map(VA, PA, V | R | W)
        fault, cycle = await update(ctx, dut, Request(VA, "STORE", adue=1), id=77)

        assert (fault, cycle) == (Fault.NONE, 8)
        assert [(r.address, r.level, r.lock, r.write, r.strobe) for r in memory.log] == [
            (root, 2, 0, 0, 0),
            (middle, 1, 0, 0, 0),
            (leaf, 0, 0, 0, 0),
            (leaf, 0, 1, 0, 0),
            (leaf, 0, 0, 1, 0xFF),
        ]
        assert {request.id for request in memory.log} == {77}

    run(testbench)


def test_an_update_that_somebody_else_has_made():
    async def testbench(ctx, dut, memory, tables):
        tables.map(VA, PA, V | R | W | A | D)
        assert (await update(ctx, dut, Request(VA, "STORE", adue=1)))[0] is Fault.NONE
        assert not writes(memory)
        assert (await translate(ctx, dut, Request(VA, "STORE", adue=1))).cycle == 0

    run(testbench)


@pytest.mark.parametrize("bit", [0, 1, 2, 4, 6, 7, 8, 9, 10, 40, 53, 54, 63])
def test_a_pte_that_changes_under_the_update(bit):
    """Between the walk's read and the locked one, in any bit: walked again from the root."""

    async def testbench(ctx, dut, memory, tables):
        slot = tables.map(VA, PA, V | R | W)
        request = Request(VA, "STORE", adue=1)

        def meddle(accepted):
            if accepted.lock:
                memory.words[slot] ^= 1 << bit
                memory.on_accept = lambda request: None

        memory.on_accept = meddle
        fault, _ = await update(ctx, dut, request)

        assert memory.log[3].lock
        assert (memory.log[4].address, memory.log[4].lock) == (tables.slot(VA, 2), 0)
        found = (PA >> 12 << 10 | V | R | W) ^ 1 << bit
        expected = golden.respond(request, {**memory.words, slot: found}.get)
        assert fault is (Fault.NONE if expected.kind in ("update", "ok") else Fault.PAGE)
        if fault is Fault.NONE:
            assert writes(memory) == [(slot, found | A | D)]
        else:
            assert not writes(memory)
            assert ctx.get(dut.data_side.tlb.valid) == 0

    run(testbench)


def test_repeated_changes():
    """Each retry starts at the root with the lock released; the last PTE is the one that counts."""

    async def testbench(ctx, dut, memory, tables):
        slot = tables.map(VA, PA, V | R | W)
        changes = iter(range(0x80001, 0x80006))

        def meddle(accepted):
            if accepted.lock and (ppn := next(changes, None)):
                memory.words[slot] = ppn << 10 | V | R | W

        memory.on_accept = meddle
        assert (await update(ctx, dut, Request(VA, "STORE", adue=1)))[0] is Fault.NONE

        assert [request.lock for request in memory.log] == [0, 0, 0, 1] * 6 + [0]
        assert writes(memory) == [(slot, 0x80005 << 10 | V | R | W | A | D)]
        assert (await translate(ctx, dut, Request(VA))).pa == 0x80005 << 12 | 0xABC

    run(testbench)


def test_an_update_starts_at_the_root():
    """Also if the walk cache knows the table: so does a retry, whatever root the first walk had."""

    async def testbench(ctx, dut, memory, tables):
        tables.map(VA, PA, V | R | W)
        request = Request(VA, "STORE", adue=1)
        for _ in range(2):
            assert (await translate(ctx, dut, request)).kind == "update"
            await ctx.tick()
        del memory.log[:]
        assert (await update(ctx, dut, request)) == (Fault.NONE, 8)
        assert memory.addresses()[:3] == tables.trail(VA)

    run(testbench)


def test_a_retry_forgets_the_pointers_of_the_first_walk():
    """They were global, and are not any more when the walk is repeated."""

    async def testbench(ctx, dut, memory, tables):
        slot = tables.slot(VA, 0, flags=G)
        tables.map(VA, PA, V | R | W)

        def meddle(accepted):
            if accepted.lock:
                for pointer in tables.trail(VA)[:2]:
                    memory.words[pointer] &= ~G
                memory.words[slot] |= A
                memory.on_accept = lambda request: None

        memory.on_accept = meddle
        assert (await update(ctx, dut, Request(VA, "STORE", adue=1)))[0] is Fault.NONE
        assert (await translate(ctx, dut, Request(VA, adue=1))).cycle == 0
        assert (await translate(ctx, dut, Request(VA, adue=1, asid=2))).cycle > 0

    run(testbench)


@pytest.mark.parametrize("refuse", ["write", "locked read", "locked read, with the PTE"])
def test_a_refused_update(refuse):
    """cvw#1833, #1892: an access fault; neither memory nor TLB has changed, nothing hangs.

    What comes with an error is not looked at, not even if it is the PTE.
    """

    async def testbench(ctx, dut, memory, tables):
        slot = tables.map(VA, PA, V | R | W)
        before = memory.words[slot]
        if refuse == "locked read, with the PTE":
            memory.noise = before

        def meddle(accepted):
            if accepted.lock:
                (memory.refused_writes if refuse == "write" else memory.refused).add(slot)

        memory.on_accept = meddle
        request = Request(VA, "STORE", adue=1)
        for _ in range(2):
            fault, _ = await update(ctx, dut, request)
            assert fault is Fault.ACCESS
            assert memory.words[slot] == before
            assert ctx.get(dut.data_side.tlb.valid) == 0
            assert bool(writes(memory)) == (refuse == "write")
            memory.refused.clear()
        memory.on_accept = lambda request: None
        memory.refused_writes.clear()
        await ctx.tick()
        assert (await translate(ctx, dut, request)).kind == "update"

    run(testbench)


def test_no_update_for_a_fault_that_is_found_first():
    """cvw#1833, #1541: a page fault leaves A and D alone; a device behind the page does not."""

    async def testbench(ctx, dut, memory, tables):
        for flags, access, priv in (
            (V | R | W | U, "STORE", "S"),
            (V | R | W, "STORE", "U"),
            (V | R, "AMO", "S"),
            (V | R | W, "FETCH", "S"),
            (V | X, "LOAD", "S"),
            (R | W, "LOAD", "S"),
        ):
            tables.map(VA, PA, flags)
            request = Request(VA, access, priv, adue=1)
            assert (await translate(ctx, dut, request)).kind == "page"
            assert (await update(ctx, dut, request))[0] is Fault.PAGE
        assert not writes(memory)

        slot = tables.map(VA, 0x1000_0000, V | R | W)
        request = Request(VA, "AMO", adue=1)
        assert (await translate(ctx, dut, request)).kind == "update"
        assert (await update(ctx, dut, request))[0] is Fault.NONE
        assert memory.words[slot] == 0x1_0000 << 10 | V | R | W | A | D
        assert (await translate(ctx, dut, request)).kind == "access"

    run(testbench)


@pytest.mark.parametrize("level", range(3))
def test_faults_on_the_way_of_an_update(level):
    async def testbench(ctx, dut, memory, tables):
        tables.map(VA, PA, V | R | W)
        slot = tables.slot(VA, level)
        memory.refused = {slot}
        request = Request(VA, "STORE", adue=1)
        assert (await update(ctx, dut, request))[0] is Fault.ACCESS
        memory.refused = set()
        memory.words[slot] = 0
        assert (await update(ctx, dut, request))[0] is Fault.PAGE
        assert (await update(ctx, dut, Request(VA, adue=1, root=1)))[0] is Fault.ACCESS

    run(testbench)


def test_updates_are_not_squashed():
    """Both ports squash in every cycle, and the walk that stood in the way gives way."""

    async def testbench(ctx, dut, memory, tables):
        slot = tables.map(VA, PA, V | R | W)
        ctx.set(dut.fetch.squash, 1)
        ctx.set(dut.data.squash, 1)
        assert (await update(ctx, dut, Request(VA, "STORE", adue=1))) == (Fault.NONE, 8)
        assert memory.words[slot] & (A | D) == A | D
        ctx.set(dut.data.squash, 0)
        assert (await translate(ctx, dut, Request(VA, "STORE", adue=1))).cycle == 0

    run(testbench)


def test_a_fence_during_an_update():
    """In every cycle of it: it is finished, but its translation is not kept after the fence.

    The data port asks the same meanwhile; the end of the update is no response to it.
    """

    async def testbench(ctx, dut, memory, tables):
        request = Request(VA, "STORE", adue=1)
        for when in range(8):
            slot = tables.map(VA, PA, V | R | W)
            set_context(ctx, dut, request)
            drive(ctx, dut.update, request)
            drive(ctx, dut.data, request)
            for cycle in range(9):
                if cycle == when:
                    set_fence(ctx, dut)
                _, _, done, answered = await ctx.tick().sample(dut.update.done, dut.data.done)
                ctx.set(dut.sfence.valid, 0)
                assert (done, answered) == (cycle == 8, 0)
            drop(ctx, dut.update, dut.data)
            assert memory.words[slot] & (A | D) == A | D
            assert ctx.get(dut.data_side.tlb.valid) == 0
            await fence(ctx, dut)
            await ctx.tick().repeat(4)

    run(testbench)


def test_an_update_comes_before_waiting_walks():
    async def testbench(ctx, dut, memory, tables):
        tables.map(VA, PA, V | R | W)
        tables.map(0x4000, PA, V | R | A)
        set_context(ctx, dut, Request(VA, adue=1))
        drive(ctx, dut.data, Request(0x4000), id=2)
        drive(ctx, dut.fetch, Request(0x4000, "FETCH"), id=3)
        await update(ctx, dut, Request(VA, "STORE", adue=1), id=1)
        await ctx.tick().repeat(10)
        assert [request.id for request in memory.log][:9] == [1] * 5 + [2] * 3 + [3]

    run(testbench)
