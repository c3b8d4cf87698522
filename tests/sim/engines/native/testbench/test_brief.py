"""A design that was not worth compiling the last time is not looked for the next time."""

import pytest
from amaranth.hdl import Elaboratable, Module, Signal

from sim.engines.native.compiler import extract
from sim.engines.native.testbench import simulator as tiers
from sim.engines.native.testbench.brief import Brief
from sim.engines.native.testbench.simulator import NativeSimEngine
from tests.sim.engines.native.testbench.benches import Circuit, run


class Counter(Elaboratable):
    def __init__(self, step=1, *, extra=False, width=8):
        self.value, self._step, self._extra = Signal(width), step, extra

    def elaborate(self, platform):
        m = Module()
        m.d.sync += self.value.eq(self.value + self._step)
        if self._extra:
            m.d.comb += Signal(name="more").eq(self.value)
        return m


def brief(directory, design):
    return Brief(directory, extract.prepare(design))


async def counting(ctx, dut, note):
    for _ in range(6):
        note(await ctx.tick().sample(dut.total, dut.later))


@pytest.fixture
def unknown(tmp_path):
    """The engine with an empty cache."""

    class Engine(NativeSimEngine):
        directory = tmp_path

    return Engine


def test_what_is_remembered_is_told_of_the_like_only(tmp_path):
    assert brief(tmp_path, Counter()).moments() is None
    brief(tmp_path, Counter()).remember(77)
    assert brief(tmp_path, Counter(step=2)).moments() == 77
    assert brief(tmp_path, Counter(extra=True)).moments() is None
    assert brief(tmp_path, Counter(width=9)).moments() is None
    brief(tmp_path, Counter()).forget()
    assert brief(tmp_path, Counter(step=2)).moments() is None
    brief(tmp_path, Counter()).forget()


@pytest.mark.parametrize("content", [b"", b"many", b"\xff"])
def test_what_is_damaged_is_no_hint(tmp_path, content):
    brief(tmp_path, Counter()).remember(77)
    (path,) = tmp_path.iterdir()
    path.write_bytes(content)
    assert brief(tmp_path, Counter()).moments() is None


def test_where_nothing_can_be_written_nothing_is_remembered(tmp_path):
    (tmp_path / "file").touch()
    hint = brief(tmp_path / "file" / "cache", Counter())
    hint.remember(77)
    hint.forget()
    assert hint.moments() is None


def test_the_second_time_a_short_run_costs_no_walk_over_its_design(unknown, monkeypatch):
    expected = run("pysim", Circuit, counting)
    assert run(unknown, Circuit, counting) == expected
    monkeypatch.setattr(tiers, "Survey", None)
    assert run(unknown, Circuit, counting) == expected


def test_one_that_runs_longer_is_compiled_and_known_from_then_on(unknown, monkeypatch):
    expected = run("pysim", Circuit, counting)
    monkeypatch.setattr(tiers, "_worth", lambda signals: 4)
    made = []
    open_design = tiers.open_design
    monkeypatch.setattr(tiers, "open_design", lambda *given: made.append(1) or open_design(*given))
    run(unknown, Circuit)  # over at once
    assert made == []
    assert run(unknown, Circuit, counting) == expected
    assert made == [1]
    monkeypatch.setattr(tiers, "FragmentCompiler", None)
    assert run(unknown, Circuit, counting) == expected
    assert made == [1]
