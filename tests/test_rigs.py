"""Designs that tests share: each test begins at the reset, whatever the one before has done."""

import pytest
from amaranth.hdl import Module, Signal
from amaranth.lib import wiring
from amaranth.lib.memory import Memory
from amaranth.lib.wiring import In, Out

from tests import rigs
from tests.rigs import shared
from tests.support import simulate


class Counter(wiring.Component):
    """Counts from `first`, and keeps in a memory what it was told."""

    step: In(4)
    count: Out(8)
    kept: Out(8)

    def __init__(self, first=0):
        super().__init__()
        self.first = first

    def elaborate(self, platform):
        m = Module()
        m.submodules.memory = memory = Memory(shape=8, depth=2, init=[7, 7])
        write, read = memory.write_port(), memory.read_port(domain="comb")
        count = Signal(8, init=self.first)
        m.d.sync += count.eq(count + self.step)
        m.d.comb += [
            self.count.eq(count),
            write.en.eq(self.step != 0),
            write.data.eq(count),
            self.kept.eq(read.data),
        ]
        return m


@pytest.fixture(autouse=True)
def nothing_shared_yet(monkeypatch):
    monkeypatch.setattr(rigs, "_designs", type(rigs._designs)())


def counted(dut, step, cycles):
    """What it shows at the start and after so many cycles with that step."""
    seen = []

    async def testbench(ctx):
        seen.append((ctx.get(dut.step), ctx.get(dut.count), ctx.get(dut.kept)))
        ctx.set(dut.step, step)
        await ctx.tick().repeat(cycles)
        seen.append((ctx.get(dut.count), ctx.get(dut.kept)))

    simulate(dut, testbench)
    return seen


def test_each_simulation_begins_at_the_reset():
    dut = shared(Counter)
    assert [counted(dut, step, 3) for step in (1, 2, 0)] == [
        [(0, 0, 7), (3, 2)],
        [(0, 0, 7), (6, 4)],
        [(0, 0, 7), (0, 7)],
    ]


def test_the_same_is_made_once():
    assert shared(Counter, first=3) is shared(Counter, first=3)
    assert shared(Counter, first=3) is not shared(Counter, first=4)
    assert counted(shared(Counter, first=4), 1, 1) == [(0, 4, 7), (5, 4)]


def test_of_many_only_the_last_are_kept():
    oldest = shared(Counter)
    for first in range(1, rigs.MOST + 1):
        shared(Counter, first=first)
    assert shared(Counter) is not oldest


def test_the_simulator_is_made_once():
    dut = shared(Counter)
    counted(dut, 1, 1)
    ((_, kept),) = rigs._designs.values()
    before = list(kept.values())
    counted(dut, 1, 1)
    assert list(kept.values()) == before
    assert len(before) == 1


def test_one_that_is_not_shared_is_not_kept():
    assert counted(Counter(), 1, 2) == [(0, 0, 7), (2, 1)]
    assert not rigs._designs


def test_what_a_failure_leaves_behind_is_not_for_the_next_one():
    dut = shared(Counter)

    async def waits(ctx):
        await ctx.tick()

    async def fails(ctx):
        await ctx.tick()
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        simulate(dut, waits, fails)
    ((_, kept),) = rigs._designs.values()
    assert not kept
    assert counted(dut, 2, 2) == [(0, 0, 7), (4, 2)]


def test_other_testbenches_may_be_more_or_fewer():
    dut, ended = shared(Counter), []

    async def background(ctx):
        async for _ in ctx.tick():
            ctx.set(dut.step, 5)

    async def testbench(ctx):
        await ctx.tick().repeat(4)
        ended.append(ctx.get(dut.count))

    simulate(dut, testbench)
    simulate(dut, testbench, background=[background])
    simulate(dut, testbench, testbench)
    assert ended == [0, 15, 0, 0]
