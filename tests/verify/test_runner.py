"""What all checks have in common, with a check that compares nothing."""

import pytest

from tests.verify import __main__ as command
from tests.verify import runner
from tests.verify.check import Check, Failure, Part, Tally


class Missing(Exception):
    """A tool is not there."""


class Numbers(Check):
    """Compares numbers with other numbers."""

    name = "numbers"
    compares = "numbers with numbers"
    unit = "numbers"
    cases = 100
    names = ("even", "odd")
    unusable = (Missing,)
    #: Those that are wrong, and what stops everything.
    wrong, broken = (), None

    def parts(self):
        return [Part(name, self.numbers(10)) for name in self.names if self.wants(name)]

    def work(self, part, task):
        if self.broken is not None:
            raise self.broken
        failures = [Failure(f"{number} is not", number) for number in task if number in self.wrong]
        return Tally(len(task), failures, {(part, task.start)})

    def describe(self, part, tally):
        yield f"{len(tally.data)} tasks"


@pytest.fixture
def run(monkeypatch, capsys):
    """The status, output and complaints of a run."""

    def run(*options, check=Numbers, **attributes):
        for name, value in attributes.items():
            monkeypatch.setattr(check, name, value)
        try:
            status = runner.main(check, options)
        except SystemExit as exit:
            status = exit.code
        return status, *capsys.readouterr()

    return run


def last(output):
    """The last line, without the seconds."""
    return output.splitlines()[-1].rpartition(", ")[0]


def test_all_is_reported_and_the_last_line_says_it_all(run):
    status, output, _ = run("--seed", "7", "--jobs", "1")

    lines = output.splitlines()
    assert status == 0
    assert lines[0] == "numbers: numbers with numbers, seed 7"
    assert lines[1].startswith("  even: 100 numbers in ")
    assert lines[2] == "    10 tasks"
    assert last(output) == "numbers: 200 numbers, no disagreement, seed 7"


def test_seeds_are_new_ones_unless_they_are_given(run):
    first, second = (run("--cases", "1", "--jobs", "1")[1].splitlines()[0] for _ in range(2))

    assert first != second


@pytest.mark.parametrize("jobs", ["1", "2"])
def test_a_disagreement_ends_the_run_and_says_how_to_see_it_again(run, jobs):
    status, output, _ = run("--seed", "7", "--jobs", jobs, wrong=(34, 71))

    assert status == 1
    assert "DISAGREEMENT: 34 is not\n" in output
    again = "again: python -m tests.verify numbers --only even --seed 7 --first 34 --cases 1\n"
    assert again in output
    assert last(output) == "numbers: 40 numbers, 1 disagreement, seed 7"
    assert run(*again.split()[5:])[0] == 1


def test_others_go_on_up_to_so_many_in_each_part(run):
    status, output, _ = run("--jobs", "1", "--seed", "7", wrong=range(90), enough=15)

    assert status == 1
    assert last(output) == "numbers: 40 numbers, 40 disagreements, seed 7"


def test_the_first_number_and_the_part_can_be_named(run):
    first = runner.run(Numbers, first=35, cases=20, only=["odd"])
    both = runner.run(Numbers)

    assert first["odd"].data == {("odd", 35), ("odd", 45)}
    assert (first["odd"].cases, both.keys()) == (20, {"even", "odd"})


def test_a_part_without_end_ends_with_its_cases(run):
    class Endless(Numbers):
        def parts(self):
            tasks = (range(start, start + 7) for start in range(0, 1 << 40, 7))
            return [Part("even", tasks, self.options.cases)]

    for jobs in (1, 2):
        assert runner.run(Endless, cases=30, jobs=jobs)["even"].cases == 35


def test_what_only_the_whole_shows(run):
    def conclude(self, tallies):
        yield Failure(f"{len(tallies)} parts")

    status, output, _ = run("--jobs", "1", conclude=conclude)

    assert status == 1
    assert "DISAGREEMENT: 2 parts\nnumbers: 200" in output


@pytest.mark.parametrize("jobs", ["1", "2"])
def test_what_is_missing_is_one_line(run, jobs):
    status, _, errors = run("--jobs", jobs, broken=Missing("no tool"))

    assert (status, errors) == (2, "numbers: no tool\n")


def test_ctrl_c_is_told_with_what_there_is_so_far(run):
    status, output, _ = run("--seed", "7", "--jobs", "1", broken=KeyboardInterrupt())

    assert status == 130
    assert output.endswith(" s, interrupted\n")
    assert "numbers: 0 numbers, no disagreement, seed 7, " in output


@pytest.mark.parametrize(
    "options, complaint",
    [
        (["--cases", "0"], "--cases must be at least 1, not 0"),
        (["--seed", "-5"], "--seed must be at least 0, not -5"),
        (["--first", "-1"], "--first must be at least 0, not -1"),
        (["--jobs", "0"], "--jobs must be at least 1, not 0"),
        (["--only", "even", "prime"], "--only must be one of even, odd, not 'prime'"),
    ],
)
def test_what_makes_no_sense_is_refused(run, options, complaint):
    status, output, errors = run(*options)

    assert (status, output) == (2, "")
    assert errors.endswith(f"error: {complaint}\n")


def test_what_has_a_fixed_number_takes_no_seed(run):
    status, _, errors = run("--seed", "7", cases=None)

    assert status == 2
    assert "unrecognized arguments: --seed 7" in errors


def test_the_command_lists_the_checks(capsys):
    assert command.main(["nosuch"]) == 2
    assert command.main(["--help"]) == 0
    out, err = capsys.readouterr()
    assert out == err == command.USAGE + "\n"
    assert all(name in out for name in command.NAMES)


@pytest.mark.parametrize("name", command.NAMES)
def test_every_check_can_be_asked_for_help(name, capsys):
    with pytest.raises(SystemExit, match="0"):
        command.main([name, "--help"])

    text = capsys.readouterr().out
    assert text.startswith(f"usage: python -m tests.verify {name} ")
    assert all(option in text for option in ("--jobs", "--only"))
