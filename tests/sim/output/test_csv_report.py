"""The page faults of a run as CSV say what JSON does."""

import csv
import json
import os
import re
from pathlib import Path

import pytest

from sim.cli import main as cli
from sim.guests.lives import Part
from sim.output.csv_report import COLUMNS, CsvReport
from tests.docs import ROOT

PARTS = [part.value.replace(" ", "_") for part in Part]


def written(folder, *arguments):
    """The faults of a run as CSV and as JSON have them, and the CSV's bytes."""
    paths = folder / "x.csv", folder / "x.json"
    files = ["--csv", str(paths[0]), "--json", str(paths[1])]
    cli.main(["run", "--quiet", "--memory", "8", *files, *arguments])
    with paths[0].open(newline="") as file:
        rows = list(csv.DictReader(file, strict=True))
    return rows, json.loads(paths[1].read_text())["faults"], paths[0].read_bytes()


def fault_of(row):
    """What a row says, as JSON says it."""

    def value(name):
        text = row[name]
        return (int(text) if re.fullmatch(r"-?\d+", text) else text) if text else None

    def entries(what, names):
        for level in (2, 1, 0):
            entry = {name: value(f"{what}_{level}_{name}") for name in names}
            if None not in entry.values():
                yield {**entry, "level": level}

    plain = COLUMNS[: COLUMNS.index("walk_cycles")]

    def steps(of):
        names = [name for name in COLUMNS if re.fullmatch(f"{of}_.+_cycles", name)]
        return {name[len(of) + 1 : -len("_cycles")]: value(name) for name in names}

    return {
        **{name: value(name) for name in plain},
        "phases": {part: value(f"{part}_cycles") for part in PARTS},
        "kernel_steps": steps("kernel"),
        "other_steps": steps("other"),
        "walk": list(entries("read", ("cycle", "address", "value"))),
        "pte_writes": list(entries("written", ("address", "before", "after"))),
    }


def filled_up(fault):
    """A fault of JSON, with what it has not."""
    told = fault_of(dict.fromkeys(COLUMNS, ""))
    for name in ("phases", "kernel_steps", "other_steps"):
        fault = {**fault, name: dict.fromkeys(told[name], 0) | fault[name]}
    writes = sorted(fault["pte_writes"], key=lambda write: -write["level"])
    return told | fault | {"pte_writes": writes, "ahead": len(fault["ahead"])}


@pytest.mark.parametrize(
    "arguments",
    [
        ["lazy"],
        ["lazytests", "readwrite"],
        ["badaccess", "guard"],
        ["sh", "-c", "badaccess guard"],
        ["sh", "-c", "lazy | wc"],
        ["lazytests", "sparse"],
        ["hello"],
    ],
    ids=" ".join,
)
def test_every_fault_is_as_in_json(tmp_path, arguments):
    rows, faults, _ = written(tmp_path, *arguments)

    assert [fault_of(row) for row in rows] == [*map(filled_up, faults)]
    assert bool(rows) == (arguments != ["hello"])


def test_the_phases_of_a_row_add_up(tmp_path):
    rows, _, _ = written(tmp_path, "lazy")

    for row in rows:
        cycles = sum(int(row[f"{part}_cycles"]) for part in PARTS)
        assert cycles == int(row["retired_cycle"]) - int(row["begin"])


def test_the_file_is_as_rfc_4180_has_it(tmp_path):
    _, _, data = written(tmp_path, "lazy")
    lines = data.split(b"\r\n")

    assert lines.pop() == b""
    assert lines[0].decode() == ",".join(COLUMNS)
    assert not any(b"\n" in line or b"\r" in line for line in lines)
    assert {line.count(b",") for line in lines} == {len(COLUMNS) - 1}


def test_a_name_with_a_comma_and_a_quote_is_one_cell(tmp_path):
    path = tmp_path / "x.csv"
    report = CsvReport(path)
    facts = {"phases": {}, "kernel_steps": {}, "other_steps": {}}
    facts |= {"walk": [], "pte_writes": [], "ahead": []}
    report.fault(facts | {"program": 'a,"b'})
    assert report.close() is None

    with path.open(newline="") as file:
        (row,) = csv.DictReader(file, strict=True)
    assert row["program"] == 'a,"b'


def test_the_docs_name_every_column():
    page = (ROOT / "docs" / "transcripts.md").read_text()
    told = page[page.index("## Page faults") :]
    names = {re.sub(r"^(read|written)_[01]_", r"\1_2_", name) for name in COLUMNS}

    assert {name for name in names if f"`{name}`" not in told} == set()


def test_faults_are_written_as_they_come(tmp_path):
    path = tmp_path / "x.csv"
    report = CsvReport(path)
    facts = {
        "number": 1,
        "phases": {},
        "kernel_steps": {},
        "other_steps": {},
        "walk": [],
        "pte_writes": [],
        "ahead": [0x5000, 0x6000],
    }
    for _ in range(1000):
        report.fault(facts)

    assert path.read_bytes().count(b"\r\n1,") > 700
    report.close()


def test_a_full_disk_is_told_of_and_no_success(capsys):
    assert cli.main(["run", "--quiet", "--memory", "8", "--csv", "/dev/full", "lazy"]) == 2
    told = capsys.readouterr().err
    assert told == "trapline: error: --csv /dev/full: No space left on device; it is not whole\n"


def test_a_name_that_is_no_text_is_written_as_json_has_it(tmp_path):
    source = Path(os.fsdecode(os.fsencode(tmp_path) + b"/b\xff.c"))
    source.write_text('#include "user.h"\nint main(void) { *sbrk(4096) = 1; return 0; }\n')
    rows, faults, _ = written(tmp_path, str(source))
    assert [row["file"] for row in rows] == ["b\\udcff.c"]
    assert [fault["file"] for fault in faults] == ["b\udcff.c"]
