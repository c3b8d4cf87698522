"""A circuit and testbenches that run on two engines of Amaranth's simulator."""

from amaranth.hdl import Cat, Module, Mux, Signal, signed
from amaranth.lib import data, enum, wiring
from amaranth.lib.memory import Memory
from amaranth.lib.wiring import In, Out
from amaranth.sim import Simulator

from sim.engines.native.testbench.simulator import NativeSimEngine

__all__ = ["ENGINES", "AtOnce", "Circuit", "Late", "Mood", "bound_in_time", "check", "run"]


class AtOnce(NativeSimEngine):
    """Compiles every design before it runs."""

    moments = 0


class Late(NativeSimEngine):
    """Compiles it in the midst of most runs, as if it were not known."""

    moments = 5

    def _known_design(self):
        self._left = self.moments


ENGINES = ("pysim", AtOnce, Late)

#: Seconds of simulated time that a testbench may take; a cycle is a microsecond.
PATIENCE = 1e-3


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


def bound_in_time(simulator):
    """Who waits for what never comes fails, instead of waiting for ever."""

    async def give_up(ctx):
        await ctx.delay(PATIENCE)
        raise TimeoutError(f"no end after {PATIENCE} s of simulated time")

    simulator.add_testbench(give_up, background=True)


def run(engine, make, *benches, processes=(), vcd=None, clock=True):
    """What the testbenches noted; each is called with a context, the design and the notes."""
    dut, notes = make(), []
    simulator = Simulator(dut, engine=engine)
    bound_in_time(simulator)
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
    """All engines make the testbenches note the same, and something."""
    expected, *others = (run(engine, make, *benches, **options) for engine in ENGINES)
    assert expected
    for notes in others:
        assert notes == expected
