"""A fault's row says what JSON says of it, and what `explain` does."""

import json

import pytest
from click.testing import CliRunner

from hdl.arch import pte_to_pa
from sim import run
from sim.cli import main as cli
from sim.cli.main import trapline
from sim.host.terminals import visible
from sim.output.facts import key
from sim.output.story import tell
from sim.report.faults import COLUMNS, FACTS, vocabulary
from tests.sim.output.test_csv_report import filled_up
from tests.sim.report.pages import rows_of

RUNS = {
    "lazy": ["lazy"],
    "processes": ["sh", "-c", "lazy | wc"],
    "copies": ["lazytests", "readwrite"],
    "killed": ["badaccess", "guard"],
    "not canonical": ["badaccess", "noncanonical"],
    "svadu": ["--svadu", "--latency", "9", "lazy"],
}


@pytest.mark.parametrize("arguments", RUNS.values(), ids=RUNS.keys())
def test_a_page_has_what_json_has(tmp_path, arguments):
    page, result = tmp_path / "x.html", tmp_path / "x.json"
    files = ["--report", str(page), "--json", str(result)]
    cli.main(["run", "--quiet", "--memory", "8", *files, *arguments])
    faults = [filled_up(fault) for fault in json.loads(result.read_text())["faults"]]

    rows = rows_of(page, "faults")
    assert len(rows) == len(faults) > 0
    for row, fault in zip(rows, faults, strict=True):
        plain = [name for name in FACTS if name in fault]
        assert {name: row[name] for name in plain} == {name: fault[name] for name in plain}
        phases = {name: row[f"{name}_cycles"] for name in fault["phases"]}
        assert phases == fault["phases"]
        steps = {name: row[f"kernel_{name}_cycles"] for name in fault["kernel_steps"]}
        assert steps == fault["kernel_steps"]
        for read in fault["walk"]:
            level = read["level"]
            assert [row[f"read_{level}_{name}"] for name in ("cycle", "address", "value")] == [
                read[name] for name in ("cycle", "address", "value")
            ]


def test_its_words_are_those_of_explain(tmp_path):
    page = tmp_path / "x.html"
    cli.main(["run", "--quiet", "--report", str(page), "lazy"])
    row = rows_of(page, "faults")[4]
    fault = run("lazy").faults[4]
    told = " ".join(" ".join(tell(fault, visible(fault.served.name), None)).split())
    told_of_program = CliRunner().invoke(trapline, ["explain", "lazy", "5"]).output

    assert row["kernel"].replace("{frame}", f"{row['frame']:#x}") in told
    assert row["reason"] in told
    assert row["source"] in told_of_program
    assert row["instruction"] in told_of_program
    for level in (2, 1, 0):
        for what, value in (("read", "value"), ("written", "after")):
            conclusion = row[f"{what}_{level}_told"]
            if conclusion is not None:
                pa = pte_to_pa(row[f"{what}_{level}_{value}"])
                assert conclusion.replace("{pa}", f"{pa:#x}") in told


@pytest.mark.parametrize(
    ("kind", "why"), [("noncanonical", "bits 63 to 39 must be like bit 38"), ("past", None)]
)
def test_a_row_says_why_there_was_no_walk(tmp_path, kind, why):
    page = tmp_path / "x.html"
    cli.main(["run", "--quiet", "--report", str(page), "badaccess", kind])

    assert {row["no_walk"] for row in rows_of(page, "faults")} == {why}


def test_every_part_and_step_has_a_column():
    words = vocabulary()
    for part in words["parts"]:
        assert f"{key(part['name'])}_cycles" in COLUMNS
    for step in words["steps"]:
        assert f"kernel_{step['key']}_cycles" in COLUMNS
    assert words["flags"] == "DAGUXWRV"
    assert set(words["words"]) <= set(COLUMNS)
