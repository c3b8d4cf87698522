"""What the command tells of itself."""

import tomllib
from pathlib import Path

import pytest

import sim
from sim.cli import main as cli
from sim.host.programs import program_names
from tests.sim.elf import make_elf

ROOT = Path(__file__).resolve().parents[3]


def test_the_command_alone_prints_its_help(capsys):
    assert cli.main([]) == 0
    alone = capsys.readouterr()
    assert cli.main(["--help"]) == 0

    assert alone == capsys.readouterr()
    assert alone.out.startswith("Usage: trapline ")
    assert alone.err == ""


def test_version_is_that_of_the_package(capsys):
    assert cli.main(["--version"]) == 0
    assert capsys.readouterr().out == f"trapline {sim.__version__}\n"

    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    assert project["tool"]["hatch"]["version"]["path"] == "sim/__init__.py"
    assert f"\n## {sim.__version__}" in (ROOT / "CHANGELOG.md").read_text()


def test_help_of_run_lists_the_bundled_programs(capsys):
    assert cli.main(["run", "--help"]) == 0
    _, found, names = capsys.readouterr().out.partition("Bundled programs:")

    assert found
    assert names.replace(",", "").split() == program_names()


@pytest.mark.parametrize("argument", ["--json", "--json=x", "--vcd-fault", "--help"])
def test_an_option_behind_the_program_is_told_and_stays_the_programs(capfd, argument):
    assert cli.main(["run", "--quiet", "args", "a", argument]) == 3
    captured = capfd.readouterr()

    name = argument.partition("=")[0]
    assert captured.err.startswith(f"trapline: {name} stands behind args and is its argument")
    assert len(captured.err.splitlines()) == 1
    assert captured.out == f"0: args\n1: a\n2: {argument}\n"


@pytest.mark.parametrize(
    "arguments",
    [
        ["--", "args", "--json"],  # it is said to be meant
        ["sh", "-c", "args --json"],  # part of a line
        ["args", "--jso", "--", "-q", "json"],  # none of ours
    ],
)
def test_arguments_that_are_clearly_the_programs_are_not_worth_a_word(capfd, arguments):
    cli.main(["run", "--quiet", *arguments])

    assert capfd.readouterr().err == ""


def test_options_may_stand_behind_the_file_of_bare(capsys, tmp_path):
    """It has no arguments, so that they cannot be meant for it."""
    path = tmp_path / "program.elf"
    path.write_bytes(make_elf())

    assert cli.main(["bare", str(path), "--signature", str(tmp_path / "out")]) == 2
    assert "no symbol begin_signature" in capsys.readouterr().err
