"""Designs with several clocks, falling edges and asynchronous resets: as pysim runs them."""

from random import Random

import pytest
from amaranth.hdl import Cat, ClockDomain, Cover, DomainRenamer, Format, Module, Print, Signal
from amaranth.lib.memory import Memory
from amaranth.sim import Simulator

from tests.sim.engines.native.testbench.benches import ENGINES, AtOnce, bound_in_time
from tests.sim.engines.native.testbench.random_circuit import RandomCircuit
from tests.sim.vcd import read_vcd

#: Circuits that are compiled together, and moments at which they are looked at.
BATCH, MOMENTS = 10, 40
DOMAINS = {
    "sync": {},
    "fall": {"clk_edge": "neg"},
    "both": {"clk_edge": "neg"},
    "quick": {"async_reset": True},
    "free": {"reset_less": True},
}


def domains():
    """One of each kind; `both` takes the falling edge of the clock of `sync`."""
    made = {name: ClockDomain(name, **options) for name, options in DOMAINS.items()}
    made["both"].clk = made["sync"].clk
    return [*made.values()]


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


def simulated(engine, module, bench, periods, vcd=None):
    """Runs a testbench with a clock for each domain; `periods` has periods and phases."""
    simulator = Simulator(module, engine=engine)
    bound_in_time(simulator)
    for name, (period, phase) in periods.items():
        simulator.add_clock(period * 1e-7, phase=phase * 1e-7, domain=name, if_exists=True)
    simulator.add_testbench(bench)
    if vcd is None:
        simulator.run()
    else:
        with simulator.write_vcd(str(vcd)):
            simulator.run()


def random_periods(random):
    clocks = [name for name in DOMAINS if name != "both"]
    return {name: (random.choice((2, 3, 3, 4, 7)), random.choice((0, 1, 1, 2))) for name in clocks}


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
        simulated(engine, design.module, bench, random_periods(Random(seed)), path)
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

        simulated(engine, design.module, bound, random_periods(Random(0)))
        results.append(notes)
    assert len(results[0]) == 15
    assert results[0] == results[1] == results[2]


def pytest_generate_tests(metafunc):
    """One circuit for ten of those with one clock."""
    if "first" in metafunc.fixturenames:
        seed = metafunc.config.getoption("--fuzz-seed")
        count = metafunc.config.getoption("--fuzz-circuits") // 10
        metafunc.parametrize("first", range(seed, seed + max(1, count), BATCH))


def test_random_circuits_in_random_domains(first, capsys):
    """Some of the inputs of one are registers of the one before, in whatever domain that is."""
    notes, printed = [], []
    for engine in ENGINES:
        random, seen = Random(first), []
        top, circuits, free = several(random, range(first, first + BATCH))

        async def bench(ctx, random=random, circuits=circuits, free=free, seen=seen):
            resets = [ctx._design.fragment.domains[name].rst for name in ("sync", "quick")]
            for _ in range(MOMENTS):
                await ctx.delay(random.choice((0.5e-7, 1e-7, 2.3e-7)))
                for signal in free:
                    if random.random() < 0.5:
                        ctx.set(signal.as_unsigned(), random.getrandbits(len(signal)))
                for reset in resets:
                    ctx.set(reset, random.random() < 0.1)
                known = [value for circuit in circuits for value in circuit.known]
                seen.append([ctx.get(value.as_unsigned()) for value in known])

        simulated(engine, top, bench, random_periods(Random(first)))
        notes.append(seen)
        # Which of the domains comes first is nowhere said.
        printed.append(sorted(capsys.readouterr().out.splitlines()))
    assert len(printed[0]) > MOMENTS
    assert printed[0] == printed[1] == printed[2]
    for moment, (one, *others) in enumerate(zip(*notes, strict=True)):
        assert others == [one, one], f"seed {first}, moment {moment}"
    assert len({tuple(seen) for seen in notes[0]}) == MOMENTS


def several(random, seeds):
    """A design of random circuits, each in a random domain, with its circuits and inputs."""
    top, circuits, free = Module(), [], []
    top.domains += domains()
    registers = []
    for seed in seeds:
        name = random.choice([*DOMAINS])
        circuit = RandomCircuit(seed, pulled=True, at_once=name in ("quick", "free"))
        top.submodules[f"circuit{seed}"] = DomainRenamer(name)(circuit.module)
        for signal in circuit.inputs:
            if registers and random.random() < 0.4:
                top.d.comb += signal.eq(random.choice(registers))
            else:
                free.append(signal)
        registers += circuit.registers
        circuits.append(circuit)
        if name == "quick":  # for pysim its reset's rise is an edge, too
            continue
        shown = random.sample(circuit.known, 2)
        with top.If(circuit.registers[0].any()):
            top.d[name] += Print(Format("{} {:x} in {}", *shown, seed))
        top.d[name] += Cover(shown[1].any(), Format("{}", shown[0]))
    return top, circuits, free


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

    simulated(AtOnce, m, bench, {"sync": (2, 1)})
    assert notes == [1]
