"""Clocks that come along with what logic follows: Amaranth's own engine goes on, and says so."""

import re
import warnings

import pytest
from amaranth.hdl import Cat, ClockDomain, Elaboratable, Module, Print, Signal, signed
from amaranth.lib.memory import Memory
from amaranth.sim import Simulator

from sim.engines.native.testbench.simulator import NotNative
from tests.sim.engines.native.testbench.benches import ENGINES, AtOnce, Late, bound_in_time, check
from tests.sim.vcd import read_vcd


class Two(Elaboratable):
    """Registers and memories in two domains, with logic between them; `other` has its own clock."""

    def __init__(self, **options):
        self.module = m = Module()
        m.domains.sync = ClockDomain()
        m.domains.other = self.other = ClockDomain(**options)
        self.step, self.direct = Signal(8, init=1), Signal(8)
        self.count, self.copy = Signal(signed(9)), Signal(80, init=7)
        self.near, self.far, self.taken = Signal(10), Signal(12), Signal(8)
        self.row = Signal(8)
        m.submodules.inner = inner = Module()
        m.submodules.rows = self.rows = Memory(shape=signed(8), depth=4, init=[1, -2, 3])
        write, read = self.rows.write_port(domain="other"), self.rows.read_port(domain="other")
        m.d.sync += self.count.eq(self.count + self.step)
        m.d.other += [
            self.copy.eq(Cat(self.far ^ self.row, self.copy)),
            self.taken.eq(self.direct),
            Print("at", self.near),
        ]
        inner.d.comb += self.near.eq(self.count * 2 + self.step)
        m.d.comb += [
            self.far.eq(self.near * 3),
            write.addr.eq(self.near),
            write.data.eq(self.far),
            write.en.eq(self.step[0]),
            read.addr.eq(self.count),
        ]
        at_once = self.rows.read_port(domain="comb")
        m.d.comb += [at_once.addr.eq(self.near), self.row.eq(at_once.data ^ self.far)]
        self.read = read.data

    def elaborate(self, platform):
        return self.module

    @property
    def seen(self):
        known = [self.count, self.copy, self.near, self.far, self.taken, self.read]
        return [*known, *(self.rows.data[address] for address in range(4))]


async def stepping(ctx, dut, note):
    for number in range(14):
        await ctx.delay(7e-7)
        ctx.set(dut.step, number * 5 & 7)
        note([ctx.get(each) for each in dut.seen])


async def clock_of_a_clock(ctx, dut, note):
    level = 0
    async for _ in ctx.tick():
        level ^= 1
        ctx.set(dut.other.clk, level)


async def clock_of_a_register(ctx, dut, note):
    async for count, near in ctx.changed(dut.count).sample(dut.near):
        note((count, near))
        ctx.set(dut.other.clk, count >> 2)


async def data_at_an_edge(ctx, dut, note):
    for number in range(8):
        await ctx.delay(1e-6 if number else 0.5e-6)
        ctx.set(dut.step, number * 3)


async def clock_with_data(ctx, dut, note):
    for number in range(6):
        await ctx.delay(3e-7)
        ctx.set(Cat(dut.other.clk, dut.step), number * 5)
        note([ctx.get(each) for each in dut.seen])


async def clock_with_a_register(ctx, dut, note):
    for number in range(6):
        await ctx.delay(3e-7)
        ctx.set(Cat(dut.count[2:7], dut.other.clk), number * 23)
        note([ctx.get(each) for each in dut.seen])


async def clock_with_a_row(ctx, dut, note):
    for number in range(6):
        await ctx.delay(3e-7)
        ctx.set(Cat(dut.rows.data[2][3:], dut.other.clk), number * 23)
        note([ctx.get(each) for each in dut.seen])


MIXED = {
    "clock of a clock": ([stepping], [clock_of_a_clock], "other_clk"),
    "clock of a register": ([stepping], [clock_of_a_register], "other_clk"),
    "data at an edge": ([stepping], [data_at_an_edge], "clk"),
    "clock with data": ([clock_with_data], [], "other_clk"),
    "clock with a register": ([clock_with_a_register], [], "other_clk"),
    "clock with a row": ([clock_with_a_row], [], "other_clk"),
}


@pytest.mark.parametrize("kind", MIXED)
def test_registers_take_what_they_take_on_amaranths_own(kind, capsys):
    benches, processes, name = MIXED[kind]
    clock = rf"the clock {name} is set along with what logic follows, last at .*returning\.py:\d+"
    with pytest.warns(NotNative, match=clock) as said:
        check(*benches, make=Two, processes=processes)
    assert len({str(each.message) for each in said}) == 1
    assert re.search("at [1-9]", capsys.readouterr().out) or kind == "data at an edge"


def test_falling_edges_and_asynchronous_resets_are_heeded():
    async def pulling(ctx, dut, note):
        level = 0
        async for count, *_ in ctx.changed(dut.count):
            level ^= 1
            ctx.set(Cat(dut.other.clk, dut.other.rst), level | (count % 5 == 1) << 1)

    with pytest.warns(NotNative):
        check(
            stepping,
            make=lambda: Two(clk_edge="neg", async_reset=True, reset_less=False),
            processes=(pulling,),
        )


def native_at_the_end(engine, *benches, processes=(), vcd=None, make=Two, **options):
    """Whether the design is native when the testbenches have ended, and how often that was said."""
    dut = make()
    simulator = Simulator(dut, engine=engine)
    bound_in_time(simulator)
    simulator.add_clock(1e-6, domain="sync")
    for functions, add in ((benches, simulator.add_testbench), (processes, simulator.add_process)):
        for function in functions:

            async def bound(ctx, function=function):
                await function(ctx, dut, lambda _: None)

            add(bound)
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        if vcd:
            with simulator.write_vcd(str(vcd), **options):
                simulator.run()
        else:
            simulator.run()
    return simulator._engine._state.native is not None, [str(each.message) for each in said]


def test_it_is_said_once_and_where():
    native, (said,) = native_at_the_end(AtOnce, stepping, processes=[clock_of_a_clock])
    assert not native
    line = clock_of_a_clock.__code__.co_firstlineno + 4
    assert said.endswith(f"test_returning.py:{line}")


@pytest.mark.parametrize("engine", [AtOnce, Late])
def test_who_toggles_a_clock_alone_or_with_what_no_logic_reads_goes_on_natively(engine):
    async def toggling(ctx, dut, note):
        for number in range(12):
            await ctx.delay(3e-7)
            ctx.set(dut.step, number)
            ctx.set(dut.other.clk, number & 1)
            ctx.set(Cat(dut.other.clk, dut.direct), number & 2)

    async def inputs(ctx, dut, note):
        async for *_, value in ctx.tick().sample(dut.far):
            ctx.set(dut.step, value)

    async def own_clock(ctx, dut, note):
        while True:
            for level in (1, 0):
                await ctx.delay(0.5e-6)
                ctx.set(dut.other.clk, level)

    assert native_at_the_end(engine, toggling, processes=[inputs]) == (True, [])
    assert native_at_the_end(engine, stepping, processes=[own_clock]) == (True, [])


def test_it_may_begin_again_and_stays():
    results = []
    for engine in ENGINES:
        dut, notes = Two(), []
        simulator = Simulator(dut, engine=engine)
        bound_in_time(simulator)
        simulator.add_clock(1e-6, domain="sync")

        async def bench(ctx, dut=dut, notes=notes):
            await stepping(ctx, dut, notes.append)

        async def process(ctx, dut=dut):
            await clock_of_a_clock(ctx, dut, None)

        simulator.add_testbench(bench)
        simulator.add_process(process)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", NotNative)
            simulator.run()
            simulator.reset()
            simulator.run()
        results.append(notes)
    assert len(results[0]) == 28
    assert results[0][:14] == results[0][14:]
    assert results[0] == results[1] == results[2]


@pytest.mark.parametrize("engine", [AtOnce, Late])
def test_a_waveform_with_the_steps_of_a_moment_is_amaranths_own(engine, tmp_path):
    async def counting(ctx, dut, note):
        await ctx.tick().repeat(9)

    said, paths = [], [tmp_path / "one.vcd", tmp_path / "two.vcd"]
    for each, path in zip(("pysim", engine), paths, strict=True):
        if each == "pysim":
            each = type("Own", (Late,), {"moments": 10**9})
        said.append(native_at_the_end(each, counting, vcd=path, fs_per_delta=1))
    assert not said[0][0]
    assert not said[1][0]
    expected, found = map(read_vcd, paths)
    assert all(expected.of(name) == found.of(name) for name in expected.variables)
    assert (engine is AtOnce) == (len(said[1][1]) == 1)
