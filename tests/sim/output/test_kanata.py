"""The writer puts in order what it is told of, and counts cycles and rows as Konata wants them."""

import pytest

from sim.output.kanata import MAIN, STALL, KanataWriter


@pytest.fixture
def path(tmp_path):
    return tmp_path / "x.kanata"


def lines(path):
    return [line.split("\t") for line in path.read_text().splitlines()]


def test_a_row_lives_from_its_first_stage_to_its_end(path):
    writer = KanataWriter(path, 100)
    row = writer.begin(100, 7, 2)
    writer.start(100, row, MAIN, "F")
    writer.start(101, row, STALL, "tlb")
    writer.stop(104, row, STALL, "tlb")
    writer.end(105, row, flushed=False)
    assert writer.close(200) is None
    assert lines(path) == [
        ["Kanata", "0004"],
        ["C=", "0"],
        ["C", "1"],
        ["I", "0", "7", "2"],
        ["S", "0", "0", "F"],
        ["C", "1"],
        ["S", "0", "1", "tlb"],
        ["C", "3"],
        ["E", "0", "1", "tlb"],
        ["C", "1"],
        ["R", "0", "0", "0"],
    ]


def test_rows_are_numbered_as_they_stand_in_the_file(path):
    writer = KanataWriter(path, 0)
    late, early = writer.begin(5, 1, 0), writer.begin(3, 2, 0)
    writer.arrow(6, late, early)
    writer.close(9)
    assert (early.number, late.number) == (0, 1)
    assert lines(path)[-1] == ["W", "1", "0", "0"]


def test_only_what_retires_has_a_number_of_its_retirement(path):
    writer = KanataWriter(path, 0)
    rows = [writer.begin(0, number, 0) for number in range(3)]
    for row, flushed in zip(rows, [False, True, False], strict=True):
        writer.end(1, row, flushed=flushed)
    writer.close(1)
    assert lines(path)[-3:] == [["R", "0", "0", "0"], ["R", "1", "0", "1"], ["R", "2", "1", "0"]]


def test_a_flush_leaves_what_the_cycle_itself_has_to_say(path):
    writer = KanataWriter(path, 0)
    before, there = writer.begin(3, 0, 0), writer.begin(4, 1, 0)
    writer.flush(4)
    assert (before.number, there.number) == (0, -1)
    writer.close(4)
    assert there.number == 1


def test_what_is_behind_the_last_cycle_is_in_it(path):
    writer = KanataWriter(path, 0)
    row = writer.begin(0, 0, 0)
    writer.end(50, row, flushed=False)
    writer.close(9)
    assert [line for line in lines(path) if line[0] == "C"] == [["C", "1"], ["C", "9"]]


def test_no_text_ends_a_column_or_a_line(path):
    writer = KanataWriter(path, 0)
    row = writer.begin(0, 0, 0)
    writer.label(0, row, "ld\ta0,\n0(a1)")
    writer.tooltip(0, row, "one\rtwo")
    writer.close(0)
    assert lines(path)[-2:] == [["L", "0", "0", "ld a0, 0(a1)"], ["L", "0", "1", r"one two\n"]]
