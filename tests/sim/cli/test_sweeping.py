"""`trapline sweep` from the command line: killed half-way, it goes on to the same table."""

import csv
import os
import signal
import subprocess
import sys
import time

from sim.cli import main as cli
from tests.docs import ROOT
from tests.sim.sweep.specs import SMALL, written


def sweep(tmp_path, folder, *options):
    return cli.main(["sweep", "--into", str(tmp_path / folder), *options, str(tmp_path / "x.toml")])


def test_a_table_in_all_its_forms_and_a_failure_in_it(tmp_path, capsys):
    text = SMALL + '[[run]]\nprogram = "usertests"\n'
    written(tmp_path, text)

    assert sweep(tmp_path, "into/new", "--dry-run", "--workers", "1") == 0
    assert capsys.readouterr().out == "8 points on 1 hart, 0 done before\n"
    assert not (tmp_path / "into").exists()
    assert sweep(tmp_path, "into/new", "--workers", "1") == 1
    said = capsys.readouterr().out
    assert "usertests             not finished after 1,000,000 cycles" in said
    assert "8 points, 4 failed: " in said
    assert sweep(tmp_path, "into/new", "--dry-run", "--fresh") == 0
    assert sweep(tmp_path, "into/new", "--dry-run") == 0
    assert capsys.readouterr().out.splitlines()[-1] == "8 points on 1 hart, 8 done before"
    names = {path.name for path in (tmp_path / "into" / "new").iterdir()}
    assert names == {"points.jsonl", "table.csv", "table.parquet", "report.html"}


def test_the_sweep_of_make_sweep(tmp_path, capsys):
    """A few of its points, on one hart."""
    example = ROOT / "programs" / "bench" / "sweep.toml"
    text = example.read_text().replace("policies/", f"{example.parent}/policies/")
    written(tmp_path, "sample = 3\n" + text.replace("[4, 8, 16]", "8"))
    assert sweep(tmp_path, "small", "--workers", "1") == 0
    assert "3 points, 0 failed: " in capsys.readouterr().out


def test_killed_half_way_it_goes_on_to_the_same_table(tmp_path):
    """The process is killed when it has done some of its points, by a signal that none survives."""
    path = written(tmp_path, SMALL.replace("[4, 8]", "{from = 1, to = 6}"))

    def started(folder, workers):
        return subprocess.Popen(
            [sys.executable, "-m", "sim", "sweep", path, "--into", folder, "--workers", workers],
            stdout=subprocess.DEVNULL,
            start_new_session=True,
        )

    one, other = tmp_path / "one", tmp_path / "other"
    killed = started(one, "1")
    try:
        while killed.poll() is None and lines(one) < 3:
            time.sleep(0.01)
    finally:
        os.killpg(killed.pid, signal.SIGKILL)
        killed.wait()
    assert 3 <= lines(one) < 12

    for folder, workers in ((one, "1"), (other, "2")):
        assert started(folder, workers).wait() == 0

    assert lines(one) == lines(other) == 12
    assert table(one) == table(other)
    assert len(table(one)) == 12


def lines(folder):
    path = folder / "points.jsonl"
    return path.read_bytes().count(b"\n") if path.exists() else 0


def table(folder):
    with (folder / "table.csv").open(newline="") as file:
        return list(csv.DictReader(file))
