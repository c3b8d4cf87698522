"""Ordinary testbenches and processes, natively and on Amaranth's own engine: no difference."""

import re

import pytest
from amaranth.hdl import Cat, ClockDomain, ClockSignal, DriverConflict, Module, Mux, Signal, signed
from amaranth.lib import data, enum, wiring
from amaranth.lib.memory import Memory
from amaranth.lib.wiring import In, Out
from amaranth.sim import DomainReset, Simulator

from sim.engines.native import windows
from sim.engines.native.circuit import Unsupported
from sim.engines.native.simulator import NativeSimEngine
from tests.sim.vcd import read_vcd


class Mood(enum.Enum, shape=2):
    CALM = 0
    TENSE = 1
    CROSS = 2


class Circuit(wiring.Component):
    """Registers narrow, wide and signed, logic behind them, a memory with ports of all kinds."""

    go: In(1)
    step: In(signed(8))
    address: In(3)
    wide: In(130)
    total: Out(signed(70))
    folded: Out(130)
    mood: Out(Mood)
    row: Out(8)
    later: Out(8)

    def __init__(self):
        super().__init__()
        self.pair = Signal(data.StructLayout({"low": 4, "high": signed(4)}))
        self.rows = Memory(shape=8, depth=6, init=range(10, 16))

    def elaborate(self, platform):
        m = Module()
        m.submodules.rows = self.rows
        now, later = self.rows.read_port(domain="comb"), self.rows.read_port()
        write = self.rows.write_port()
        with m.If(self.go):
            m.d.sync += [self.total.eq(self.total + self.step), self.pair.high.eq(self.step)]
        m.d.comb += [
            self.folded.eq(self.wide ^ Cat(self.total, self.pair)),
            self.mood.eq(Mux(self.total < 0, Mood.CROSS, Mux(self.go, Mood.TENSE, Mood.CALM))),
            now.addr.eq(self.address),
            later.addr.eq(self.address),
            write.addr.eq(self.total[:3]),
            write.data.eq(self.folded),
            write.en.eq(self.go & self.step[0]),
            self.row.eq(now.data),
            self.later.eq(later.data),
        ]
        return m


def run(engine, make, *benches, processes=(), vcd=None, clock=True):
    """What the testbenches noted; each is called with a context, the design and the notes."""
    dut, notes = make(), []
    simulator = Simulator(dut, engine=engine)
    if clock:
        simulator.add_clock(1e-6)

    def bound(bench):
        async def function(ctx):
            await bench(ctx, dut, notes.append)

        return function

    for bench in benches:
        simulator.add_testbench(bound(bench), background=bench.__name__.startswith("background"))
    for process in processes:
        simulator.add_process(bound(process))
    if vcd is None:
        simulator.run()
    else:
        with simulator.write_vcd(str(vcd)):
            simulator.run()
    return notes


def check(*benches, make=Circuit, **options):
    """Both engines make the testbenches note the same, and something."""
    notes = run(NativeSimEngine, make, *benches, **options)
    assert notes
    assert notes == run("pysim", make, *benches, **options)


def test_logic_follows_what_is_set_at_once():
    async def bench(ctx, dut, note):
        note(ctx.get(dut.folded))
        for value in (1, -1, 1 << 129, (1 << 130) - 1):
            ctx.set(dut.wide, value)
            note(ctx.get(dut.folded))
        for address in range(8):
            ctx.set(dut.address, address)
            note((ctx.get(dut.row), ctx.get(dut.row + dut.address)))

    check(bench)


def test_edges_and_what_is_sampled_before_them():
    async def bench(ctx, dut, note):
        ctx.set(dut.go, 1)
        for step in (1, 2, -128, 127, -3):
            ctx.set(dut.step, step)
            note(await ctx.tick().sample(dut.total, dut.mood, dut.pair))
            note((ctx.get(dut.total), ctx.get(dut.mood), ctx.get(dut.pair.high)))
        note(await ctx.tick().sample(dut.later, dut.total).repeat(3))
        note(await ctx.tick().sample(dut.later).until(dut.total < -8))

    check(bench)


def test_registers_and_rows_may_be_set():
    async def bench(ctx, dut, note):
        ctx.set(dut.total, -5)
        note((ctx.get(dut.total), ctx.get(dut.mood), ctx.get(dut.folded)))
        ctx.set(dut.total[64:], 3)
        note(ctx.get(dut.total))
        ctx.set(dut.rows.data[4], 99)
        note(list(map(ctx.get, dut.rows.data)))
        ctx.set(dut.address, 4)
        note((ctx.get(dut.row), await ctx.tick().sample(dut.later), ctx.get(dut.later)))

    check(bench)


def test_logic_may_not_be_set():
    async def bench(ctx, dut, note):
        try:
            ctx.set(dut.mood, Mood.CROSS)
        except DriverConflict as error:
            note(str(error))

    check(bench)


def test_the_reset_may_be_pulled():
    async def bench(ctx, dut, note):
        reset = ctx._design.fragment.domains["sync"].rst
        ctx.set(Cat(dut.go, dut.step), 0b111)
        note(await ctx.tick().sample(dut.total).repeat(4))
        ctx.set(reset, 1)
        try:
            await ctx.tick().repeat(2)
        except DomainReset:
            note(ctx.get(dut.total))
        ctx.set(reset, 0)
        note(await ctx.tick().sample(dut.total).repeat(3))

    check(bench)


def test_waiting_for_edges_changes_and_times():
    async def bench(ctx, dut, note):
        ctx.set(dut.go, 1)
        ctx.set(dut.step, 3)
        note(await ctx.delay(0.3e-6))
        note(await ctx.changed(dut.total))
        note(await ctx.posedge(dut.total[1]))
        note(await ctx.edge(dut.total[0], 0))
        note(await ctx.negedge(dut.total[1]).delay(20e-6))
        note(await ctx.delay(1e-6).changed(dut.mood))

    async def background_watcher(ctx, dut, note):
        while True:
            note(("seen", await ctx.changed(dut.total)))

    check(bench, background_watcher)


def test_a_process_stands_in_for_registers():
    async def bench(ctx, dut, note):
        ctx.set(dut.go, 1)
        for _ in range(6):
            note(await ctx.tick().sample(dut.step, dut.total, dut.row))

    async def follow(ctx, dut, note):
        async for _clock, _reset, total in ctx.tick().sample(dut.total):
            ctx.set(dut.step, total + 1)

    async def answer(ctx, dut, note):
        async for (total,) in ctx.changed(dut.total):
            ctx.set(dut.address, total & 7)

    check(bench, processes=(follow, answer))


def test_testbenches_take_turns():
    async def first(ctx, dut, note):
        for step in range(4):
            ctx.set(dut.step, step)
            await ctx.tick()
            note(("first", ctx.get(dut.total)))

    async def second(ctx, dut, note):
        ctx.set(dut.go, 1)
        async for _clock, _reset, step in ctx.tick().sample(dut.step):
            note(("second", step, ctx.get(dut.total)))
            if step == 3:
                return

    check(first, second)


def test_logic_needs_no_clock():
    class Adder(wiring.Component):
        a: In(64)
        b: In(64)
        y: Out(65)

        def elaborate(self, platform):
            m = Module()
            m.d.comb += self.y.eq(self.a + self.b)
            return m

    async def bench(ctx, dut, note):
        ctx.set(dut.a, (1 << 64) - 1)
        ctx.set(dut.b, 2)
        note(ctx.get(dut.y))

    check(bench, make=Adder, clock=False)


def test_signals_of_the_testbench_alone():
    async def bench(ctx, dut, note):
        ctx.set(flag, 1)
        note((ctx.get(flag), ctx.get(flag ^ dut.go), await ctx.tick().sample(flag)))

    flag = Signal(name="flag")
    check(bench)


def test_a_simulator_that_is_reset_starts_again():
    def noted(engine):
        dut, notes = Circuit(), []

        async def bench(ctx):
            ctx.set(dut.go, 1)
            ctx.set(dut.step, 5)
            notes.append(await ctx.tick().sample(dut.total).repeat(3))
            notes.append(list(map(ctx.get, dut.rows.data)))

        simulator = Simulator(dut, engine=engine)
        simulator.add_clock(1e-6)
        simulator.add_testbench(bench)
        simulator.run()
        simulator.reset()
        simulator.run()
        return notes

    notes = noted(NativeSimEngine)
    assert notes[:2] == notes[2:]
    assert notes == noted("pysim")


def test_waveforms_show_the_same(tmp_path):
    async def bench(ctx, dut, note):
        ctx.set(dut.go, 1)
        for step in (1, -4, 7, 120, -90):
            ctx.set(dut.step, step)
            ctx.set(dut.wide, step)
            note(await ctx.tick().sample(dut.total))

    waves = []
    for engine in ("pysim", NativeSimEngine):
        path = tmp_path / "trace.vcd"
        run(engine, Circuit, bench, vcd=path)
        waves.append(course_of(read_vcd(path)))
    assert len(waves[0]) > 10
    assert waves[0] == waves[1]


def course_of(trace):
    """{variable: its values and from when on}, without those that last for no time."""
    courses = {}
    for name, shape in trace.variables.items():
        course = [(None, shape)]
        for time, value in trace.of(name).items():
            if course[-1][1] != value:
                course.append((time, value))
        courses[name] = course
    return courses


def test_a_register_that_never_changes_cannot_be_set():
    m, held, copy = Module(), Signal(name="held", reset_less=True), Signal()
    m.d.sync += [held.eq(0), copy.eq(held)]

    async def bench(ctx, dut, note):
        ctx.set(held, 1)

    with pytest.raises(Unsupported, match="held cannot be set"):
        run(NativeSimEngine, lambda: m, bench)


def gated():
    m, y = Module(), Signal()
    m.d.sync += y.eq(ClockSignal())
    return m


def falling():
    m, y = Module(), Signal()
    m.domains.sync = ClockDomain(clk_edge="neg")
    m.d.sync += y.eq(~y)
    return m


@pytest.mark.parametrize(
    "make, complaint",
    [
        (gated, r"the clock clk is read as data"),
        (falling, r"falling clock edge at .*test_simulator\.py:\d+"),
    ],
)
def test_what_cannot_be_computed_is_refused(make, complaint):
    # Every time: a refusal leaves nothing behind that looks like an answer.
    for _ in range(2):
        with pytest.raises(Unsupported, match=complaint):
            Simulator(make(), engine=NativeSimEngine)


def test_the_second_of_a_kind_is_not_translated(tmp_path, monkeypatch):
    class Engine(NativeSimEngine):
        directory = tmp_path

    async def bench(ctx, dut, note):
        ctx.set(Cat(dut.go, dut.step), 0b111)
        note(await ctx.tick().sample(dut.total).repeat(4))

    first = run(Engine, Circuit, bench)
    monkeypatch.setattr(windows, "Model", None)
    assert run(Engine, Circuit, bench) == first


def test_what_the_cache_lost_is_made_again(tmp_path):
    class Engine(NativeSimEngine):
        directory = tmp_path

    async def bench(ctx, dut, note):
        note(ctx.get(dut.row))

    first = run(Engine, Circuit, bench)
    (library,) = tmp_path.glob("*.so")
    library.unlink()
    (record,) = tmp_path.glob("windows-*.json")
    assert run(Engine, Circuit, bench) == first
    record.write_text(re.sub(r"^.*", "{", record.read_text()))
    assert run(Engine, Circuit, bench) == first
