"""`trapline compare --policy` prints what policies cost."""

import json

import pytest

from sim.cli import main as cli


def test_a_table_of_a_program(capsys, tmp_path):
    page, facts = tmp_path / "x.html", tmp_path / "x.json"
    files = ["--report", str(page), "--json", str(facts)]
    options = ["--memory", "8", "--policy", "lazy,eager", *files]
    assert cli.main(["compare", *options, "lazy"]) == 0
    said = capsys.readouterr()
    lines = [line.split() for line in said.out.splitlines()]
    assert lines[0] == "lazy under 2 policies".split()
    assert lines[1] == ["lazy", "eager"]
    assert ["first", "touches", "12", "0"] in lines
    assert "Fewest cycles: lazy, " in said.out
    assert said.err == ""
    assert "lazy under 2 policies" in page.read_text()
    trials = json.loads(facts.read_text())["trials"]
    assert [each["policy"] for each in trials] == ["lazy", "eager"]
    assert [each["measures"]["page faults"]["first touches"] for each in trials] == [12, 0]


def test_a_programs_own_options_stand_behind_two_dashes(capsys):
    words = ["--policy", "lazy,cow", "--", "lazytests", "-n", "zero"]
    assert cli.main(["compare", "--memory", "8", *words]) == 0
    assert "lazytests under 2 policies" in capsys.readouterr().out


@pytest.mark.parametrize("option", ["--report", "--json"])
def test_no_room_for_a_file(option, capsys):
    options = ["--policy", "lazy,cow", option, "/dev/full"]
    assert cli.main(["compare", "--memory", "8", *options, "hello"]) == 2
    said = capsys.readouterr()
    assert "Fewest cycles" in said.out
    assert said.err.count("\n") == 1
