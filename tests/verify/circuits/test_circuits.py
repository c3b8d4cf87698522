"""What the continuous integration runs of random circuits, and that mistakes are noticed."""

import re

import pytest

from sim.engines.native.compiler.layout import Layout
from sim.engines.native.testbench.claims import Claims
from sim.engines.native.testbench.slots import State
from tests.verify import runner
from tests.verify.circuits.check import CHECK


def failures(part, cases, *, seed=0, first=0):
    """What disagrees of so many circuits, which are all tried."""
    tally = runner.run(CHECK, seed=seed, first=first, cases=cases, only=[part])[part]
    assert tally.cases == cases
    return [failure.text for failure in tally.failures]


@pytest.mark.parametrize(("part", "cases"), [("clock", 5), ("clocks", 1)])
def test_circuits_are_computed_as_by_pysim(part, cases):
    """More of them are compared in `tests/sim/engines/native/testbench`."""
    assert failures(part, cases, seed=100_000) == []


def test_registers_that_begin_with_zero_are_noticed(monkeypatch):
    monkeypatch.setattr(Layout, "initial", lambda layout, circuit: [0] * layout.size)
    (text,) = failures("clock", 4)
    assert re.match(r"x\d+_of_\d is 0x\w+ in cycle 0, not 0x", text)


def test_a_claim_that_is_not_heeded_is_noticed(monkeypatch):
    """Of a design that ends with one."""
    monkeypatch.setattr(Claims, "heed", lambda *_: [])
    (text,) = failures("clocks", 1, seed=420)
    assert "design 42, AtOnce: ended by '', not 'Assumption violated: 3'" in text
    assert "design 42, AtOnce, printed, number " in text


def test_so_is_who_is_not_woken(monkeypatch):
    monkeypatch.setattr(State, "wake", lambda *_: None)
    (text,) = failures("clocks", 1, first=60)
    assert "design 6, AtOnce, events, number " in text


def test_a_failure_is_one_that_its_number_shows_again(monkeypatch, capsys):
    """Whatever is raised; and circuits that are compiled together are so however many are asked."""

    def broken(seeds, directory):
        tried.append([*seeds])
        raise ZeroDivisionError("broken")

    tried = []
    monkeypatch.setattr("tests.verify.circuits.check.one_clock.disagreements", broken)
    options = ["--only", "clock", "--seed", "90", "--jobs", "1"]
    assert runner.main(CHECK, [*options, "--first", "5", "--cases", "31"]) == 1
    said = capsys.readouterr().out
    assert tried == [[*range(95, 100)]]
    assert "seeds 95 to 99: Traceback" in said
    assert "ZeroDivisionError: broken" in said
    assert "--seed 90 --first 5" in said
