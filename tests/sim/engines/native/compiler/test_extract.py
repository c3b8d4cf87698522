"""From Amaranth's designs to circuits, and what is refused."""

import re

import pytest
from amaranth.hdl import Assert, Cat, ClockDomain, ClockSignal, Instance, Module, Print, Signal
from amaranth.lib.memory import Memory

from sim.engines.native.compiler import circuit as c
from sim.engines.native.compiler.extract import extract, prepare, resets


def circuit_of(top, **options):
    return extract(prepare(top), **options)


def only(circuit, kind):
    ((_number, cell),) = circuit.of_kind(kind)
    return cell


def test_signals_are_known_by_their_nets():
    m, a, y = Module(), Signal(4), Signal(4)
    m.d.comb += y.eq(~a)
    circuit = circuit_of(m)
    inverter = only(circuit, c.Operator)
    assert inverter.inputs == (circuit.signals[a],)
    assert circuit.cells[c.cell_of(circuit.signals[y][0])] is inverter


def test_what_nothing_drives_is_an_input():
    m, a, y = Module(), Signal(4, init=9), Signal(4)
    m.d.comb += y.eq(~a)
    circuit = circuit_of(m)
    cell = circuit.cells[c.cell_of(circuit.signals[a][0])]
    assert (cell.data, cell.init, cell.width) == (None, 9, 4)


def test_what_keeps_its_initial_value_is_a_constant_bit_by_bit():
    m, a, y = Module(), Signal(4, init=0b0110), Signal(4)
    m.d.comb += y.eq(~a)
    circuit = circuit_of(m, constants=[a])
    assert circuit.signals[a] == only(circuit, c.Operator).inputs[0] == (0, 1, 1, 0)


def test_a_port_of_the_design_is_an_input_that_is_0_at_first():
    circuit = circuit_of(counter()[0])
    ports = [cell for _, cell in circuit.of_kind(c.FlipFlop) if cell.source.startswith("a port")]
    assert ports
    assert {(cell.data, cell.init) for cell in ports} == {(None, 0)}


def counter():
    m, count = Module(), Signal(4, init=3)
    m.d.sync += count.eq(count + 1)
    return m, count


def test_registers_have_data_and_an_initial_value():
    m, count = counter()
    circuit = circuit_of(m)
    cell = circuit.cells[c.cell_of(circuit.signals[count][0])]
    assert (cell.init, len(cell.data)) == (3, 4)


def test_cells_tell_where_they_were_written():
    m, count = counter()
    circuit = circuit_of(m)
    assert re.search(
        r"test_extract\.py:\d+$", circuit.cells[circuit.signals[count][0] >> 16].source
    )


def test_a_reset_that_nobody_pulls_is_a_constant():
    design = prepare(counter()[0])
    (reset,) = resets(design)
    assert not c.is_const(extract(design).signals[reset][0])
    assert extract(design, resets(design)).signals[reset] == (0,)


def test_a_prepared_design_is_taken_as_it_is():
    design = prepare(counter()[0])
    assert prepare(design) is design


def test_memories_are_known_by_their_data():
    m = Module()
    m.submodules.rows = memory = Memory(shape=8, depth=4, init=[1, 2])
    write, read = memory.write_port(granularity=4), memory.read_port()
    now = memory.read_port(domain="comb")
    circuit = circuit_of(m)
    number = circuit.memories[memory.data]
    rows = circuit.cells[number]
    assert (rows.width, rows.depth, tuple(rows.init)) == (8, 4, (1, 2, 0, 0))
    stored, latched, seen = (only(circuit, k) for k in (c.Write, c.SyncRead, c.AsyncRead))
    assert stored.memory == latched.memory == seen.memory == number
    enable = circuit.signals[write.en]
    assert stored.enable == (enable[0],) * 4 + (enable[1],) * 4
    assert latched.enable == circuit.signals[read.en][0]
    assert seen.address == circuit.signals[now.addr]


def flip_flop_in(domain):
    m, a, b = Module(), Signal(), Signal()
    m.domains += domain
    m.d[domain.name] += b.eq(a)
    return m


def two_clocks():
    m = flip_flop_in(ClockDomain("sync"))
    m.domains.other = ClockDomain()
    m.d.other += Signal(name="late").eq(1)
    return m


def printing():
    m = Module()
    m.d.sync += Print("hello")
    return m


def asserting():
    m = Module()
    m.d.comb += Assert(Signal())
    return m


def foreign():
    m, out = Module(), Signal(name="out")
    m.submodules.part = Instance("FOO", o_out=out)
    return m


def clock_alias(*targets):
    """Signals of a part of the design that are, wholly or in part, the clock."""
    m, part, q = Module(), Module(), Signal(2, name="q")
    m.submodules.part = part
    part.d.comb += [target.eq(Cat(q[0], ClockSignal())) for target in targets]
    m.d.sync += q.eq(q + 1)
    return m


def clock_of_another_domain():
    m = flip_flop_in(ClockDomain("sync"))
    m.domains.other = ClockDomain(local=True)
    m.d.comb += ClockSignal("other").eq(ClockSignal())
    return m


def driven_twice():
    m, out = Module(), Signal(name="out")
    for name in ("left", "right"):
        m.submodules[name] = part = Module()
        part.d.comb += out.eq(1)
    return m


def test_two_modules_may_drive_a_signals_bits():
    m, out = Module(), Signal(2)
    for at, name in enumerate(("left", "right")):
        m.submodules[name] = part = Module()
        part.d.comb += out[at].eq(at)
    assert circuit_of(m).signals[out] == (0, 1)


def looped():
    m, a, b = Module(), Signal(name="first"), Signal(name="second")
    m.d.comb += [a.eq(~b), b.eq(a)]
    return m


@pytest.mark.parametrize(
    "make, complaint",
    [
        (two_clocks, r"more than one clock, at .*test_extract\.py:\d+ and .*test_extract\.py:\d+"),
        (
            lambda: flip_flop_in(ClockDomain("sync", async_reset=True)),
            r"asynchronous reset at .*test_extract\.py:\d+",
        ),
        (
            lambda: flip_flop_in(ClockDomain("sync", clk_edge="neg")),
            r"falling clock edge at .*test_extract\.py:\d+",
        ),
        (printing, r"Print at .*test_extract\.py:\d+"),
        (asserting, r"Property at .*test_extract\.py:\d+"),
        (foreign, r"an instance of the foreign module FOO at .*test_extract\.py:\d+"),
        (
            lambda: clock_alias(Signal(2, name="pair")),
            r"the signal pair shows the clock, at .*test_extract\.py:\d+",
        ),
        (
            lambda: clock_alias(Signal(3, name="whole")[1:]),
            r"the clock is read as data at .*test_extract\.py:\d+",
        ),
        (clock_of_another_domain, r"the signal other_clk shows the clock"),
        (
            driven_twice,
            r"a signal has several drivers: .*out.* module top\.right at .* module top\.left",
        ),
        (looped, r"logic that feeds itself: .*test_extract\.py:\d+: signal second"),
    ],
)
def test_what_cannot_be_computed_is_refused_with_its_place(make, complaint):
    with pytest.raises(c.Unsupported, match=complaint):
        circuit_of(make())
