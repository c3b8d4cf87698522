"""What `compare` is asked for, and what it cannot be asked for, in one line."""

import pytest

from sim.cli import main as cli


@pytest.mark.parametrize(
    "arguments, complaint",
    [
        (["--policy", "lazy", "hello"], "lazy is one alone: two or more are compared"),
        (["--policy", "lazy,lazy", "hello"], "lazy,lazy has one of them twice"),
        (["--policy", "lazy,never", "hello"], "policy must be one of lazy, eager"),
        (["--policy", "lazy,", "hello"], "policy must be one of lazy, eager"),
        (["--policy", "lazy,cow"], "--policy needs a PROGRAM"),
        (["--policy", "lazy,cow", "nothere"], "nothere"),
        (["--svadu", "a.json", "b.json"], "--svadu needs --policy"),
        (["--json", "c.json", "a.json", "b.json"], "--json needs --policy"),
        (["--max-cycles", "5", "a.json", "b.json"], "--max-cycles needs --policy"),
        (["a.json"], "compare needs two results of --json, or --policy NAME,NAME... and a PROGRAM"),
        (["a.json", "b.json", "c.json"], "compare needs two results of --json"),
    ],
)
def test_a_mistake_is_one_line(arguments, complaint, capsys):
    assert cli.main(["compare", *arguments]) == 2
    said = capsys.readouterr()
    assert complaint in said.err
    assert said.err.count("\n") == 1
    assert said.out == ""


def test_a_page_does_not_overwrite_the_program(tmp_path, capsys):
    source = tmp_path / "mine.c"
    source.write_text("int main(void) { return 0; }\n")
    options = ["--policy", "lazy,cow", "--report", str(source)]
    assert cli.main(["compare", *options, str(source)]) == 2
    assert "--report and PROGRAM are the same file" in capsys.readouterr().err
    assert source.read_text().startswith("int main")
