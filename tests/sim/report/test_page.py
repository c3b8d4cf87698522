"""The page of a run: whole, small, and written as the run goes."""

import errno
import os
import re
import subprocess
import sys

import pytest
from justhtml import JustHTML

from sim.cli import main as cli
from tests.docs import ROOT
from tests.sim.report.pages import facts_of, rows_of

#: 20,000 page faults, nothing else.
TOUCH = ROOT / "programs" / "bench" / "touch.c"


def reported(path, *arguments):
    return cli.main(["run", "--quiet", "--report", str(path), *arguments])


def test_it_has_the_run_and_is_html_without_a_mistake(tmp_path):
    path = tmp_path / "x.html"
    assert reported(path, "lazy") == 0
    JustHTML(path.read_text(), strict=True)

    run = facts_of(path)["run"]
    assert run["cycles"] > 0
    assert [each["name"] for each in run["processes"]] == ["lazy"]


def test_no_two_elements_have_the_same_id(tmp_path):
    path = tmp_path / "x.html"
    assert reported(path, "--counters", "lazy") == 0
    ids = re.findall(r'\bid="([\w-]+)"', path.read_text())
    assert len(ids) == len({*ids}) > 10


def test_a_run_of_20_000_faults_is_less_than_3_megabytes(tmp_path):
    path = tmp_path / "x.html"
    assert reported(path, str(TOUCH)) == 0

    assert [row["number"] for row in rows_of(path, "faults")] == [*range(1, 20_001)]
    assert path.stat().st_size < 3_000_000


def test_a_run_without_a_fault_has_a_page_too(tmp_path):
    path = tmp_path / "x.html"
    assert reported(path, "hello") == 0
    assert rows_of(path, "faults") == []


def test_a_run_that_was_ended_has_a_whole_page(tmp_path):
    path = tmp_path / "x.html"
    assert reported(path, "--max-cycles", "7543", "lazy") == 124
    JustHTML(path.read_text(), strict=True)
    assert [row["retired_cycle"] is None for row in rows_of(path, "faults")] == [False] * 3
    assert facts_of(path)["run"]["end"] == "limit"


def test_a_page_that_cannot_be_made_is_told_before_the_run(tmp_path, capsys):
    path = tmp_path / "nowhere" / "x.html"
    assert reported(path, "lazy") == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.count("\n") == 1
    assert "nowhere does not exist" in said.err


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="there is no /dev/full")
def test_a_full_disk_is_told_at_the_end(capsys):
    assert reported("/dev/full", "hello") == 2
    said = capsys.readouterr()
    assert "hello" in said.out
    assert f"/dev/full: {os.strerror(errno.ENOSPC)}; it is not whole" in said.err


@pytest.mark.parametrize("other", ["--json", "--csv", "--chrome-trace"])
def test_it_does_not_overwrite_another_file(tmp_path, capsys, other):
    path = tmp_path / "x"
    assert reported(path, other, str(path), "lazy") == 2
    assert "are the same file" in capsys.readouterr().err
    assert not path.exists()


def test_a_run_without_a_page_imports_nothing_of_it():
    program = (
        "import sys; from sim.cli.main import main; main(['run', '--quiet', 'hello']); "
        "print(*(name for name in sys.modules if name.startswith(('sim.report', 'jinja2'))))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, text=True, capture_output=True, timeout=120
    )
    assert done.stdout.splitlines()[1:] == [""]
