"""Who waits for one signal and samples another: logic follows one step later, as on pysim."""

from contextlib import suppress

import pytest
from amaranth.hdl import Cat, ClockDomain, Module, ResetSignal, Signal
from amaranth.lib import wiring
from amaranth.lib.memory import Memory
from amaranth.lib.wiring import In, Out
from amaranth.sim import BrokenTrigger

from tests.sim.engines.native.testbench.benches import AtOnce, Circuit, check, run


class Pipe(wiring.Component):
    """An input, a register that counts with it, logic behind both in two modules, one row."""

    step: In(8, init=1)
    count: Out(8)
    near: Out(10)
    far: Out(12)
    mixed: Out(9)
    row: Out(8)

    def __init__(self):
        super().__init__()
        self.rows = Memory(shape=8, depth=4, init=[10, 20, 30, 40])

    def elaborate(self, platform):
        m = Module()
        m.submodules.rows = self.rows
        m.submodules.inner = inner = Module()
        port = self.rows.read_port(domain="comb")
        m.d.sync += [self.count.eq(self.count + self.step), self.mixed[:8].eq(self.step)]
        inner.d.comb += self.near.eq(self.count * 2 + self.step[0])
        m.d.comb += [
            self.far.eq(self.near * 3),
            self.mixed[8].eq(self.count[0]),
            port.addr.eq(self.count),
            self.row.eq(port.data),
        ]
        return m


async def driving(ctx, dut, note):
    for number in range(12):
        await ctx.delay(7e-7)
        ctx.set(dut.step, number * 5 & 7)
        note(("set", ctx.get(dut.far)))


def everything(dut, kind=""):
    """What is sampled: who waits for logic sees what follows from that as it is in the end."""
    near = [dut.step, dut.count, dut.near, dut.mixed, dut.near + dut.count]
    return near if "logic" in kind else [*near, dut.far, dut.row]


WAITS = {
    "register": lambda ctx, dut: ctx.changed(dut.count),
    "input": lambda ctx, dut: ctx.changed(dut.step),
    "either": lambda ctx, dut: ctx.changed(dut.count, dut.step),
    "edge of a register": lambda ctx, dut: ctx.edge(dut.count[0], 1),
    "edge of an input": lambda ctx, dut: ctx.negedge(dut.step[0]),
    "register or time": lambda ctx, dut: ctx.delay(4e-7).changed(dut.count),
    "tick": lambda ctx, dut: ctx.tick()._collect_trigger(),
    "edge of the clock or a register": lambda ctx, dut: ctx.edge(
        ctx._design.fragment.domains["sync"].clk, 0
    ).changed(dut.count),
    "logic": lambda ctx, dut: ctx.changed(dut.near),
    "logic and what it follows": lambda ctx, dut: ctx.changed(dut.near, dut.count),
    "register and logic by turns": lambda ctx, dut: ctx.edge(dut.count[1], 1).edge(dut.near[0], 1),
}


@pytest.mark.parametrize("kind", WAITS)
def test_what_is_sampled_once(kind):
    async def background_watch(ctx, dut, note):
        while True:
            try:
                seen = await WAITS[kind](ctx, dut).sample(*everything(dut, kind))
            except BrokenTrigger:
                seen = "broken"
                await ctx.delay(1e-7)
            note((kind, seen, [ctx.get(each) for each in everything(dut)]))

    check(driving, background_watch, make=Pipe)


@pytest.mark.parametrize("kind", WAITS)
def test_what_is_sampled_again_and_again(kind):
    async def background_watch(ctx, dut, note):
        with suppress(BrokenTrigger):
            async for seen in WAITS[kind](ctx, dut).sample(*everything(dut, kind)):
                note((kind, seen, [ctx.get(each) for each in everything(dut)]))
        note("broken")

    check(driving, background_watch, make=Pipe)


@pytest.mark.parametrize("kind", WAITS)
def test_what_a_process_samples(kind):
    async def watch(ctx, dut, note):
        async for seen in WAITS[kind](ctx, dut).sample(dut.count, dut.near, dut.mixed, dut.step):
            note((kind, seen))

    check(driving, make=Pipe, processes=(watch,))


def test_a_process_answers_to_a_register_before_one_does_to_logic():
    async def to_logic(ctx, dut, note):
        async for near, count in ctx.changed(dut.near).sample(dut.count):
            if near > 1:  # at the start either may be the first
                note(("logic", near, count))

    async def to_register(ctx, dut, note):
        async for count, near in ctx.changed(dut.count).sample(dut.near):
            if count:
                note(("register", count, near))
                ctx.set(dut.step, count | 1)

    async def ticking(ctx, dut, note):
        for _ in range(10):
            note(await ctx.tick().sample(*everything(dut)))

    check(ticking, make=Pipe, processes=(to_logic, to_register))


def test_a_row_of_a_memory_is_sampled_as_it_is():
    async def setting(ctx, dut, note):
        for number in range(6):
            await ctx.tick()
            ctx.set(dut.rows.data[number % 4], number)
            ctx.set(dut.step, number)

    async def background_watch(ctx, dut, note):
        while True:
            row = dut.rows.data[1]
            note(await ctx.changed(dut.step).sample(row, row + dut.near, dut.row))

    check(setting, background_watch, make=Pipe)


def test_who_waits_for_a_reset_sees_logic_from_before():
    def make():
        m = Module()
        m.domains.sync = ClockDomain(async_reset=True)
        m.domains.slow = ClockDomain()
        m.count, m.logic, m.reads = Signal(8), Signal(8), Signal()
        m.resets = [ResetSignal(), ResetSignal("slow")]
        m.d.sync += m.count.eq(m.count + 1)
        m.d.slow += Signal(name="other").eq(m.count)
        m.d.comb += [m.logic.eq(m.count + 5), m.reads.eq(Cat(m.resets).any())]
        return m

    async def pulling(ctx, dut, note):
        domains = ctx._design.fragment.domains
        for level in (0, 1, 0, 1):
            await ctx.tick().repeat(3)
            for name in ("sync", "slow"):
                ctx.set(domains[name].rst, level)
                note([ctx.get(each) for each in (dut.count, dut.logic, dut.reads)])
            ctx.set(domains["sync"].rst, 0)

    async def background_watch(ctx, dut, note):
        domains = ctx._design.fragment.domains
        while True:
            triggers = ctx.changed(domains["sync"].rst, domains["slow"].rst)
            with suppress(BrokenTrigger):
                note(await triggers.sample(dut.count, dut.logic, dut.reads))

    async def background_tick(ctx, dut, note):
        while True:
            with suppress(BrokenTrigger):
                note(await ctx.tick().sample(dut.count, dut.logic, dut.reads))

    check(pulling, background_watch, background_tick, make=make)


def test_who_waits_for_both_is_told_of_logic_after_what_it_follows():
    async def setter(ctx, dut, note):
        for value in (7, -1, -2):
            await ctx.delay(1e-7)
            ctx.set(dut.total, value)

    async def background_waiter(ctx, dut, note):
        while True:
            try:
                note(await ctx.changed(dut.total, dut.mood))
            except BrokenTrigger:
                note("broken")

    check(setter, background_waiter)


def test_ticks_alone_cost_no_more():
    """What follows is computed when somebody looks, which here nobody does."""
    settled = []

    class Counting(AtOnce):
        def step_design(self):
            super().step_design()
            settled.append(not self._state.native.stale)

    async def ticking(ctx, dut, note):
        note(await ctx.tick().sample(dut.total).repeat(5))
        ctx.set(dut.go, 1)
        await ctx.tick().repeat(5)

    run(Counting, Circuit, ticking)
    assert not all(settled)
