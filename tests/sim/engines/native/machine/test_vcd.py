"""Waveforms of the native engine against those of pysim."""

import os

import pytest
from amaranth.hdl import Cat, Module, Signal, signed
from amaranth.lib import data, enum
from amaranth.lib.memory import Memory

from sim.engines.base import CYCLE_FS
from sim.engines.native.machine.compiled import CompiledHart
from sim.engines.native.machine.engine import NativeEngine
from sim.engines.native.machine.vcd import helpers, locate
from sim.engines.pysim.engine import PysimEngine
from sim.host.toolchain import cache_directory
from sim.output.waves import AroundFault, CycleRange, LastCycles, Trace
from sim.platform.bus import Bus
from sim.platform.ram import Ram
from tests.programs.expected import Expected
from tests.sim.engines.native.machine.machines import kernel
from tests.sim.scripted import ScriptedHart, load
from tests.sim.vcd import read_vcd

BASE = 0x8000_0000


class Colour(enum.Enum, shape=2):
    RED = 0
    GREEN = 1
    BLUE = 2


class Pixel(data.Struct):
    colour: Colour
    at: signed(5)
    weights: data.ArrayLayout(3, 2)
    tag: 64


class ColourfulHart(ScriptedHart):
    """Has, besides, signals of every kind: structs, enumerations, signed, wide, empty ones."""

    def elaborate(self, platform):
        m = super().elaborate(platform)
        m.submodules.paint = self.paint()
        return m

    def paint(self):
        m = Module()
        count, wide, narrow = Signal(9), Signal(150), Signal(signed(3))
        pixel, empty = Signal(Pixel), Signal(0)
        state = Signal(Colour)
        m.submodules.pixels = pixels = Memory(shape=Pixel, depth=3, init=[])
        write = pixels.write_port()
        m.d.sync += [
            count.eq(count + 1),
            wide.eq((wide << 5) ^ Cat(count, wide[100:])),
            narrow.eq(count),
            empty.eq(count),
        ]
        m.d.comb += [
            state.eq(count[3:]),
            pixel.colour.eq(count[2:]),
            pixel.at.eq(-count),
            pixel.weights[1].eq(count[1:]),
            pixel.tag.eq(~wide),
            write.data.eq(pixel),
            write.addr.eq(count[2:4]),
            write.en.eq(count[0]),
        ]
        with m.FSM():
            with m.State("WAIT"):
                with m.If(count[4]):
                    m.next = "GO"
            with m.State("GO"):
                with m.If(~count[4]):
                    m.next = "WAIT"
        return m


def make_engine(name):
    ram = Ram(BASE, 0x1000)
    for index in range(512):
        ram.words[index] = index * 0x0101
    hart = ColourfulHart([load(BASE + 8 * index) for index in range(20)])
    if name == "pysim":
        return PysimEngine(hart, Bus(ram))
    return NativeEngine(CompiledHart.of(hart, cache_directory(), traced=True), Bus(ram))


@pytest.mark.parametrize(("first", "last"), [(0, 60), (17, 200), (40, 41), (8, 8)])
def test_a_waveform_is_that_of_pysim(tmp_path, first, last):
    def write(name):
        engine, path = make_engine(name), tmp_path / f"{name}.vcd"
        engine.run(first)
        engine.start_trace(path)
        engine.run(last - first)
        engine.stop_trace()
        engine.run(3)
        return read_vcd(path)

    native, pysim = write("native"), write("pysim")

    assert len(native.variables) > 100
    assert {kind for kind, _ in native.variables.values()} == {"wire", "string"}
    assert native == pysim


def test_what_python_changes_shows_when_it_does_in_pysim(tmp_path):
    def write(name):
        engine, path = make_engine(name), tmp_path / f"{name}.vcd"
        engine.start_trace(path)
        for cycles in (5, 1, 9):
            engine.write_register(cycles, 0x77)
            engine.set_line("msip", cycles == 1)
            engine.run(cycles)
        engine.stop_trace()
        return read_vcd(path)

    native = write("native")

    assert 55 * CYCLE_FS // 10 in native.of(r"bench.top.\registers[1]")
    assert native == write("pysim")


@pytest.mark.parametrize(("kept", "first", "last"), [(50, 80, 95), (50, 0, 1000), (7, 96, 98)])
def test_kept_cycles_show_the_same_as_a_waveform_written_at_once(tmp_path, kept, first, last):
    live, late = tmp_path / "live.vcd", tmp_path / "late.vcd"
    engine, other = make_engine("native"), make_engine("native")
    begin, end = max(first, 101 - kept), min(last, 100)

    engine.keep_recent(kept)
    engine.run(100)
    assert engine.write_recent(late, first, last)
    other.run(begin)
    other.start_trace(live)
    other.run(end - begin)
    other.stop_trace()

    assert read_vcd(late) == read_vcd(live)


def test_kept_cycles_show_the_same_if_python_changes_the_state(tmp_path):
    """In many cycles, of which few are kept as they are."""

    def run_to(engine, end):
        for cycle in (3, 40, 41, 300, 301, 302, 700, 1100):
            if engine.cycle < cycle <= end:
                engine.run(cycle - engine.cycle)
                engine.write_register(cycle % 31 + 1, cycle)
                engine.set_line("msip", cycle % 2 == 0)
        engine.run(end - engine.cycle)

    live, late = tmp_path / "live.vcd", tmp_path / "late.vcd"
    engine, other = make_engine("native"), make_engine("native")
    engine.keep_recent(1000)
    run_to(engine, 1200)
    assert engine.write_recent(late, 250)
    run_to(other, 250)
    other.start_trace(live)
    run_to(other, 1200)
    other.stop_trace()

    # What Python has changed shows in the waveform at once, in what is kept from the next edge on.
    assert at_edges(read_vcd(late)) == at_edges(read_vcd(live))


def at_edges(contents):
    """Of each cycle all values that differ from those of the first, behind its edge."""
    first, values, found = next(iter(contents.changes.values())), {}, {}
    for time, changes in contents.changes.items():
        values = {**values, **{n: v for n, v in changes.items() if v != first[n]}}
        for name in changes.keys() & values.keys():
            if changes[name] == first[name]:
                del values[name]
        if time % CYCLE_FS == 0:
            found[time // CYCLE_FS] = values
    assert [*found] == list(range(250, 1201))
    return found


def test_a_file_that_cannot_grow_is_an_error_of_the_system(tmp_path, no_growth):
    engine, path = make_engine("native"), tmp_path / "run.vcd"
    engine.start_trace(path)
    engine.run(100)
    no_growth(path.stat().st_size + 100)

    with pytest.raises(OSError, match="File too large.*run.vcd"):
        engine.stop_trace()


def test_the_real_hart_shows_the_same_on_both_engines(tmp_path):
    """A window with the first page fault of a program, from the trap to its retry."""

    def write(name):
        trace = Trace(tmp_path / f"{name}.vcd", CycleRange(1500, 1800))
        kernel(
            Expected("lazy", ""),
            costs=False,
            engine=name,
            traced=True,
            max_cycles=1900,
            watchers=[trace],
        )
        return read_vcd(trace.path)

    native = write("native")

    assert len(native.variables) > 1000
    assert sum(map(len, native.changes.values())) > 50_000
    assert native == write("pysim")


def test_windows_before_the_end_and_around_a_fault(tmp_path):
    last = LastCycles(tmp_path / "last.vcd", 300)
    fault = AroundFault(tmp_path / "fault.vcd", lambda machine: _second_page_fault(machine))
    for trace in (last, fault):
        outcome = kernel(Expected("lazy", ""), engine="native", traced=True, watchers=[trace])
        trace.finish(outcome.machine)
    cycles = {t // CYCLE_FS for t in read_vcd(last.path).changes}

    assert cycles == set(range(outcome.cycles - 299, outcome.cycles + 1))
    changes = read_vcd(fault.path).changes
    middle = _second_page_fault(outcome.machine)
    assert min(changes) // CYCLE_FS == max(0, middle - 4096)
    assert max(changes) // CYCLE_FS == middle + 2000


@pytest.mark.parametrize("processors, expected", [(1, 0), (2, 1), (8, 7), (64, 7)])
def test_there_is_a_helper_for_each_other_processor(monkeypatch, processors, expected):
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(processors)), raising=False)
    assert helpers() == expected
    monkeypatch.delattr(os, "sched_getaffinity")
    monkeypatch.setattr(os, "cpu_count", lambda: processors)
    assert helpers() == expected


def test_only_bits_of_a_signal_are_located():
    signal = Signal(10)

    assert locate(signal[2:7][1:]) == (signal, 3)
    assert locate(signal.as_signed()) == (signal, 0)
    assert locate(signal + 1) is None


def _second_page_fault(machine):
    cycles = [trap.cycle for trap in machine.engine.log.traps if trap.cause in (12, 13, 15)]
    return cycles[1] if len(cycles) > 1 else None
