"""`python -m tests.verify.mutants` refuses what makes no sense at once, in one line."""

import pytest

from tests.verify.mutants import __main__ as command


@pytest.fixture
def run(monkeypatch, capsys):
    """The status, and what was complained of; nothing is broken, or even observed."""

    def fail(*_):
        raise AssertionError("it has begun")

    monkeypatch.setattr(command, "_campaign", fail)

    def run(*options):
        monkeypatch.setattr("sys.argv", ["mutants", *options])
        try:
            status = command.main()
        except SystemExit as exit:
            status = exit.code
        return status, capsys.readouterr().err.splitlines()

    return run


@pytest.mark.parametrize(
    "option, value, least",
    [("--sample", -3, 1), ("--sample", 0, 1), ("--jobs", 0, 1), ("--jobs", -1, 1),
     ("--seed", -1, 0)],
)  # fmt: skip
def test_number_that_makes_no_sense(run, option, value, least):
    status, lines = run(option, str(value))

    assert status == 2
    assert lines[-1].endswith(f"error: {option} must be at least {least}, not {value}")


@pytest.mark.parametrize(
    "name, complaint",
    [
        ("nowhere", "nowhere must be a file or a folder of the project"),
        ("/etc/passwd", "/etc/passwd must be a file or a folder of the project"),
        ("hdl/../../..", "hdl/../../.. must be a file or a folder of the project"),
        ("docs", "docs must be in one of hdl, kernel_model, sim"),
        ("tests/verify/mutants", "tests/verify/mutants must be in one of hdl, kernel_model, sim"),
        ("kernel_model/trampoline.S", "kernel_model/trampoline.S must be a folder or a file of "
                                      "Python or C++"),
        ("hdl/__init__.py", "hdl/__init__.py has no operator, constant or condition to break"),
    ],
)  # fmt: skip
def test_name_that_makes_no_sense(run, name, complaint):
    assert run("--only", "hdl/priv/exception.py", "--only", name) == (2, [f"mutants: {complaint}"])
