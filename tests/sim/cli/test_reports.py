"""The files that the options ask for are those that are written."""

import csv
import json

import pytest

from sim import start
from sim.cli import main as cli
from sim.cli.options import RunOptions
from sim.cli.reports import Reports
from sim.output.waves import CycleRange

#: Those that have a file written.
OPTIONS = (
    *("--json", "--csv", "--chrome-trace", "--kanata", "--report"),
    *("--log-commits", "--rvfi", "--log-walks"),
)


def run(folder, **options):
    """What has gone wrong, of a run with reports."""
    with start("lazy", memory_mib=4) as session:
        reports = Reports(RunOptions(**options), session, lambda data: None)
        session.run()
        return reports.finish(session.result()), reports.close()


def test_what_nobody_wants_is_not_written(tmp_path):
    assert run(tmp_path) == (None, [])
    assert list(tmp_path.iterdir()) == []


def test_each_has_all_faults(tmp_path):
    files = {name: tmp_path / name for name in ("json_path", "csv", "chrome_trace")}
    assert run(tmp_path, **files) == (None, [])

    faults = json.loads(files["json_path"].read_text())["faults"]
    with files["csv"].open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [int(row["number"]) for row in rows] == [each["number"] for each in faults]
    assert len(faults) == 12
    assert json.loads(files["chrome_trace"].read_text())


def test_a_log_whose_window_never_came_is_told_of(tmp_path):
    path = tmp_path / "x.kanata"
    options = {"kanata": path, "kanata_window": CycleRange(1_000_000, 1_000_100)}
    failure, (told,) = run(tmp_path, **options)
    assert failure is None
    assert told == f"{path}: not written, the run ended before cycle 1,000,000"


def test_a_file_that_cannot_be_made_is_an_error(tmp_path):
    with pytest.raises(OSError, match="No such file"):
        run(tmp_path, csv=tmp_path / "nowhere" / "x.csv")


@pytest.mark.parametrize("engine", ["native", "pysim"])
def test_each_file_that_is_not_whole_has_a_line_of_its_own(capsys, engine):
    """Though they are all the same device."""
    given = [word for option in OPTIONS for word in (option, "/dev/full")]

    assert cli.main(["run", "--quiet", "--engine", engine, "--memory", "8", *given, "hello"]) == 2

    lines = capsys.readouterr().err.splitlines()
    told = [line for line in lines if "/dev/full" in line]
    assert len(told) == len({*told}) == len(OPTIONS)
    for option in OPTIONS:
        assert any(f"error: {option} /dev/full: No space left on device" in line for line in told)
