"""`python -m tests.verify samekernel`: what it runs, what it says, and what it refuses."""

import pytest

from sim.engines.base import EngineError
from tests.spike import SpikeMissing
from tests.verify import runner
from tests.verify.samekernel import check
from tests.verify.samekernel.record import Run
from tests.verify.samekernel.wild import Comparison

GOOD = Run(b"", 0, [], [], {})


class Wild:
    """A bench that runs nothing, and finds something in the program of seed 8."""

    def __init__(self, *, svadu=False, policy="lazy"):
        self._svadu = svadu

    def compare(self, seed):
        assert seed % 2 == self._svadu
        return Comparison("pc differs" if seed == 8 else None, 100, True)


@pytest.fixture
def run(monkeypatch, capsys):
    """The status, output, and complaints of a run, in which `hart` and `spike` do nothing."""

    def run(*options, find=lambda: None, hart=lambda case: GOOD, spike=lambda case: GOOD):
        for name, part in (
            ("find", find),
            ("run_on_silicon", hart),
            ("run_on_spike", spike),
            ("WildBench", Wild),
        ):
            monkeypatch.setattr(check, name, part)
        try:
            status = runner.main(check.CHECK, ["--jobs", "1", *options])
        except SystemExit as exit:
            status = exit.code
        return status, *capsys.readouterr()

    return run


def raising(error):
    def part(*_):
        raise error

    return part


def test_says_what_was_run_from_which_seed(run):
    status, output, _ = run("--only", "hello", "wild", "--cases", "3", "--seed", "9")

    assert status == 0
    assert "  programs: 2 programs in" in output
    assert "  wild: 3 programs in" in output
    assert "    300 traps\n" in output
    assert "samekernel: 5 programs, no disagreement, seed 9, " in output


def test_there_need_be_no_wild_ones(run):
    status, output, _ = run("--cases", "0")

    assert status == 0
    assert "wild" not in output


def test_a_difference_is_printed_with_its_seed_and_fails(run):
    status, output, _ = run("--only", "hello", "wild", "--cases", "3", "--seed", "7")

    assert status == 1
    assert "DISAGREEMENT: wild program of seed 8: pc differs\n" in output
    assert "samekernel --only wild --seed 7 --first 1 --cases 1\n" in output
    assert " 1 disagreement," in output


@pytest.mark.parametrize("part", ["hart", "spike"])
def test_a_run_that_does_not_end_is_a_difference(run, part):
    status, output, _ = run("--only", "hello", **{part: raising(AssertionError("no end"))})

    assert status == 1
    for svadu in (False, True):
        assert f"DISAGREEMENT: hello svadu={svadu}: no end\n" in output
        assert f"samekernel --only 'hello svadu={svadu}' --seed " in output
    assert " 2 disagreements," in output


def test_what_is_missing_is_one_line(run):
    for parts in ({"find": raising(SpikeMissing("no"))}, {"hart": raising(EngineError("no"))}):
        status, _, errors = run("--only", "hello", **parts)
        assert status == 2
        assert errors == "samekernel: no\n"


@pytest.mark.parametrize("options", [["nosuch"], ["wild", "--cases", "0"]])
def test_what_compares_nothing_is_refused(run, options):
    status, output, errors = run("--only", *options)

    assert (status, output) == (2, "")
    assert errors.endswith(f"error: no program has {options[0]!r} in its name\n")
