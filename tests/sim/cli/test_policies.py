"""`trapline compare --policy` prints what policies cost."""

from sim.cli import main as cli


def test_a_table_of_a_program(capsys, tmp_path):
    page = tmp_path / "x.html"
    options = ["--memory", "8", "--policy", "lazy,eager", "--report", str(page)]
    assert cli.main(["compare", *options, "lazy"]) == 0
    said = capsys.readouterr()
    lines = [line.split() for line in said.out.splitlines()]
    assert lines[0] == "lazy under 2 policies".split()
    assert lines[1] == ["lazy", "eager"]
    assert ["first", "touches", "12", "0"] in lines
    assert "Fewest cycles: lazy, " in said.out
    assert said.err == ""
    assert "lazy under 2 policies" in page.read_text()


def test_a_programs_own_options_stand_behind_two_dashes(capsys):
    words = ["--policy", "lazy,cow", "--", "lazytests", "-n", "zero"]
    assert cli.main(["compare", "--memory", "8", *words]) == 0
    assert "lazytests under 2 policies" in capsys.readouterr().out


def test_no_room_for_the_page(capsys):
    options = ["--policy", "lazy,cow", "--report", "/dev/full"]
    assert cli.main(["compare", "--memory", "8", *options, "hello"]) == 2
    said = capsys.readouterr()
    assert "Fewest cycles" in said.out
    assert said.err.count("\n") == 1
