"""`trapline compare` prints what differs, and says in one line what it cannot compare."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from sim.cli import main as cli


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    folder = tmp_path_factory.mktemp("results")
    paths = folder / "near.json", folder / "far.json"
    for path, latency in zip(paths, ("1", "20"), strict=True):
        cli.main(["run", "--quiet", "--latency", latency, "--json", str(path), "lazy"])
    return [*map(str, paths)]


def test_it_prints_what_differs(results, capsys):
    capsys.readouterr()
    assert cli.main(["compare", *results]) == 0
    said = capsys.readouterr()
    lines = [line.split() for line in said.out.splitlines()]
    cycles = [json.loads(Path(path).read_text())["cycles"] for path in results]
    more = cycles[1] - cycles[0]

    assert said.err == ""
    assert ["latency", "1", "20"] in lines
    shown = [f"{each:,}" for each in cycles]
    assert ["cycles", *shown, f"{more:+,}", f"{more / cycles[0]:+.1%}"] in lines
    assert ["page", "faults", "12", "12"] in lines
    assert any(line[0] == "kernel" and line[1] == "1,136.0" for line in lines)
    assert said.out.endswith(
        "page faults of the same page: 12 in both, 0 in near.json only, 0 in far.json only\n"
    )


def test_a_run_is_like_itself(results, capsys):
    assert cli.main(["compare", results[0], results[0]]) == 0
    said = capsys.readouterr().out
    assert said.startswith("both were set alike\n")
    assert "+" not in said


def test_next_to_no_difference_is_none(results, tmp_path, capsys):
    content = json.loads(Path(results[0]).read_text())
    content["faults"][0]["phases"]["save"] += 1
    other = tmp_path / "x.json"
    other.write_text(json.dumps(content))
    assert cli.main(["compare", results[0], str(other)]) == 0
    (save,) = [line for line in capsys.readouterr().out.splitlines() if line.startswith("save")]
    assert save.split() == ["save", "51.0", "51.1", "+0.1", "+0.2%"]
    content["faults"][0]["phases"]["save"] -= 1
    content["faults"] *= 10
    content["faults"][0] = content["faults"][0] | {"phases": {"save": 52}}
    other.write_text(json.dumps(content))
    assert cli.main(["compare", results[0], str(other)]) == 0
    assert "-0.0" not in capsys.readouterr().out


def test_no_name_of_a_setting_or_counter_commands_the_terminal(results, tmp_path, capsys):
    content = json.loads(Path(results[0]).read_text())
    content["config"]["\x1b[31m"] = "\ud800"
    content["counters"] = {"\x1b[32m": 7}
    other = tmp_path / "x.json"
    other.write_text(json.dumps(content))
    assert cli.main(["compare", results[0], str(other)]) == 0
    lines = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert ["^[[31m", "-", "\\ud800"] in lines
    assert ["^[[32m", "-", "7", "-"] in lines


def test_a_page_is_written_if_it_is_wanted(results, tmp_path):
    path = tmp_path / "x.html"
    assert cli.main(["compare", "--report", str(path), *results]) == 0
    assert path.read_text().startswith("<!doctype html>")


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="no /dev/full")
def test_without_room_for_the_page_it_is_printed_all_the_same(results, capsys):
    assert cli.main(["compare", "--report", "/dev/full", *results]) == 2
    said = capsys.readouterr()
    assert "page faults of the same page: 12 in both" in said.out
    full = "--report /dev/full: No space left on device; it is not whole"
    assert said.err == f"trapline: error: {full}\n"


@pytest.mark.parametrize("content, said", [("no", "it is no JSON"), ("{}", "it has no faults")])
def test_what_is_no_result_is_told_in_one_line(results, tmp_path, capsys, content, said):
    path, page = tmp_path / "x.json", tmp_path / "x.html"
    path.write_text(content)
    assert cli.main(["compare", results[0], str(path), "--report", str(page)]) == 2
    told = capsys.readouterr()
    assert told.out == ""
    assert told.err.startswith(f"trapline: error: {path}: {said}")
    assert told.err.count("\n") == 1
    assert not page.exists()


def test_a_file_that_is_not_there(results, tmp_path, capsys):
    assert cli.main(["compare", results[0], str(tmp_path / "none.json")]) == 2
    assert "none.json: No such file or directory" in capsys.readouterr().err


def test_a_page_does_not_overwrite_a_result(results, capsys):
    assert cli.main(["compare", *results, "--report", results[1]]) == 2
    assert "are the same file" in capsys.readouterr().err


def test_a_comparison_without_a_page_needs_no_template(results):
    program = (
        "import sys; from sim.cli.main import main; main(['compare', *sys.argv[1:]]); "
        "print('jinja2' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, *results], text=True, capture_output=True, timeout=120
    )
    assert done.stdout.splitlines()[-1] == "False"
