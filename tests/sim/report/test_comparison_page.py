"""The page of two runs has both, whole."""

import pytest
from justhtml import JustHTML

from sim.cli import main as cli
from sim.report.comparison import pairs
from sim.report.comparison_page import write_comparison
from sim.report.faults import FACTS
from sim.report.runs import read_run
from tests.sim.output.test_csv_report import filled_up
from tests.sim.report.pages import facts_of, rows_of


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    folder = tmp_path_factory.mktemp("runs")
    paths = folder / "one.json", folder / "other.json"
    cli.main(["run", "--quiet", "--json", str(paths[0]), "lazy"])
    cli.main(["run", "--quiet", "--json", str(paths[1]), "--svadu", "sh", "-c", "lazy | wc"])
    return [*map(read_run, paths)]


def test_both_runs_are_in_it(tmp_path, runs):
    path = tmp_path / "x.html"
    write_comparison(path, *runs)
    JustHTML(path.read_text(), strict=True)

    for run, table in zip(runs, ("first_faults", "second_faults"), strict=True):
        rows = rows_of(path, table)
        assert [row["number"] for row in rows] == [fault["number"] for fault in run.faults]
        for row, fault in zip(rows, map(filled_up, run.faults), strict=True):
            assert {name: row[name] for name in FACTS if name in fault} == {
                name: fault[name] for name in FACTS if name in fault
            }
    assert [tuple(row.values()) for row in rows_of(path, "pairs")] == pairs(*runs)
    comparison = facts_of(path)["comparison"]
    assert comparison["names"] == ["one.json", "other.json"]
    assert comparison["runs"] == [run.facts for run in runs]
    assert {"name": "svadu", "first": False, "second": True} in comparison["settings"]


def test_a_page_that_cannot_be_written_is_an_error(runs):
    with pytest.raises(OSError, match="No space left"):
        write_comparison("/dev/full", *runs)
