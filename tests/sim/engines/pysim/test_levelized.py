"""The faster scheduler against Amaranth's own, on a circuit with a bit of everything."""

import random

import pytest
from amaranth.hdl import Cat, Module, Mux, Signal
from amaranth.lib import data, wiring
from amaranth.lib.memory import Memory
from amaranth.lib.wiring import In, Out
from amaranth.sim import Simulator

from sim.engines.pysim.levelized import LevelizedPySimEngine, independent_groups, topological_order
from sim.output.waveform import read_waveform


class Adder(wiring.Component):
    """Combinational both ways between a module and its parent."""

    a: In(8)
    b: In(8)
    sum: Out(9)
    parity: Out(1)

    def elaborate(self, platform):
        m = Module()
        m.d.comb += [self.sum.eq(self.a + self.b), self.parity.eq(self.sum.xor())]
        return m


class Circuit(wiring.Component):
    """A submodule, memories read both ways, an FSM, a struct whose fields feed each other."""

    a: In(8)
    b: In(8)
    go: In(1)
    out: Out(32)
    state: Out(8)

    def elaborate(self, platform):
        m = Module()
        adder = m.submodules.adder = Adder()
        memory = m.submodules.memory = Memory(shape=8, depth=16, init=range(16))
        now = memory.read_port(domain="comb")
        later = memory.read_port()
        write = memory.write_port(granularity=4)
        pair = Signal(data.StructLayout({"low": 8, "high": 8, "flag": 1}))
        last = Signal(9)
        m.d.sync += last.eq(adder.sum)
        m.d.comb += [
            adder.a.eq(self.a ^ now.data),
            adder.b.eq(Mux(pair.flag, self.b, last)),
            # One field of a struct is made from another: a loop by words, none by bits.
            pair.low.eq(self.a + 1),
            pair.high.eq(pair.low ^ later.data),
            pair.flag.eq(pair.high[0]),
            now.addr.eq(self.b),
            later.addr.eq(last),
            later.en.eq(self.go),
            write.addr.eq(last >> 2),
            write.data.eq(adder.sum),
            write.en.eq(Cat(adder.parity, self.go)),
        ]
        with m.FSM():
            with m.State("IDLE"):
                with m.If(self.go):
                    m.next = "WORK"
            with m.State("WORK"):
                m.d.comb += self.state.eq(adder.sum)
                m.d.sync += self.out.eq(self.out + pair.high + 1)
                with m.If(~adder.parity):
                    m.next = "IDLE"
        return m


def run(engine, seed, vcd=None, cycles=150):
    """What comes out of the circuit in every cycle, before the edge and after it."""
    dut = Circuit()
    rng = random.Random(seed)
    seen = []

    async def testbench(ctx):
        for _ in range(cycles):
            ctx.set(dut.a, rng.randrange(256))
            ctx.set(dut.b, rng.randrange(16))
            ctx.set(dut.go, rng.randrange(2))
            seen.append((ctx.get(dut.out), ctx.get(dut.state)))
            _, _, *sampled = await ctx.tick().sample(dut.out, dut.state)
            seen.append(tuple(sampled))

    async def follower(ctx):
        async for _, _, out in ctx.tick().sample(dut.out):
            seen.append(out)

    simulator = Simulator(dut, engine=engine)
    simulator.add_clock(1e-6)
    simulator.add_process(follower)
    simulator.add_testbench(testbench)
    if vcd is None:
        simulator.run()
    else:
        with simulator.write_vcd(str(vcd)):
            simulator.run()
    return seen


@pytest.mark.parametrize("seed", range(4))
def test_it_computes_what_amaranths_scheduler_does(seed):
    expected = run("pysim", seed)

    assert len(set(expected)) > 100
    assert run(LevelizedPySimEngine, seed) == expected


def attentive(seed, changes, cycles=150):
    """`out`, `state` and the adder's sum in every cycle; `changes` say from when what is heeded."""
    dut = Circuit()
    simulator = Simulator(dut, engine=LevelizedPySimEngine)
    simulator.add_clock(1e-6)
    engine, rng, seen = simulator._engine, random.Random(seed), []

    async def testbench(ctx):
        for cycle in range(cycles):
            if cycle in changes:
                names = changes[cycle]
                engine.heed(names and [getattr(dut, name) for name in names])
            for name, most in (("a", 256), ("b", 16), ("go", 2)):
                ctx.set(getattr(dut, name), rng.randrange(most))
            seen.append((ctx.get(dut.out), ctx.get(dut.state)))
            await ctx.tick()

    simulator.add_testbench(testbench)
    simulator.run()
    return seen


@pytest.mark.parametrize("seed", range(3))
def test_what_is_heeded_and_all_flip_flops_are_as_if_all_were(seed):
    """`state` is logic that no flip-flop depends on; `out` is a flip-flop."""
    whole = attentive(seed, {})
    partly = attentive(seed, {0: ["out"]})
    assert [out for out, _ in partly] == [out for out, _ in whole]
    assert [state for _, state in partly] != [state for _, state in whole]
    assert attentive(seed, {0: ["state"]}) == whole


@pytest.mark.parametrize("seed", range(3))
def test_what_is_heeded_again_has_its_value_of_now_at_once(seed):
    whole, again = attentive(seed, {}), attentive(seed, {0: ["out"], 70: None})
    assert again[70:] == whole[70:]


def test_logic_that_feeds_itself_by_words_is_heeded_whole():
    """In a loop of groups none comes behind all that it needs."""
    m = Module()
    one, other, source, out = (Signal(8, name=name) for name in ("one", "other", "source", "out"))
    m.submodules.inner = inner = Module()
    m.d.comb += [one[:4].eq(source), one[4:].eq(other[:4]), out.eq(one)]
    inner.d.comb += [other[:4].eq(one[:4]), other[4:].eq(one[4:])]
    tick = Signal()
    m.d.sync += tick.eq(~tick)
    simulator = Simulator(m, engine=LevelizedPySimEngine)
    simulator.add_clock(1e-6)
    simulator._engine.heed([out])
    seen = []

    async def testbench(ctx):
        for value in (3, 9, 14):
            ctx.set(source, value)
            seen.append(ctx.get(out))

    simulator.add_testbench(testbench)
    simulator.run()
    assert seen == [0x33, 0x99, 0xEE]


def test_it_can_be_reset():
    dut = Circuit()
    simulator = Simulator(dut, engine=LevelizedPySimEngine)
    simulator.add_clock(1e-6)
    seen = []

    async def testbench(ctx):
        ctx.set(dut.go, 1)
        ctx.set(dut.a, 3)
        for _ in range(10):
            await ctx.tick()
        seen.append(ctx.get(dut.out))

    simulator.add_testbench(testbench)
    simulator.run()
    simulator.reset()
    simulator.run()

    assert seen[0] == seen[1] != 0


def settled(path):
    """[(time, {variable: value})] of a VCD: what has changed once all at that time is done."""
    codes, values, known, scopes = {}, [], {}, []
    for line in path.read_text().splitlines():
        words = line.split()
        if words[0] == "$scope":
            scopes.append(words[2])
        elif words[0] == "$upscope":
            scopes.pop()
        elif words[0] == "$var":
            codes.setdefault(words[3], ".".join([*scopes, words[4]]))
        elif line.startswith("#"):
            values.append((int(line[1:]), {}))
        elif values and not line.startswith("$"):
            value, code = words if len(words) == 2 else (line[0], line[1:])
            values[-1][1][codes[code]] = value
    result = []
    for time, changes in values:
        real = {name: value for name, value in changes.items() if known.get(name) != value}
        known |= real
        result.append((time, real))
    return result


def test_its_waveform_settles_to_the_same_values(tmp_path):
    slow, fast = tmp_path / "slow.vcd", tmp_path / "fast.vcd"

    run("pysim", 1, slow, cycles=40)
    run(LevelizedPySimEngine, 1, fast, cycles=40)

    assert read_waveform(fast).widths == read_waveform(slow).widths
    assert len(settled(fast)) > 80
    assert settled(fast) == settled(slow)


def test_statements_that_drive_one_signal_stay_together_in_their_order():
    a, b, c, d = (Signal(8, name=name) for name in "abcd")
    statements = [a.eq(1), b.eq(2), Cat(c, d).eq(3), a.eq(b), d.eq(4), Cat(b, d).eq(5)]
    first, second, third, fourth, fifth, sixth = statements

    groups = independent_groups(statements)

    assert sorted(map(len, groups)) == [2, 4]
    assert [first, fourth] in groups
    assert [second, third, fifth, sixth] in groups


def test_an_order_puts_everything_behind_what_it_needs():
    needs = [[3], [0, 2], [], [2], [1, 3]]

    order = topological_order(needs)

    assert sorted(order) == [0, 1, 2, 3, 4]
    assert all(order.index(n) > order.index(need) for n in range(5) for need in needs[n])


def test_an_order_of_a_loop_has_each_member_once():
    assert sorted(topological_order([[1], [2], [0], [0]])) == [0, 1, 2, 3]


def test_an_order_may_be_deep():
    order = topological_order([[n + 1] for n in range(5000)] + [[]])

    assert order == list(range(5000, -1, -1))
