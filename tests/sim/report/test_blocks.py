"""Rows come out of a page as they went in, and take little room there."""

from hypothesis import given
from hypothesis import strategies as st

from sim.report.blocks import ROWS, Blocks, Words
from tests.sim.report.pages import data_of, decoded

CELL = st.one_of(st.none(), st.integers(0, (1 << 64) - 1), st.integers(0, 5_000))


def written(rows, columns=("a", "b"), base=None):
    text = []
    blocks = Blocks("things", columns, text.append, base)
    for row in rows:
        blocks.add(row)
    blocks.flush()
    return "".join(text)


def read(text, columns=("a", "b"), base=None):
    found = [decoded(block, columns, base or {}) for _, block in data_of(text)]
    return [row for cells in found for row in zip(*cells, strict=True)]


@given(st.lists(st.tuples(CELL, CELL), max_size=30))
def test_rows_come_out_as_they_went_in(rows):
    assert read(written(rows)) == rows


@given(st.lists(st.tuples(CELL, CELL), max_size=30))
def test_so_do_those_of_columns_that_are_near_to_each_other(rows):
    base = {"b": "a"}
    assert read(written(rows, base=base), base=base) == rows


@given(st.lists(st.tuples(CELL, CELL), min_size=1, max_size=30))
def test_javascript_can_hold_all_numbers_that_are_not_text(rows):
    for _, block in data_of(written(rows)):
        cells = [cell for column in block for cell in column]
        assert all(abs(cell) < 1 << 53 for cell in cells if isinstance(cell, int))


def test_a_block_is_written_as_soon_as_it_is_full():
    text = []
    blocks = Blocks("things", ("a",), text.append)
    for number in range(ROWS - 1):
        blocks.add((number,))
    assert text == []
    blocks.add((ROWS,))
    assert len(text) == 1


def test_what_goes_up_by_the_same_takes_next_to_nothing():
    assert len(written([(7 * number, 1000) for number in range(ROWS)])) < 200


def test_words_are_written_once():
    text = []
    words = Words(text.append)
    numbers = [words.number(word) for word in ("lazy", None, "sh", "lazy")]
    words.flush()

    assert numbers == [0, None, 1, 0]
    assert data_of("".join(text)) == [("words", ["lazy", "sh"])]


def test_of_very_many_words_some_are_written_again_but_none_is_lost():
    text = []
    words = Words(text.append)
    wanted = [f"word {number}" for number in (*range(10_000), 0, 1)]
    numbers = [words.number(word) for word in wanted]
    words.flush()

    found = [word for _, block in data_of("".join(text)) for word in block]
    assert [found[number] for number in numbers] == wanted


def test_few_words_are_remembered(monkeypatch):
    """Behind the last that there is room for all get numbers anew."""
    monkeypatch.setattr("sim.report.blocks._KEPT", 2)
    words = Words(lambda text: None)
    assert [words.number(word) for word in "ababcab"] == [0, 1, 0, 1, 2, 3, 4]
