"""Designs with several clocks, falling edges and asynchronous resets: as pysim runs them."""

from contextlib import suppress
from random import Random

import pytest
from amaranth.hdl import Cat, ClockDomain, ClockSignal, Module, Signal, signed
from amaranth.lib.memory import Memory
from amaranth.sim import BrokenTrigger

from tests.sim.engines.native.testbench.benches import ENGINES, AtOnce
from tests.sim.engines.native.testbench.many_clocks import (
    BATCH,
    DOMAINS,
    MOMENTS,
    disagreements,
    domains,
    ran,
    random_periods,
    simulated,
)
from tests.sim.vcd import read_vcd


class Crossing:
    """A register in each domain, which the next one reads, and a memory between two of them."""

    def __init__(self):
        self.module = m = Module()
        m.domains += domains()
        self.go = Signal(4)
        self.registers = [Signal(8, name=name, init=at) for at, name in enumerate(DOMAINS)]
        before = [self.registers[-1], *self.registers]
        for name, register, other in zip(DOMAINS, self.registers, before, strict=False):
            m.d[name] += register.eq(register + other + self.go)
        m.submodules.rows = rows = Memory(shape=8, depth=4, init=[1, 2, 3])
        write, self.read = rows.write_port(), rows.read_port(domain="fall")
        m.d.comb += [
            Cat(write.addr, write.data).eq(Cat(self.registers[:2])),
            write.en.eq(self.go[0]),
            self.read.addr.eq(self.registers[1]),
            self.read.en.eq(self.registers[0][1]),
        ]

    @property
    def seen(self):
        return [*self.registers, self.read.data]


@pytest.mark.parametrize("seed", range(5))
def test_values_cross_from_one_domain_to_the_next(seed, tmp_path):
    notes, waves = [], []
    for engine in ENGINES:
        random, design, seen = Random(seed), Crossing(), []

        async def bench(ctx, random=random, design=design, seen=seen):
            reset = ctx._design.fragment.domains["quick"].rst
            for _ in range(MOMENTS):
                await ctx.delay(random.choice((0.5e-7, 1e-7, 2.3e-7)))
                ctx.set(design.go, random.getrandbits(4))
                ctx.set(reset, random.random() < 0.1)
                seen.append([ctx.get(signal) for signal in design.seen])

        path = tmp_path / f"{len(notes)}.vcd"
        simulated(engine, design.module, [bench], random_periods(Random(seed)), path)
        notes.append(seen)
        waves.append(read_vcd(path))
    assert notes[0] == notes[1] == notes[2]
    assert len({tuple(seen) for seen in notes[0]}) > MOMENTS // 2
    for name in waves[0].variables:
        assert waves[0].of(name) == waves[1].of(name) == waves[2].of(name), name


def test_a_tick_in_one_domain_samples_another():
    async def bench(ctx, design, note):
        ctx.set(design.go, 3)
        for name in ("sync", "fall", "quick", "free") * 3:
            note(await ctx.tick(name).sample(*design.seen))
        ctx.set(ctx._design.fragment.domains["quick"].rst, 1)
        note([ctx.get(signal) for signal in design.seen])
        note(await ctx.tick("quick").sample(*design.seen))
        note(await ctx.tick("fall").sample(*design.seen))

    results = []
    for engine in ENGINES:
        design, notes = Crossing(), []

        async def bound(ctx, design=design, notes=notes):
            await bench(ctx, design, notes.append)

        simulated(engine, design.module, [bound], random_periods(Random(0)))
        results.append(notes)
    assert len(results[0]) == 15
    assert results[0] == results[1] == results[2]


def shared(*names):
    """A signal whose bits are driven by a module each, in these domains, and what drives them."""
    m, shared, bits = Module(), Signal(signed(5), init=-11), [Signal(name=n) for n in "abc"]
    m.domains += domains()
    for at, (name, bit) in enumerate(zip(names, bits, strict=True)):
        m.submodules[f"part{at}"] = part = Module()
        part.d[name] += shared[2 * at].eq(bit)
    read = Signal(8)
    m.d.quick += read.eq(shared)
    return m, bits, [shared, read]


@pytest.mark.parametrize(
    "names",
    [
        *(("comb", "comb", "comb"), ("sync", "sync", "sync"), ("quick", "quick", "quick")),
        *(("comb", "sync", "fall"), ("fall", "comb", "quick")),
    ],
)
def test_modules_may_share_a_signal(names, tmp_path):
    """Who waits for it sees it change, and its waveform is the same; so with domains."""
    results = []
    for engine in ENGINES:
        (module, bits, seen), random, notes = shared(*names), Random(3), []

        async def bench(ctx, bits=bits, seen=seen, random=random, notes=notes):
            for _ in range(MOMENTS):
                await ctx.delay(random.choice((1e-7, 2.3e-7)))
                for bit in bits:
                    ctx.set(bit, random.getrandbits(1))
                for name in ("sync", "quick"):
                    if name in names:
                        ctx.set(ctx._design.fragment.domains[name].rst, random.random() < 0.2)
                notes.append([ctx.get(signal) for signal in seen])

        async def watch(ctx, seen=seen, notes=notes):
            with suppress(BrokenTrigger):
                while True:
                    notes.append(await ctx.changed(seen[0]))

        path = tmp_path / "shared.vcd"
        simulated(engine, module, [bench, watch], random_periods(random), path)
        trace = read_vcd(path)
        results.append((notes, {name: trace.of(name) for name in trace.variables}))
    assert len(results[0][0]) > MOMENTS
    assert results[0] == results[1] == results[2]


def reading():
    """Logic that reads clocks, of its own domain and of others, and registers behind it."""
    m, go, name, shown = Module(), Signal(), Signal(name="name"), Signal(3)
    m.domains += domains()
    m.submodules.part = part = Module()
    part.d.comb += name.eq(ClockSignal())
    m.d.comb += shown.eq(Cat(name & go, ClockSignal("quick") ^ name, ClockSignal("fall")))
    registers = [Signal(8, name=each) for each in ("one", "two", "three")]
    # Nothing is in `quick`, whose clock rises along with the others all the same.
    for domain, register in zip(("sync", "fall", "free"), registers, strict=True):
        m.d[domain] += register.eq(register * 3 + shown)
    return m, go, [name, shown, *registers]


@pytest.mark.parametrize("seed", range(4))
def test_logic_may_read_clocks(seed):
    """It sees a level once the registers have seen the edge, as pysim has it."""
    results = []
    for engine in ENGINES:
        (module, go, seen), random, notes = reading(), Random(seed), []

        async def bench(ctx, go=go, seen=seen, random=random, notes=notes):
            for _ in range(MOMENTS):
                await ctx.delay(random.choice((0.5e-7, 1e-7, 2.3e-7)))
                ctx.set(go, random.getrandbits(1))
                notes.append([ctx.get(signal) for signal in seen])

        async def sample(ctx, seen=seen, notes=notes):
            async for values in ctx.tick().sample(*seen):
                notes.append(values)

        async def watch(ctx, name=seen[0], notes=notes):
            async for level in ctx.changed(name):
                notes.append(level)

        simulated(engine, module, [bench, sample, watch], random_periods(random))
        results.append(notes)
    assert len(results[0]) > MOMENTS
    assert results[0] == results[1] == results[2]


def pytest_generate_tests(metafunc):
    """One circuit for ten of those with one clock."""
    if "block" in metafunc.fixturenames:
        seed = metafunc.config.getoption("--fuzz-seed") // BATCH
        count = metafunc.config.getoption("--fuzz-circuits") // 10 // BATCH
        metafunc.parametrize("block", range(seed, seed + max(1, count)))


def test_random_circuits_in_random_domains(block, tmp_path):
    assert disagreements(block, tmp_path) == []


def test_a_random_design_has_something_to_tell_of_each_kind(tmp_path):
    run = ran("pysim", 42, tmp_path)
    assert MOMENTS // 2 < len({tuple(seen) for seen in run.values}) < MOMENTS
    assert sum(map(len, run.printed)) > MOMENTS
    assert {kind for _number, kind, *_seen in run.events} >= {"tick", "change", "delay"}
    assert run.error == "Assumption violated: 3"
    assert sum(map(len, run.waves.values())) > 1000


def test_what_has_no_reset_keeps_out_of_an_asynchronous_one():
    """As in the netlist, and so in Verilog; pysim takes the reset's rise for an edge as well."""
    m, kept = Module(), Signal(8, reset_less=True)
    m.domains.sync = ClockDomain(async_reset=True)
    m.d.sync += kept.eq(kept + 1)
    notes = []

    async def bench(ctx):
        await ctx.tick()
        ctx.set(ctx._design.fragment.domains["sync"].rst, 1)
        notes.append(ctx.get(kept))

    simulated(AtOnce, m, [bench], {"sync": (2, 1)})
    assert notes == [1]
