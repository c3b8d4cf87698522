"""Random designs with several clocks, resets and claims, on each engine: all that can be told.

A design is of ten random circuits, each in a domain of a random kind, that read each other's
registers, and some a clock; each prints and covers, one claims what does not hold for ever, and a
module beside them speaks in `comb`. Beside the testbench that drives it others wait for what
happens: ticks, edges, changes, time, and sample logic then; two processes drive inputs by what they
have sampled at an edge, as logic would, and in some designs another one makes a clock. Noted are
the values of signals, what was printed, who woke when and saw what, the waveform, and what ended
the run.
"""

import io
import warnings
from contextlib import redirect_stdout, suppress
from dataclasses import dataclass, field
from random import Random

from amaranth.hdl import (
    Assert,
    Assume,
    Cat,
    ClockDomain,
    ClockSignal,
    Cover,
    DomainRenamer,
    Format,
    Module,
    Mux,
    Print,
    Signal,
)
from amaranth.sim import BrokenTrigger, Simulator

from sim.engines.native.testbench.simulator import NotNative
from tests.sim.engines.native.testbench.benches import ENGINES, bound_in_time
from tests.sim.engines.native.testbench.random_circuit import RandomCircuit
from tests.sim.vcd import read_vcd

__all__ = [
    "BATCH",
    "DOMAINS",
    "MOMENTS",
    "Run",
    "disagreements",
    "domains",
    "ran",
    "random_periods",
    "simulated",
]

#: Circuits of a design, and moments at which they are looked at.
BATCH, MOMENTS = 10, 40
DOMAINS = {
    "sync": {},
    "fall": {"clk_edge": "neg"},
    "both": {"clk_edge": "neg"},
    "quick": {"async_reset": True},
    "free": {"reset_less": True},
}
#: Those who wait for something.
WATCHERS = 6


def domains():
    """One of each kind; `both` takes the falling edge of the clock of `sync`."""
    made = {name: ClockDomain(name, **options) for name, options in DOMAINS.items()}
    made["both"].clk = made["sync"].clk
    return [*made.values()]


def random_periods(random):
    """Period and phase of each clock."""
    clocks = [name for name in DOMAINS if name != "both"]
    return {name: (random.choice((2, 3, 3, 4, 7)), random.choice((0, 1, 1, 2))) for name in clocks}


def simulated(engine, module, benches, periods, vcd=None, processes=()):
    """Runs testbenches, the first of which ends the run, with a clock for each domain."""
    simulator = Simulator(module, engine=engine)
    bound_in_time(simulator)
    for name, (period, phase) in periods.items():
        simulator.add_clock(period * 1e-7, phase=phase * 1e-7, domain=name, if_exists=True)
    for number, bench in enumerate(benches):
        simulator.add_testbench(bench, background=number > 0)
    for process in processes:
        simulator.add_process(process)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", NotNative)  # of a clock that a process makes
        if vcd is None:
            simulator.run()
        else:
            with simulator.write_vcd(str(vcd)):
                simulator.run()


@dataclass
class Run:
    """What was noted.

    Members
    -------
    values : list
        Of each moment those of all that the circuits know.
    printed : list
        Lines up to each moment, those of one moment in the order of the alphabet: which of the
        domains comes first is nowhere said.
    events : list
        Who woke, and what it saw, in order.
    error : str
        What ended the run before its end.
    waves : dict of dict
        Of each variable of the waveform its values by the times at which they changed. The moment
        that an error ended is left out: a property in `comb` ends it before all has settled.
    """

    values: list = field(default_factory=list)
    printed: list = field(default_factory=list)
    events: list = field(default_factory=list)
    error: str = ""
    waves: dict = field(default_factory=dict)


def disagreements(block, directory):
    """Where one engine tells something else of the design `block` than pysim: lines."""
    expected, *others = [ran(engine, block, directory) for engine in ENGINES]
    lines = []
    for engine, run in zip(ENGINES[1:], others, strict=True):
        where = f"design {block}, {engine.__name__}"
        if run.error != expected.error:
            lines.append(f"{where}: ended by {run.error!r}, not {expected.error!r}")
        for name in ("values", "printed", "events"):
            lines += _first(f"{where}, {name}", getattr(run, name), getattr(expected, name))
        for name in sorted({*run.waves, *expected.waves}):
            if run.waves.get(name) != expected.waves.get(name):
                lines.append(f"{where}: the waveform of {name}")
    return lines


def _first(where, found, expected):
    if found == expected:
        return []
    number = next(
        (n for n, pair in enumerate(zip(found, expected, strict=False)) if pair[0] != pair[1]),
        min(len(found), len(expected)),
    )
    return [f"{where}, number {number}: {found[number:][:1]}, not {expected[number:][:1]}"]


def ran(engine, block, directory):
    """The `Run` of the design `block`, a number, on an engine; files are kept in `directory`."""
    if engine != "pysim":
        engine = type(engine.__name__, (engine,), {"directory": directory})
    random, run = Random(block), Run()
    top, circuits, free, timeless = several(random, range(BATCH * block, BATCH * (block + 1)))
    registers = [register for circuit in circuits for register in circuit.registers]
    known = [value for circuit in timeless for value in circuit.known]
    watched = [_watcher(random, registers, free, known) for _ in range(WATCHERS)]
    watchers = [_noting(number, run.events, *each) for number, each in enumerate(watched)]
    processes = [_process(random, free.pop(), registers) for _ in range(min(2, len(free)))]
    periods = random_periods(Random(block))
    if block % 4 == 3:
        processes.append(_clocking(random))
        del periods["free"]
    text, path = io.StringIO(), directory / f"{block}.vcd"

    async def drive(ctx):
        resets = [ctx._design.fragment.domains[name].rst for name in ("sync", "quick")]
        known = [value.as_unsigned() for circuit in circuits for value in circuit.known]
        for _ in range(MOMENTS):
            await ctx.delay(random.choice((0.5e-7, 1e-7, 2.3e-7)))
            for signal in free:
                if random.random() < 0.5:
                    ctx.set(signal.as_unsigned(), random.getrandbits(len(signal)))
            for reset in resets:
                ctx.set(reset, random.random() < 0.1)
            run.values.append([ctx.get(value) for value in known])
            run.printed.append(sorted(text.getvalue().splitlines()))
            text.seek(0)
            text.truncate()

    try:
        with redirect_stdout(text):
            simulated(engine, top, [drive, *watchers], periods, path, processes)
    except AssertionError as error:
        run.error = str(error)
    run.waves = _waves(path)
    if run.error:
        end = max(max(course, default=0) for course in run.waves.values())
        for course in run.waves.values():
            course.pop(end, None)
    path.unlink()
    return run


def _waves(path):
    """What changes; a value that comes and goes within a moment leaves nothing."""
    contents, waves = read_vcd(path), {}
    for name in contents.variables:
        waves[name], last = {}, None
        for time, value in contents.of(name).items():
            if value != last:
                waves[name][time] = last = value
    return waves


def _watcher(random, registers, inputs, known):
    """What somebody waits for, as a name and a function that makes it, and what that one reads.

    At that moment registers, inputs and logic behind them are sampled.
    """
    kind, domain = random.choice(("tick", "edge", "change", "delay")), random.choice([*DOMAINS])
    some, seen = random.sample(registers + inputs[:3], 3), random.sample(known, 3)
    delay, polarity = random.choice((3e-7, 8.5e-7)), random.getrandbits(1)
    triggers = {
        "tick": lambda ctx: ctx.tick(domain),
        "edge": lambda ctx: ctx.edge(some[0][0], polarity),
        "change": lambda ctx: ctx.changed(*some),
        "delay": lambda ctx: ctx.delay(delay).changed(some[0]),
    }
    return kind, lambda ctx: triggers[kind](ctx).sample(*some, *seen), [*some, *seen]


def _noting(number, events, kind, trigger, seen):
    """A testbench that waits for a trigger again and again, and notes it."""

    async def watch(ctx):
        # Who is woken twice before it runs is told so, and waits for nothing any more.
        with suppress(BrokenTrigger):
            while True:
                events.append((number, kind, await trigger(ctx), [ctx.get(each) for each in seen]))
        events.append((number, "broken"))

    return watch


def _clocking(random):
    """Makes the clock of one domain of that of another."""
    domain = random.choice(("sync", "fall", "quick"))

    async def toggle(ctx):
        level, made = 0, ctx._design.fragment.domains["free"].clk
        async for _ in ctx.tick(domain):
            level ^= 1
            ctx.set(made, level)

    return toggle


def _process(random, signal, registers):
    """Drives an input of the design by a register, at the edges of a clock."""
    domain, register = random.choice([*DOMAINS]), random.choice(registers)

    async def drive(ctx):
        async for *_, value in ctx.tick(domain).sample(register.as_unsigned()):
            ctx.set(signal.as_unsigned(), value & (1 << len(signal)) - 1)

    return drive


def several(random, seeds):
    """A design of random circuits, each in a random domain, with its circuits and inputs.

    And those of the circuits that read no clock: what follows one does so in steps of its own.
    """
    top, circuits, free, timeless, registers, claiming = Module(), [], [], [], [], []
    top.domains += domains()
    clocks = Signal(3)
    top.d.comb += clocks.eq(Cat(map(ClockSignal, random.sample([*DOMAINS], 3))))
    for seed in seeds:
        name = random.choice([*DOMAINS])
        circuit = RandomCircuit(seed, pulled=True, at_once=name in ("quick", "free"))
        top.submodules[f"circuit{seed}"] = DomainRenamer(name)(circuit.module)
        timed = False
        for signal in circuit.inputs:
            if registers and random.random() < 0.4:
                beside = clocks if random.random() < 0.2 else 0
                timed = timed or beside is clocks
                top.d.comb += signal.eq(random.choice(registers) ^ beside)
            else:
                free.append(signal)
        if not timed:
            timeless.append(circuit)
        registers += circuit.registers
        circuits.append(circuit)
        if name == "quick":  # for pysim its reset's rise is an edge, too
            continue
        shown = random.sample(circuit.known, 2)
        with top.If(circuit.registers[0].any()):
            top.d[name] += Print(Format("{} {:x} in {}", *shown, seed))
        top.d[name] += Cover(shown[1].any(), Format("{}", shown[0]))
        claiming.append((name, random.choice(circuit.registers)))
    if claiming:
        # One in each design: of two that do not hold at once either may be told.
        name, register = random.choice(claiming)
        claim, times = random.choice((Assert, Assume)), random.randint(1, 20)
        count = Signal(8, reset_less=True)
        top.d[name] += count.eq(count + 1)
        aside = top.submodules.aside = _aside(random, registers, free)
        # With or without the values that last for no time.
        module, name = random.choice(((top, name), (aside, "comb")))
        module.d[name] += claim((count < times) | ~register.any(), Format("{}", register))
    return top, circuits, free, timeless


def _aside(random, registers, inputs):
    """A module that prints and covers in `comb`, with logic in two others."""
    module, shown = Module(), []
    for name in ("near", "far"):
        module.submodules[name] = part = Module()
        some = [signal.as_unsigned() for signal in random.sample([*registers, *inputs], 3)]
        result = Signal(8)
        part.d.comb += result.eq(some[0] + Mux(some[1][0], some[2], sum(shown)))
        shown.append(result)
    before = Signal(8)
    module.d.comb += before.eq(shown[0] ^ shown[1])
    with module.If(shown[0][0]):
        module.d.comb += Print(Format("aside {} {} {}", *shown, before))
    module.d.comb += Cover(before[1], Format("aside {}", before))
    return module
