"""Designs begin on Amaranth's own engine, and are compiled once that pays; nobody notices when."""

import shutil
import warnings

import pytest
from amaranth.hdl import Cat, ClockSignal, Module, Signal
from amaranth.sim import Simulator

from sim.engines.native.compiler import cxx
from sim.engines.native.compiler.circuit import Unsupported
from sim.engines.native.testbench import simulator as tiers
from sim.engines.native.testbench.simulator import NativeSimEngine, NotNative, _worth
from sim.host.toolchain import ToolchainError
from tests.sim.engines.native.testbench import benches
from tests.sim.engines.native.testbench.benches import Circuit, Late, bound_in_time, run


@pytest.fixture
def unknown(tmp_path):
    """The engine with an empty cache."""

    class Engine(NativeSimEngine):
        directory = tmp_path

    return Engine


def late(moments, **options):
    return type("Late", (Late,), {"moments": moments, **options})


async def counting(ctx, dut, note):
    ctx.set(Cat(dut.go, dut.step), 0b111)
    for _ in range(6):
        note(await ctx.tick().sample(dut.total, dut.later))
    note([ctx.get(dut.rows.data[address]) for address in range(6)])


def test_a_short_run_of_an_unknown_design_needs_no_compiler(unknown, monkeypatch):
    monkeypatch.setattr(tiers, "open_design", None)
    assert run(unknown, Circuit, counting) == run("pysim", Circuit, counting)


def test_one_that_is_known_is_native_from_the_start(unknown, monkeypatch):
    class AtOnce(unknown):
        moments = 0

    expected = run(AtOnce, Circuit, counting)
    monkeypatch.setattr(tiers, "FragmentCompiler", None)
    assert run(unknown, Circuit, counting) == expected


@pytest.mark.parametrize("known", [False, True])
def test_while_a_waveform_is_written_it_stays_on_amaranths_own(
    unknown, known, monkeypatch, tmp_path
):
    """Which knows what has changed: moment by moment the same lines, in any order."""
    if known:
        run(type("AtOnce", (unknown,), {"moments": 0}), Circuit, counting)
    monkeypatch.setattr(tiers, "_worth", lambda signals: 1)
    monkeypatch.setattr(tiers, "Running", None)
    files = [tmp_path / "native.vcd", tmp_path / "pysim.vcd"]
    notes = [
        run(engine, Circuit, counting, vcd=file)
        for engine, file in zip((unknown, "pysim"), files, strict=True)
    ]
    assert notes[0] == notes[1]
    native, pysim = (file.read_text().partition("$timescale")[2] for file in files)
    assert len(native) > 1000
    for ours, theirs in zip(native.split("\n#"), pysim.split("\n#"), strict=True):
        assert sorted(ours.splitlines()) == sorted(theirs.splitlines())


def test_after_the_waveform_it_is_compiled(unknown, monkeypatch, tmp_path):
    monkeypatch.setattr(tiers, "_worth", lambda signals: 1)
    circuit, notes = Circuit(), []
    simulator = Simulator(circuit, engine=unknown)
    simulator.add_clock(1e-6)

    async def bench(ctx):
        await counting(ctx, circuit, notes.append)

    simulator.add_testbench(bench)
    with simulator.write_vcd(str(tmp_path / "it.vcd")):
        for _ in range(4):
            simulator.advance()
        assert simulator._engine._state.native is None
    simulator.run()
    assert simulator._engine._state.native is not None
    assert notes == run("pysim", Circuit, counting)


@pytest.mark.parametrize("moments", range(1, 14))
def test_wherever_it_is_compiled_it_goes_on_as_before(moments):
    """Registers, inputs and the memory as they are, and who waits goes on waiting."""

    async def background_watcher(ctx, dut, note):
        while True:
            note(("seen", await ctx.changed(dut.total)))

    async def background_sampler(ctx, dut, note):
        async for _clock, _reset, mood in ctx.tick().sample(dut.mood):
            note(mood)

    async def follow(ctx, dut, note):
        async for _clock, _reset, total in ctx.tick().sample(dut.total):
            ctx.set(dut.address, total[:3] if isinstance(total, Signal) else total & 7)

    benches = (counting, background_watcher, background_sampler)
    expected = run("pysim", Circuit, *benches, processes=(follow,))
    assert run(late(moments), Circuit, *benches, processes=(follow,)) == expected


def test_it_is_compiled_when_its_moments_are_used_up():
    simulator = Simulator(Circuit(), engine=late(4))
    simulator.add_clock(1e-6)
    native = []
    for _ in range(8):
        simulator.advance()
        native.append(simulator._engine._state.native is not None)
    assert native == [False] * 4 + [True] * 4


def test_a_reset_begins_again(unknown):
    circuit, notes = Circuit(), []
    simulator = Simulator(circuit, engine=late(6))
    bound_in_time(simulator)
    simulator.add_clock(1e-6)

    async def bench(ctx):
        await counting(ctx, circuit, notes.append)

    simulator.add_testbench(bench)
    simulator.run()
    simulator.reset()
    simulator.run()
    assert notes[: len(notes) // 2] == notes[len(notes) // 2 :]


def gated():
    m, y = Module(), Signal()
    m.d.sync += y.eq(ClockSignal())
    return m


def driven_twice():
    m, out, q = Module(), Signal(name="out"), Signal(name="q")
    for name in ("left", "right"):
        m.submodules[name] = part = Module()
        part.d.comb += out.eq(1)
    m.d.sync += q.eq(out)
    return m


@pytest.mark.parametrize(
    "make, reason",
    [
        (gated, "the clock clk is read in a domain with a clock at "),
        (driven_twice, "a signal has several drivers: "),
    ],
)
def test_what_cannot_be_computed_stays_where_it_is_and_that_is_said(make, reason):
    async def bench(ctx, dut, note):
        for _ in range(5):
            note(await ctx.tick())

    expected = run("pysim", make, bench)
    with pytest.warns(NotNative, match=f"^not computed natively: {reason}"):
        assert run(late(2), make, bench) == expected


def test_without_a_compiler_all_runs_on_amaranths_own(unknown, monkeypatch):
    def none():
        raise cxx.CompilerError("there is no C++ compiler\nat all")

    monkeypatch.setattr(tiers, "find_design", lambda *_: none())
    expected = run("pysim", Circuit, counting)
    with pytest.warns(NotNative, match="^not computed natively: there is no C.. compiler$"):
        assert run(unknown, Circuit, counting) == expected


@pytest.fixture
def vanishing(unknown, monkeypatch, tmp_path):
    """The engine with a cache that somebody empties between look-up and load."""
    run(type("AtOnce", (unknown,), {"moments": 0}), Circuit, counting)
    # Where it is now it has been loaded, and would be found without its file.
    copy = shutil.copytree(tmp_path, tmp_path / "copy")

    def without_library(look_up):
        def found(*args):
            opened = look_up(*args)
            (copy / opened.library).unlink()
            return opened

        return found

    for name in ("find_design", "open_design"):
        monkeypatch.setattr(tiers, name, without_library(getattr(tiers, name)))
    return type("Vanishing", (unknown,), {"directory": copy})


def in_the_midst(engine):
    return type("Midst", (engine,), {"moments": 5, "_known_design": Late._known_design})


@pytest.mark.parametrize("when", [in_the_midst, lambda engine: engine])
def test_what_cannot_be_loaded_stays_on_amaranths_own(vanishing, when):
    """And goes on there: registers and logic are not taken away before there is a model."""
    expected = run("pysim", Circuit, counting)
    with pytest.warns(NotNative, match=r"^not computed natively: /.*\.so: cannot open "):
        assert run(when(vanishing), Circuit, counting) == expected


@pytest.mark.parametrize("when", [in_the_midst, lambda engine: engine])
def test_a_warning_is_about_the_line_that_runs_the_simulator(vanishing, when):
    with pytest.warns(NotNative) as warned:
        run(when(vanishing), Circuit, counting)
    assert [warning.filename for warning in warned] == [benches.__file__]


@pytest.mark.parametrize("error", [cxx.CompilerError, ToolchainError, OSError])
def test_what_is_to_be_compiled_at_once_and_cannot_is_unsupported(unknown, monkeypatch, error):
    def fails(*_):
        raise error("not\nhere")

    monkeypatch.setattr(tiers, "open_design", fails)
    with pytest.raises(Unsupported, match="^not\nhere$"):
        run(type("AtOnce", (unknown,), {"moments": 0}), Circuit, counting)


def test_so_is_what_cannot_be_loaded(vanishing):
    with pytest.raises(Unsupported, match=r"\.so: cannot open "):
        run(type("AtOnce", (vanishing,), {"moments": 0}), Circuit, counting)


def test_nothing_is_said_of_what_can():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        run(late(3), Circuit, counting)


def test_the_larger_a_design_the_fewer_moments_are_worth_a_compiler():
    moments = [_worth(signals) for signals in (0, 10, 100, 1000, 10_000)]
    assert moments == sorted(moments, reverse=True)
    assert 20_000 < moments[0] < 30_000
    assert 2_000 < moments[-1] < 3_000
