"""What is done is kept, whatever happens to the file meanwhile."""

import dataclasses
from pathlib import Path

import pytest

from sim.sweep import ledger as ledgers
from sim.sweep.ledger import Ledger, LedgerError, key_of
from sim.sweep.spec import Point

POINT = Point(1, {"latency": 3}, "a", ("b",), 100)


def test_rows_are_found_again(tmp_path):
    path = tmp_path / "points.jsonl"
    with Ledger.opened(path) as ledger:
        assert ledger.rows == {}
        ledger.add("k", {"error": "", "cycles": 5})
    with Ledger.opened(path) as ledger:
        assert ledger.rows == {"k": {"error": "", "cycles": 5}}
        ledger.forget()
        assert ledger.rows == {}
    assert path.read_text() == ""


def test_a_torn_last_line_is_dropped_and_the_next_one_is_whole(tmp_path):
    path = tmp_path / "points.jsonl"
    path.write_text('{"key": "a", "row": {"error": ""}}\n{"key": "b", "ro')
    with Ledger.opened(path) as ledger:
        assert [*ledger.rows] == ["a"]
        ledger.add("c", {"error": ""})
    with Ledger.opened(path) as ledger:
        assert [*ledger.rows] == ["a", "c"]


@pytest.mark.parametrize("line", ["no json", '{"key": "a"}', '["a"]', '{"key": "a", "row": 3}'])
def test_what_is_no_ledger_is_left_alone(tmp_path, line):
    path = tmp_path / "points.jsonl"
    path.write_text(f"{line}\n")
    with pytest.raises(LedgerError, match=r"jsonl:1: is no row"), Ledger.opened(path):
        pass
    assert path.read_text() == f"{line}\n"


def test_two_sweeps_do_not_share_one(tmp_path):
    path = tmp_path / "points.jsonl"
    with (
        Ledger.opened(path),
        pytest.raises(LedgerError, match="another sweep is writing"),
        Ledger.opened(path),
    ):
        pass


@pytest.mark.parametrize(
    "changed",
    [
        {"parameters": {"latency": 4}},
        {"parameters": {"latency": 3, "svadu": True}},
        {"program": "b"},
        {"arguments": ()},
        {"max_cycles": 101},
    ],
)
def test_a_key_is_that_of_what_is_run(changed):
    assert key_of(dataclasses.replace(POINT, **changed), "hash") != key_of(POINT, "hash")


def test_a_key_follows_from_program_and_version_and_not_from_the_file(monkeypatch):
    key = key_of(POINT, "hash")
    assert key_of(POINT, "another") != key
    assert key_of(dataclasses.replace(POINT, number=9), "hash") == key
    named = dataclasses.replace(POINT, parameters={"latency": 3, "svadu": False})
    assert key_of(named, "hash") == key
    monkeypatch.setattr(ledgers, "digest", lambda: "another version")
    assert key_of(POINT, "hash") != key


def test_a_device_is_no_file_of_rows():
    with (
        pytest.raises(LedgerError, match="/dev/null: is no file"),
        Ledger.opened(Path("/dev/null")),
    ):
        pass
