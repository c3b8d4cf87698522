"""A row has all that a point follows from, in CSV and in Parquet."""

import csv

from pyarrow import parquet

from sim.config import RunConfig
from sim.sweep.spec import Point
from sim.sweep.table import columns_of, row_of, write_csv, write_parquet

POINT = Point(7, {"latency": 3, "policy": "cow"}, "a", ("b", "c"), 100)


def test_a_row_has_the_whole_configuration():
    row = row_of(POINT, "hash", {"error": "", "cycles": 5})
    config = RunConfig(**POINT.parameters).as_json()
    for name in {*config} & {*row}:
        assert row[name] == ("" if config[name] == [] else config[name]), name
    missing = {*config} - {*row}
    assert missing == {"disk", "files", "engine", "traced", "counters"}
    assert (row["point"], row["arguments"]) == (7, "b c")
    assert row["program_sha256"] == "hash"
    assert row["max_cycles"] == 100
    assert row["cycles"] == 5


def test_several_of_a_kind_are_one_cell():
    point = Point(1, {"fail": ("kalloc:3", "kalloc:4")}, "a", (), 1)
    assert row_of(point, "hash", {})["fail"] == "kalloc:3 kalloc:4"


def test_a_failure_has_empty_cells(tmp_path):
    rows = [
        row_of(POINT, "hash", {"error": "it, is\nso"}),
        row_of(POINT, "hash", {"error": "", "cycles": 1 << 60}),
    ]
    assert columns_of(rows)[-2:] == ["error", "cycles"]

    write_csv(tmp_path / "x.csv", rows)
    with (tmp_path / "x.csv").open(newline="") as file:
        found = list(csv.DictReader(file))
    assert [(row["error"], row["cycles"]) for row in found] == [
        ("it, is\nso", ""),
        ("", str(1 << 60)),
    ]

    write_parquet(tmp_path / "x.parquet", rows)
    table = parquet.read_table(tmp_path / "x.parquet").to_pylist()
    assert [(row["error"], row["cycles"]) for row in table] == [
        ("it, is\nso", None),
        ("", 1 << 60),
    ]
    assert table[0]["svadu"] is False
