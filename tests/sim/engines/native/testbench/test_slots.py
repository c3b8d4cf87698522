"""What testbenches set, read and wait for, in a design of all shapes, against Amaranth's engine."""

import random

import pytest
from amaranth.hdl import (
    Cat,
    Const,
    DriverConflict,
    MemoryData,
    Module,
    Shape,
    Signal,
    signed,
    unsigned,
)
from amaranth.lib import wiring
from amaranth.lib.memory import Memory
from amaranth.lib.wiring import In, Out
from amaranth.sim import Simulator

from sim.engines.native.compiler.circuit import Unsupported
from tests.sim.engines.native.testbench.benches import (
    AtOnce,
    Circuit,
    Mood,
    bound_in_time,
    check,
    run,
)

SHAPES = [
    unsigned(0),
    unsigned(1),
    signed(1),
    unsigned(5),
    unsigned(64),
    signed(64),
    signed(65),
    unsigned(130),
    signed(130),
]
DEPTH = 3
#: Of each memory the rows at the start, as far as its shape has them; the last is zero.
FIRST = (-1, -(1 << 40))


class Shapes(wiring.Component):
    """Of each shape an input, a register that takes it, logic behind both, and a memory."""

    def __init__(self):
        numbers = range(len(SHAPES))
        members = {f"in{n}": In(SHAPES[n]) for n in numbers}
        super().__init__(members | {"load": In(1), "address": In(2)})
        self.inputs = [getattr(self, f"in{n}") for n in numbers]
        self.registers = [Signal(shape, name=f"register{n}") for n, shape in enumerate(SHAPES)]
        self.mixed = [Signal(shape, name=f"mixed{n}") for n, shape in enumerate(SHAPES)]
        self.rows = [Signal(shape, name=f"row{n}") for n, shape in enumerate(SHAPES)]
        self.memories = [
            Memory(shape=shape, depth=DEPTH, init=[Const(row, shape).value for row in FIRST])
            for shape in SHAPES
        ]

    def elaborate(self, platform):
        m = Module()
        for n, memory in enumerate(self.memories):
            m.submodules[f"memory{n}"] = memory
            read, write = memory.read_port(domain="comb"), memory.write_port()
            m.d.comb += [
                self.mixed[n].eq(self.registers[n] ^ self.inputs[n]),
                read.addr.eq(self.address),
                self.rows[n].eq(read.data),
                write.addr.eq(self.address),
                write.data.eq(self.registers[n]),
                write.en.eq(self.load),
            ]
            with m.If(self.load):
                m.d.sync += self.registers[n].eq(self.inputs[n])
        return m


def any_value(rng, shape):
    """A value of the shape: one with few bits, or all ones, or any."""
    shape = Shape.cast(shape)
    value = rng.choice([0, 1, -1, 1 << max(0, shape.width - 1), rng.getrandbits(shape.width + 1)])
    mask = (1 << shape.width) - 1
    value &= mask
    return value - (mask + 1) if shape.signed and value >> shape.width - 1 else value


def any_slice(rng, value):
    """Some of the bits of `value`, neighbours."""
    start = rng.randrange(len(value) + 1)
    return value[start : rng.randrange(start, len(value) + 1)]


def all_of(ctx, dut):
    """What every slot of the design holds."""
    rows = [memory.data[address] for memory in dut.memories for address in range(DEPTH)]
    return [ctx.get(one) for one in (*dut.inputs, *dut.registers, *dut.mixed, *dut.rows, *rows)]


@pytest.mark.parametrize("seed", range(3))
def test_what_is_set_reads_as_it_should(seed):
    async def bench(ctx, dut, note):
        rng = random.Random(seed)
        for _ in range(40):
            number = rng.randrange(len(SHAPES))
            row = dut.memories[number].data[rng.randrange(DEPTH)]
            target = rng.choice([dut.inputs[number], dut.registers[number], row])
            ctx.set(target, any_value(rng, SHAPES[number]))
            ctx.set(dut.address, rng.randrange(4))  # of which there are three
            note(all_of(ctx, dut))

    check(bench, make=Shapes)


@pytest.mark.parametrize("seed", range(3))
def test_some_of_its_bits_may_be_set_alone(seed):
    async def bench(ctx, dut, note):
        rng = random.Random(seed)
        for _ in range(40):
            number = rng.randrange(len(SHAPES))
            row = dut.memories[number].data[rng.randrange(DEPTH)]
            target = rng.choice([dut.inputs[number], dut.registers[number], row])
            bits = any_slice(rng, target)
            ctx.set(bits, any_value(rng, bits.shape()))
            note(all_of(ctx, dut))
            if rng.random() < 0.3:  # and the design sets them, too
                ctx.set(Cat(dut.load, dut.address), rng.randrange(8))
                await ctx.tick()
                note(all_of(ctx, dut))

    check(bench, make=Shapes)


def test_several_parts_may_be_set_at_once():
    async def bench(ctx, dut, note):
        *_, register = dut.registers
        *_, memory = dut.memories
        low, high = register[:7], register[60:129]
        ctx.set(Cat(high, low), -1)
        note(all_of(ctx, dut))
        ctx.set(Cat(memory.data[0][3:70], memory.data[2], memory.data[0][100:]), (1 << 227) // 3)
        note(all_of(ctx, dut))

    check(bench, make=Shapes)


def test_what_is_set_is_what_the_clock_edge_sees():
    async def bench(ctx, dut, note):
        rng = random.Random(1)
        ctx.set(dut.load, 1)
        for address in range(DEPTH):
            ctx.set(dut.address, address)
            for n, shape in enumerate(SHAPES):
                ctx.set(dut.inputs[n], any_value(rng, shape))
                ctx.set(dut.registers[n], any_value(rng, shape))
            await ctx.tick()
            note(all_of(ctx, dut))

    check(bench, make=Shapes)


def test_rows_of_a_memory_without_a_write_port_may_be_set():
    def rom():
        m = Module()
        m.submodules.rows = m.rows = rows = Memory(shape=8, depth=4, init=[1, 2, 3, 4])
        m.port = rows.read_port(domain="comb")
        return m

    async def bench(ctx, dut, note):
        ctx.set(dut.rows.data[2], 99)
        for address in range(4):
            ctx.set(dut.port.addr, address)
            note((ctx.get(dut.port.data), ctx.get(dut.rows.data[address])))

    check(bench, make=rom, clock=False)


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


def test_a_register_that_never_changes_cannot_be_set():
    m, held, copy = Module(), Signal(name="held", reset_less=True), Signal()
    m.d.sync += [held.eq(0), copy.eq(held)]

    async def bench(ctx, dut, note):
        ctx.set(held, 1)

    with pytest.raises(Unsupported, match="held cannot be set"):
        run(AtOnce, lambda: m, bench)


def test_signals_and_memories_of_the_testbench_alone():
    flag, memory = Signal(name="flag"), MemoryData(shape=8, depth=2, init=[5, 6])

    async def bench(ctx, dut, note):
        ctx.set(flag, 1)
        note((ctx.get(flag), ctx.get(flag ^ dut.go), await ctx.tick().sample(flag)))
        ctx.set(memory[1], 7)
        note([ctx.get(row) for row in memory])

    check(bench)


class Chain(wiring.Component):
    """`same` is always 0, but for the time that `flag` takes to get there on two ways."""

    flag: In(1)
    copy: Out(1)
    same: Out(1)

    def elaborate(self, platform):
        m = Module()
        near, far = Signal(), Signal()
        m.submodules.inner = inner = Module()
        inner.d.comb += near.eq(~self.flag)
        m.d.comb += [far.eq(~near), self.same.eq(far ^ self.flag), self.copy.eq(far)]
        return m


def test_a_glitch_wakes_nobody():
    woken = []

    async def bench(ctx, dut, note):
        for level in (1, 0, 1):
            await ctx.delay(1e-6)
            ctx.set(dut.flag, level)

    async def background_copy(ctx, dut, note):
        while True:
            woken.append(("copy", await ctx.changed(dut.copy)))

    async def background_same(ctx, dut, note):
        while True:
            woken.append(("same", await ctx.changed(dut.same)))

    run(AtOnce, Chain, bench, background_copy, background_same, clock=False)
    assert woken == [("copy", (level,)) for level in (1, 0, 1)]


def test_who_comes_back_waits_for_the_next_change():
    async def bench(ctx, dut, note):
        ctx.set(dut.step, 3)
        ctx.set(dut.go, 1)
        note(await ctx.changed(dut.total))
        ctx.set(dut.total, 1000)  # while nobody waits
        note(await ctx.changed(dut.total))
        ctx.set(dut.go, 0)
        note(await ctx.delay(5e-6).changed(dut.total))

    check(bench)


def test_who_waits_is_woken_by_what_another_sets():
    async def setter(ctx, dut, note):
        for value in (7, 7, -1, 0):
            await ctx.delay(1e-7)
            ctx.set(dut.total, value)

    async def background_waiter(ctx, dut, note):
        while True:
            note((await ctx.changed(dut.total), ctx.get(dut.mood)))

    check(setter, background_waiter)


def test_who_waits_for_an_input_is_woken_once():
    async def setter(ctx, dut, note):
        for level in (1, 0, 0, 1):
            await ctx.delay(1e-7)
            ctx.set(dut.flag, level)

    async def background_waiter(ctx, dut, note):
        while True:
            note((await ctx.changed(dut.flag), ctx.get(dut.copy)))

    check(setter, background_waiter, make=Chain, clock=False)


def test_an_edge_is_one_from_the_value_before():
    async def setter(ctx, dut, note):
        for value in (0, 2, 3, 1, 3, 0):
            await ctx.delay(1e-7)
            ctx.set(dut.total, value)

    async def background_falling(ctx, dut, note):
        while True:
            await ctx.negedge(dut.total[1])
            note(("falls", ctx.get(dut.total)))

    async def background_rising(ctx, dut, note):
        while True:
            await ctx.posedge(dut.folded[0])
            note(("rises", ctx.get(dut.total)))

    check(setter, background_falling, background_rising)


def test_a_simulator_that_is_reset_starts_again():
    def noted(engine):
        dut, notes = Circuit(), []

        async def bench(ctx):
            ctx.set(dut.go, 1)
            ctx.set(dut.step, 5)
            notes.append(await ctx.tick().sample(dut.total).repeat(3))
            notes.append(list(map(ctx.get, dut.rows.data)))
            ctx.set(dut.rows.data[5], 1)
            ctx.set(dut.total, -1)

        async def waiter(ctx):
            while True:
                notes.append(await ctx.changed(dut.total))

        simulator = Simulator(dut, engine=engine)
        bound_in_time(simulator)
        simulator.add_clock(1e-6)
        simulator.add_testbench(waiter, background=True)
        simulator.add_testbench(bench)
        simulator.run()
        simulator.reset()
        simulator.run()
        return notes

    notes = noted(AtOnce)
    middle = len(notes) // 2
    assert middle > 3
    assert notes[:middle] == notes[middle:]
    assert notes == noted("pysim")
