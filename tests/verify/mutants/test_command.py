"""`python -m tests.verify mutants` refuses what makes no sense at once, in one line."""

from pathlib import Path
from types import SimpleNamespace

import pytest

from tests.verify import runner
from tests.verify.mutants import check
from tests.verify.mutants.campaign import Result
from tests.verify.mutants.targets import find


@pytest.fixture
def run(monkeypatch, capsys):
    """The status, and what was complained of; nothing is broken, or even observed."""

    def fail(*_):
        raise AssertionError("it has begun")

    monkeypatch.setattr(check, "observations_of", fail)

    def run(*options):
        try:
            status = runner.main(check.CHECK, options)
        except SystemExit as exit:
            status = exit.code
        return status, capsys.readouterr().err.splitlines()

    return run


@pytest.mark.parametrize(
    "name, complaint",
    [
        ("nowhere", "nowhere must be a file or a folder of the project"),
        ("/etc/passwd", "/etc/passwd must be a file or a folder of the project"),
        ("hdl/../../..", "hdl/../../.. must be a file or a folder of the project"),
        ("docs", "docs must be in one of hdl, kernel_model, sim"),
        ("tests/verify/mutants", "tests/verify/mutants must be in one of hdl, kernel_model, sim"),
        (
            "kernel_model/trampoline.S",
            "kernel_model/trampoline.S must be a folder or a file of Python or C++",
        ),
        ("hdl/__init__.py", "hdl/__init__.py has no operator, constant or condition to break"),
    ],
)
def test_name_that_makes_no_sense(run, name, complaint):
    status, lines = run("--only", "hdl/priv/exception.py", name)

    assert status == 2
    assert lines[-1].endswith(f"error: {complaint}")


def known(name, status, times=1):
    """As many pairs of a mutant and its result."""
    file = name.partition(" ")[0]
    mutant = SimpleNamespace(name=name, file=file, start=(7, 0))
    return [(mutant, SimpleNamespace(status=status))] * times


def texts(found, reasons, *, complete):
    return [failure.text for failure in check._failures(found, reasons, complete=complete)]


def test_survivors_without_a_reason_and_reasons_without_a_survivor_fail():
    found = [
        *known("hdl/a.py 1", "survived"),
        *known("hdl/a.py 2", "survived"),
        *known("hdl/a.py 3", "killed", times=100),
    ]
    reasons = dict.fromkeys(["hdl/a.py 1", "hdl/a.py 3", "hdl/b.py gone"], "so")

    some = [
        "survived, without a reason: hdl/a.py:7: hdl/a.py 2",
        "mutants.md: no survivor: hdl/a.py 3",
    ]
    assert texts(found, reasons, complete=False) == some
    assert texts(found, reasons, complete=True) == [
        *some,
        "mutants.md: no survivor: hdl/b.py gone",
    ]


def test_too_few_killed_fail():
    found = known("hdl/mmu/a.py 1", "survived") + known("hdl/mmu/a.py 2", "killed", times=48)

    wrong = texts(found, {"hdl/mmu/a.py 1": "so"}, complete=True)
    assert wrong == ["98.0 % killed in the core, less than 98 %"]


class Examined:
    """An examiner to whom all mutants but one are killed."""

    def __init__(self, tree, observations):
        assert observations == {"hdl": {}}
        assert tree.is_dir()

    def examine(self, mutant):
        survives = mutant.name.endswith("1 -> 2")
        return Result("survived" if survives else "killed", "a test", 0.1)


@pytest.mark.parametrize("jobs", ["1", "2"])
def test_all_are_examined_and_what_is_known_is_not_examined_again(
    jobs, monkeypatch, capsys, tmp_path
):
    monkeypatch.setattr(check, "RESULTS", tmp_path / "mutants.json")
    monkeypatch.setattr(check, "observations_of", lambda suite, path: {})
    monkeypatch.setattr(check, "Examiner", Examined)
    monkeypatch.setattr(check, "Tree", Path)
    options = ["--only", "hdl/priv/exception.py", "--jobs", jobs]

    assert runner.main(check.CHECK, options) == 1
    first = capsys.readouterr().out
    assert runner.main(check.CHECK, options) == 1
    second = capsys.readouterr().out

    count = len(find(("hdl/priv/exception.py",)))
    assert f"mutants: {count} mutants, " in first
    assert "mutants: 0 mutants, " in second
    for output in (first, second):
        assert f"| all | {count} | " in output
        assert "DISAGREEMENT: survived, without a reason: hdl/priv/exception.py:" in output
