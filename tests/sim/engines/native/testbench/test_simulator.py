"""Ordinary testbenches and processes, natively and on Amaranth's own engine: no difference."""

from amaranth.hdl import Cat, ClockDomain, Module, Signal
from amaranth.lib import wiring
from amaranth.lib.memory import Memory
from amaranth.lib.wiring import In, Out
from amaranth.sim import DomainReset, Simulator

from tests.sim.engines.native.testbench.benches import ENGINES, AtOnce, Circuit, check, run
from tests.sim.vcd import read_vcd


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


def test_a_read_port_that_is_not_enabled_keeps_its_data_through_a_reset():
    m = Module()
    m.submodules.rows = rows = Memory(shape=8, depth=1, init=[42])
    port = rows.read_port()
    domain = m.domains.sync = ClockDomain("sync")

    async def bench(ctx, dut, note):
        await ctx.tick()
        ctx.set(Cat(domain.rst, port.en), 0b01)
        await ctx.tick()
        note(ctx.get(port.data))

    # As in the netlist, and so in Verilog; pysim clears it.
    assert run(AtOnce, lambda: m, bench) == [42]


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


def test_processes_are_woken_by_what_logic_makes_of_the_initial_values():
    """Since they begin before logic does; again after a reset."""

    def noted(engine):
        m, busy, ready, notes = Module(), Signal(), Signal(), []
        m.d.comb += ready.eq(~busy)

        async def risen(ctx):
            await ctx.posedge(ready)
            notes.append("risen")

        async def changed(ctx):
            notes.append(("changed", *await ctx.changed(ready)))

        async def follow(ctx):
            async for (level,) in ctx.changed(ready):
                notes.append(("follows", level))

        async def bench(ctx):
            notes.append(("bench", ctx.get(ready)))
            await ctx.delay(1e-6)
            ctx.set(busy, 1)
            await ctx.delay(1e-6)

        simulator = Simulator(m, engine=engine)
        for process in (risen, changed, follow):
            simulator.add_process(process)
        simulator.add_testbench(bench)
        simulator.run()
        simulator.reset()
        simulator.run()
        return sorted(notes, key=str)  # processes take turns in any order

    notes = noted(AtOnce)
    assert notes == noted("pysim")
    assert notes.count("risen") == notes.count(("changed", 1)) == notes.count(("follows", 1)) == 2


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


def test_waveforms_show_the_same(tmp_path):
    async def bench(ctx, dut, note):
        ctx.set(dut.go, 1)
        for step in (1, -4, 7, 120, -90):
            ctx.set(dut.step, step)
            ctx.set(dut.wide, step)
            note(await ctx.tick().sample(dut.total))

    waves = []
    for engine in ENGINES:
        path = tmp_path / "trace.vcd"
        run(engine, Circuit, bench, vcd=path)
        waves.append(course_of(read_vcd(path)))
    assert len(waves[0]) > 10
    assert waves[0] == waves[1] == waves[2]


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
