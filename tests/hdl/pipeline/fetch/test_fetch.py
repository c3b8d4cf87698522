"""The fetch stage in random traffic, and in single cases."""

import pytest

from hdl.pipeline.fetch import Fetch
from tests.hdl.pipeline.fetch.bench import ACCESS, NONE, PAGE, Bench
from tests.rigs import shared
from tests.support import simulate


@pytest.mark.parametrize(
    "seed, parameters",
    [
        (1, {}),
        (2, {"redirect": 0.3, "latency": 6}),
        (3, {"errors": 0.2, "latency": 2}),
        (4, {"done": 1.0, "ready": 1.0, "take": 1.0, "latency": 1}),
        (5, {"done": 0.3, "ready": 0.3, "take": 0.3}),
        (6, {"narrow": 0.3}),
    ],
    ids=str,
)
def test_random_traffic(seed, parameters):
    bench = Bench(seed, **parameters)

    async def testbench(ctx):
        for number in range(1800):
            await bench.cycle(ctx, number)

    simulate(bench.dut, testbench)
    counts = bench.counts
    assert counts["words"] > 60, counts
    assert min(counts[name] for name in ("predicted", "faults", "updates", "redirects")) > 2, counts
    if bench.latency > 1:
        assert counts["dropped"] > 2, counts
    if "errors" in parameters:
        assert counts["errors"] > 10, counts
    assert (counts["cut"] > 10) == ("narrow" in parameters), counts


# -- Single cases -------------------------------------------------------------------------------


def test_starts_at_the_reset_pc():
    dut = shared(Fetch, reset_pc=0x1006)

    async def testbench(ctx):
        assert not ctx.get(dut.translation.valid)
        ctx.set(dut.room, 1)
        assert ctx.get(dut.translation.valid)
        assert ctx.get(dut.translation.va) == 0x1006
        ctx.set(dut.translation.done, 1)
        ctx.set(dut.translation.pa, 0x8000_0006)
        assert ctx.get(dut.port.request.valid)
        assert ctx.get(dut.port.request.address) == 0x8000_0000

    simulate(dut, testbench)


def test_a_word_a_cycle_from_a_memory_that_responds_in_the_next():
    dut = shared(Fetch, reset_pc=0x1002)
    addresses = []

    async def testbench(ctx):
        ctx.set(dut.translation.done, 1)
        ctx.set(dut.room, 1)
        ctx.set(dut.port.request.ready, 1)
        await ctx.tick()
        ctx.set(dut.port.response.valid, 1)
        for _ in range(6):
            assert ctx.get(dut.word.valid)
            addresses.append(ctx.get(dut.word.fetch.va))
            await ctx.tick()

    simulate(dut, testbench)
    assert addresses == [0x1002, *(0x1000 + 8 * number for number in range(1, 6))]


def test_after_a_refused_word_nothing_is_asked_for_until_a_redirect():
    dut = shared(Fetch)

    async def testbench(ctx):
        ctx.set(dut.port.request.ready, 1)
        ctx.set(dut.translation.done, 1)
        ctx.set(dut.room, 1)
        ctx.set(dut.translation.fault, PAGE)
        assert not ctx.get(dut.port.request.valid)
        await ctx.tick()
        assert ctx.get(dut.word.valid)
        assert ctx.get(dut.word.fetch.fault) is PAGE
        ctx.set(dut.translation.fault, NONE)
        for _ in range(5):
            assert not ctx.get(dut.translation.valid)
            assert not ctx.get(dut.port.request.valid)
            await ctx.tick()
            assert not ctx.get(dut.word.valid)
        ctx.set(dut.redirect.valid, 1)
        ctx.set(dut.redirect.target, 0x2000)
        await ctx.tick()
        ctx.set(dut.redirect.valid, 0)
        assert ctx.get(dut.port.request.valid)
        assert ctx.get(dut.translation.va) == 0x2000

    simulate(dut, testbench)


def test_after_a_bus_error_nothing_is_asked_for_until_a_redirect():
    dut = shared(Fetch)

    async def testbench(ctx):
        ctx.set(dut.port.request.ready, 1)
        ctx.set(dut.translation.done, 1)
        ctx.set(dut.room, 1)
        await ctx.tick()
        ctx.set(dut.port.response.valid, 1)
        ctx.set(dut.port.response.error, 1)
        assert ctx.get(dut.word.valid)
        assert ctx.get(dut.word.fetch.fault) is ACCESS
        for _ in range(4):
            assert not ctx.get(dut.translation.valid)
            assert not ctx.get(dut.port.request.valid)
            await ctx.tick()
            ctx.set(dut.port.response.valid, 0)
            assert not ctx.get(dut.word.valid)
        ctx.set(dut.redirect.valid, 1)
        await ctx.tick()
        ctx.set(dut.redirect.valid, 0)
        assert ctx.get(dut.port.request.valid)

    simulate(dut, testbench)


def test_an_error_of_a_dropped_word_stops_nothing():
    dut = shared(Fetch)

    async def testbench(ctx):
        ctx.set(dut.port.request.ready, 1)
        ctx.set(dut.translation.done, 1)
        ctx.set(dut.room, 1)
        await ctx.tick()
        ctx.set(dut.redirect.valid, 1)
        await ctx.tick()
        ctx.set(dut.redirect.valid, 0)
        ctx.set(dut.port.response.valid, 1)
        ctx.set(dut.port.response.error, 1)
        assert not ctx.get(dut.word.valid)
        assert ctx.get(dut.port.request.valid)
        await ctx.tick()
        ctx.set(dut.port.response.error, 0)
        assert ctx.get(dut.word.valid)
        assert ctx.get(dut.word.fetch.fault) is NONE

    simulate(dut, testbench)


@pytest.mark.parametrize("late", range(1, 5))
def test_a_late_response_does_not_reach_the_redirects_target(late):
    dut = shared(Fetch)

    async def testbench(ctx):
        ctx.set(dut.port.request.ready, 1)
        ctx.set(dut.translation.done, 1)
        ctx.set(dut.room, 1)
        await ctx.tick()
        ctx.set(dut.redirect.valid, 1)
        ctx.set(dut.redirect.target, 0x2000)
        await ctx.tick()
        ctx.set(dut.redirect.valid, 0)
        for _ in range(late - 1):
            assert not ctx.get(dut.port.request.valid)
            await ctx.tick()
        ctx.set(dut.port.response.valid, 1)
        assert not ctx.get(dut.word.valid)
        # The request for the target may go out in the cycle of the stale response.
        assert ctx.get(dut.port.request.valid)
        await ctx.tick()
        assert ctx.get(dut.word.valid)
        assert ctx.get(dut.word.fetch.va) == 0x2000

    simulate(dut, testbench)


def test_a_branch_before_the_entry_point_of_a_word_is_not_predicted():
    dut = shared(Fetch, reset_pc=0x1004)

    async def testbench(ctx):
        for name, value in {"word": 0x200, "slot": 1, "counter": 3, "taken": 1}.items():
            ctx.set(getattr(dut.learn, name), value)
        ctx.set(dut.learn.valid, 1)
        await ctx.tick()
        ctx.set(dut.learn.valid, 0)
        ctx.set(dut.port.request.ready, 1)
        ctx.set(dut.translation.done, 1)
        ctx.set(dut.room, 1)
        await ctx.tick()
        assert ctx.get(dut.translation.va) == 0x1008

    simulate(dut, testbench)


@pytest.mark.parametrize("reset_pc", [1, -2, 1 << 64])
def test_bad_reset_pc(reset_pc):
    with pytest.raises(ValueError, match="reset_pc must be an even 64-bit address"):
        Fetch(reset_pc=reset_pc)


def test_whether_all_that_was_fetched_lies_in_another_gigapage():
    """Since the last redirect, and with what is asked for in this cycle."""
    dut = shared(Fetch, reset_pc=0xFFFF_FFF0)

    async def testbench(ctx):
        def elsewhere(gigapage):
            ctx.set(dut.fenced, gigapage)
            return ctx.get(dut.elsewhere)

        for port in (
            dut.room,
            dut.translation.done,
            dut.port.request.ready,
            dut.port.response.valid,
        ):
            ctx.set(port, 1)
        for inside in (True, True, False, False):
            assert [elsewhere(number) for number in (2, 3, 4)] == [inside, 0, inside]
            await ctx.tick()
        for target in (5 << 30, 7 << 30 | 0x100):
            ctx.set(dut.redirect.target, target)
            ctx.set(dut.redirect.valid, 1)
            await ctx.tick()
            ctx.set(dut.redirect.valid, 0)
            await ctx.tick()
            assert [elsewhere(number) for number in (3, 5, 7)] == [
                1,
                target >> 30 != 5,
                target >> 30 != 7,
            ]

    simulate(dut, testbench)
