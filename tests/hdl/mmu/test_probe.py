"""The MMU's probe: look-ups in vain, and what the walker reads for them."""

from hdl.arch import Priv
from hdl.mmu.probe import Verdict
from hdl.mmu.vocabulary import Access, Fault, Side
from tests.hdl.mmu.support import CODE, DATA, ROOT, D, U, drive, drop, run, set_context
from tests.verify.golden.sv39 import Request

VA = 0x1000


def shown(request, cycles, *, flags=DATA | U, mapped=True):
    """What the probe says of the port's side, cycle by cycle, while `request` stands there."""
    told = []

    async def bench(ctx, dut, memory, tables):
        if mapped:
            tables.map(VA, 0x8000_5000, flags)
        fetches = request.access == "FETCH"
        port, side = (dut.fetch, dut.probe.fetch) if fetches else (dut.data, dut.probe.data)
        other = dut.probe.data if fetches else dut.probe.fetch
        probe = dut.probe
        set_context(ctx, dut, request)
        drive(ctx, port, request)
        for _ in range(cycles):
            _, _, miss, fault, va, read, of, level, elsewhere = await ctx.tick().sample(
                side.miss, side.fault, side.va, probe.read, probe.side, probe.level, other.miss
            )
            assert not elsewhere
            told.append((miss, Fault(fault), va, (Side(of), level) if read else None))
        drop(ctx, port)
        _, _, miss, fault = await ctx.tick().sample(side.miss, side.fault)
        assert (miss, Fault(fault)) == (0, Fault.NONE)

    run(bench)
    return told


def request(access="LOAD", **changes):
    return Request(va=VA, access=access, priv="U", **changes)


def test_a_miss_shows_until_the_hit_and_three_reads_in_it():
    miss = (1, Fault.NONE, VA)
    assert shown(request(), 6) == [
        (*miss, (Side.DATA, 2)),
        (*miss, (Side.DATA, 1)),
        (*miss, (Side.DATA, 0)),
        (*miss, None),
        *[(0, Fault.NONE, VA, None)] * 2,
    ]


def test_a_walk_that_ends_in_a_hole_is_a_miss_and_then_a_refusal():
    told = shown(request("FETCH"), 5, mapped=False)
    assert [(miss, fault) for miss, fault, *_ in told] == [
        (1, Fault.NONE), (1, Fault.NONE), (0, Fault.PAGE), (0, Fault.PAGE), (0, Fault.PAGE),
    ]  # fmt: skip
    assert [read for *_, read in told] == [(Side.FETCH, 2), None, None, None, None]


def answered(*requests):
    """Of each of these requests, made one after the other: the page's level if a TLB answers.

    And at the end the levels of the pages that were displaced from a TLB of two entries.
    """
    told, displaced = [], []

    async def bench(ctx, dut, memory, tables):
        tables.map(VA, 0x8000_5000, DATA | U)
        tables.map(SUPERPAGE, 0x8020_0000, DATA | U, 1)
        tables.map(HUGE, 0x8000_0000, DATA | U, 2)
        side = dut.probe.data
        for wanted in requests:
            set_context(ctx, dut, wanted)
            drive(ctx, dut.data, wanted)
            done = 0
            while not done:
                _, _, done, answers, level, displaces, gone = await ctx.tick().sample(
                    dut.data.done, side.answers, side.level, side.displaces, side.displaced_level
                )
                assert done or not answers
                displaced.extend([gone] * displaces)
            told.append(level if answers else None)
            drop(ctx, dut.data)
            await ctx.tick()

    run(bench, dtlb_entries=2)
    return told, displaced


SUPERPAGE, HUGE = 0x20_0000, 0x4000_0000


def test_an_answer_of_the_tlb_shows_with_the_size_of_its_page():
    requests = [Request(va=va, access="LOAD", priv="U") for va in (VA, SUPERPAGE, HUGE)]
    assert answered(*requests)[0] == [0, 1, 2]


def test_a_refusal_by_the_tlb_is_an_answer_and_one_by_a_walk_is_none():
    for_supervisor = Request(va=VA, access="LOAD", priv="S")
    assert answered(request(), for_supervisor)[0] == [0, 0]
    assert answered(for_supervisor)[0] == [None]


def test_what_is_not_translated_asks_no_tlb():
    bare = Request(va=0x8000_5000, access="LOAD", priv="U", sv39=0)
    machine = Request(va=0x8000_5000, access="LOAD", priv="M")
    assert answered(bare, machine)[0] == [None, None]


def test_a_page_that_makes_room_shows_with_its_size():
    requests = [Request(va=va, access="LOAD", priv="U") for va in (HUGE, VA, SUPERPAGE, HUGE)]
    assert answered(*requests)[1] == [2, 0]


def test_an_address_that_is_none_is_refused_without_a_miss():
    told = shown(Request(va=1 << 62, access="LOAD", priv="U"), 2)
    assert [(miss, fault, read) for miss, fault, _, read in told] == [(0, Fault.PAGE, None)] * 2


KEY = ("access", "priv", "sum_", "mxr", "adue", "asid", "root", "va")
WALK = ("begins", "skips", "ends", "verdict", "fills", "caches", "rereads", "writes")


def watched(bench, *, cycles, squash=(), fence_at=None):
    """What the probe says of walks, cycle by cycle, as words; and its other fields at a begin.

    `bench` sets up tables and requests; `squash` are the cycles in which the data port is squashed.
    """
    told, begun, pages = [], [], []

    async def testbench(ctx, dut, memory, tables):
        walk = dut.probe.walk
        await bench(ctx, dut, tables)
        for cycle in range(cycles):
            ctx.set(dut.data.squash, cycle in squash)
            ctx.set(dut.sfence.valid, cycle == fence_at)
            key = [getattr(walk, name) for name in KEY]
            _, _, *values = await ctx.tick().sample(
                *(getattr(walk, name) for name in WALK), dut.probe.side, walk.page.as_value(), *key
            )
            shown = dict(zip(WALK, values, strict=False))
            words = {name for name in WALK if name != "verdict" and shown[name]}
            if shown["ends"]:
                words.add(Verdict(shown["verdict"]).name)
            told.append(words)
            side, page, *rest = values[len(WALK) :]
            if shown["begins"]:
                begun.append((Side(side), Access(rest[0]), *map(int, rest[1:])))
            if shown["fills"]:
                pages.append(page)

    run(testbench)
    return told, begun, pages


def page_of(ppn, level, flags):
    """The bits of a `Translation`."""
    return ppn | level << 44 | flags >> 1 << 46


def asks(access="LOAD", *, flags=DATA | U, level=0, mapped=True, port="data", **context):
    """A bench in which a port asks for the page at VA."""

    async def bench(ctx, dut, tables):
        if mapped:
            tables.map(VA, 0x8000_0000 if level else 0x8000_5000, flags, level)
        wanted = request(access, **context)
        set_context(ctx, dut, wanted)
        drive(ctx, getattr(dut, port), wanted)

    return bench


def test_a_walk_begins_with_its_request_and_ends_with_the_page():
    bench = asks("STORE", asid=5, sum_=1, mxr=1)
    told, begun, pages = watched(bench, cycles=6)

    assert told == [{"begins"}, set(), {"caches"}, {"ends", "FOUND", "fills"}, set(), set()]
    key = (Access.STORE, Priv.U, 1, 1, 0, 5, ROOT, VA)
    assert begun == [(Side.DATA, *key)]
    assert pages == [page_of(0x80005, 0, DATA | U)]


def test_a_walk_that_begins_with_the_walk_cache_says_so():
    async def bench(ctx, dut, tables):
        await asks()(ctx, dut, tables)
        for _ in range(3):  # up to the pointer
            await ctx.tick()
        ctx.set(dut.data.squash, 1)
        drop(ctx, dut.data)
        await ctx.tick()
        ctx.set(dut.data.squash, 0)
        await ctx.tick()
        drive(ctx, dut.data, request())

    told, _, _ = watched(bench, cycles=3)
    assert told == [{"begins", "skips"}, {"ends", "FOUND", "fills"}, set()]


def test_a_fetch_has_its_own_address_and_a_superpage_its_level():
    told, begun, pages = watched(asks("FETCH", flags=CODE | U, level=1, port="fetch"), cycles=4)

    assert told == [{"begins"}, set(), {"ends", "FOUND", "fills"}, set()]
    assert begun == [(Side.FETCH, Access.FETCH, Priv.U, 0, 0, 0, 0, ROOT, VA)]
    assert pages == [page_of(0x80000, 1, CODE | U)]


def test_a_walk_that_is_refused_says_why():
    hole, _, _ = watched(asks(mapped=False), cycles=3)
    assert hole == [{"begins"}, {"ends", "PAGE_FAULT"}, set()]

    outside, _, _ = watched(asks(root=0), cycles=3)
    assert outside == [{"begins", "ends", "ACCESS_FAULT"}, set(), set()]


def test_an_access_that_waits_for_an_update_says_so():
    told, begun, _ = watched(asks("STORE", flags=(DATA | U) & ~D, adue=1), cycles=5)

    assert told[-2:] == [{"ends", "UPDATE"}, set()]
    assert begun[0][5] == 1


def test_an_update_writes_and_fills():
    bench = asks("STORE", flags=(DATA | U) & ~D, adue=1, port="update")
    told, begun, pages = watched(bench, cycles=8)

    assert begun[0][0] is Side.UPDATE
    assert begun[0][-1] == VA
    assert told[0] == {"begins"}
    ends = {"ends", "FOUND", "fills"}
    assert [words for words in told[1:] if words] == [{"rereads"}, {"writes"}, ends]
    assert not any("caches" in words for words in told)
    assert pages == [page_of(0x80005, 0, DATA | U)]


def test_an_update_that_a_fence_overtakes_fills_nothing():
    bench = asks("STORE", flags=(DATA | U) & ~D, adue=1, port="update")
    told, _, pages = watched(bench, cycles=8, fence_at=3)

    assert pages == []
    assert [words for words in told if "ends" in words] == [{"ends", "FOUND"}]


def test_what_is_squashed_has_ended_once_and_fills_nothing():
    at_once, _, _ = watched(asks(), cycles=1, squash={0})
    assert at_once == [{"begins", "ends", "SQUASHED"}]

    later, _, pages = watched(asks(), cycles=3, squash={2})
    assert later == [{"begins"}, set(), {"caches", "ends", "SQUASHED"}]
    assert pages == []

    with_its_leaf, _, pages = watched(asks(), cycles=4, squash={3})
    assert with_its_leaf[3] == {"ends", "SQUASHED"}
    assert pages == []


def test_nothing_ends_where_nothing_was_begun():
    async def nobody(ctx, dut, tables):
        pass

    told, _, _ = watched(nobody, cycles=3, squash={0, 1, 2}, fence_at=1)
    assert told == [set()] * 3
