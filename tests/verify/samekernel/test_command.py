"""`python -m tests.verify.samekernel`: what it runs, what it says, and what it refuses."""

import pytest

from sim.engines.base import EngineError
from tests.spike import SpikeMissing
from tests.verify.samekernel import __main__ as command
from tests.verify.samekernel.record import Run
from tests.verify.samekernel.wild import Comparison

GOOD = Run(b"", 0, [], [], {})


class Wild:
    """A bench that runs nothing, and finds something in the program of seed 8."""

    def __init__(self, *, svadu=False):
        self._svadu = svadu

    def compare(self, seed):
        assert seed % 2 == self._svadu
        return Comparison("pc differs" if seed == 8 else None, 100, True)


@pytest.fixture
def run(monkeypatch, capsys):
    """The status, output, and complaints of a run, in which `hart` and `spike` do nothing."""

    def run(*options, find=lambda: None, hart=lambda case: GOOD, spike=lambda case: GOOD):
        for name, part in (("find", find), ("run_on_silicon", hart), ("run_on_spike", spike),
                           ("WildBench", Wild)):  # fmt: skip
            monkeypatch.setattr(command, name, part)
        monkeypatch.setattr("sys.argv", ["samekernel", *options])
        try:
            status = command.main()
        except SystemExit as exit:
            status = exit.code
        return status, *capsys.readouterr()

    return run


def raising(error):
    def part(*_):
        raise error

    return part


def test_says_what_was_run_from_which_seed(run):
    status, output, _ = run("hello", "--wild", "3", "--seed", "9")

    assert status == 0
    assert output.splitlines()[0] == "2 programs, and 3 wild ones, seeds from 9"
    assert output.splitlines()[1].startswith("300 traps, 0 page faults, 0 different, in ")


def test_seeds_are_new_ones_unless_they_are_given(run):
    first, second = (run("hello", "--wild", "1")[1].splitlines()[0] for _ in range(2))

    assert first != second


def test_a_difference_is_printed_with_its_seed_and_fails(run):
    status, output, _ = run("hello", "--wild", "3", "--seed", "7")

    assert status == 1
    assert "wild 8: pc differs\n" in output
    assert " 1 different," in output


@pytest.mark.parametrize("part", ["hart", "spike"])
def test_a_run_that_does_not_end_is_a_difference(run, part):
    status, output, _ = run("hello", "--wild", "0", **{part: raising(AssertionError("no end"))})

    assert status == 1
    assert "hello svadu=False: no end\nhello svadu=True: no end\n" in output
    assert " 2 different," in output


def test_what_is_missing_is_one_line(run):
    for parts in ({"find": raising(SpikeMissing("no"))}, {"hart": raising(EngineError("no"))}):
        status, _, errors = run("hello", **parts)
        assert status == 2
        assert errors == "samekernel: no\n"


@pytest.mark.parametrize(
    "options, complaint",
    [
        (["--wild", "-1"], "--wild must be at least 0, not -1"),
        (["--seed", "-5"], "--seed must be at least 0, not -5"),
        (["nosuch", "--wild", "0"], "no program has 'nosuch' in its name"),
    ],
)
def test_what_makes_no_sense_is_refused(run, options, complaint):
    status, output, errors = run(*options)

    assert (status, output) == (2, "")
    assert errors.endswith(f"error: {complaint}\n")
