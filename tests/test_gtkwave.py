import pytest

from tests import gtkwave


@pytest.mark.parametrize(
    ("value", "outcome"), [("1", pytest.fail.Exception), ("", pytest.skip.Exception)]
)
def test_a_missing_package_is_named_and_in_ci_a_failure(monkeypatch, value, outcome):
    monkeypatch.setattr(gtkwave.shutil, "which", lambda name: None)
    monkeypatch.setenv(gtkwave.REQUIRE, value)

    with pytest.raises(outcome, match="not installed .*: gtkwave, xvfb"):
        gtkwave.require()


def test_rows_with_a_line_are_counted():
    black, green, grey = bytes(4), bytes([0, 255, 0, 0]), bytes([99, 99, 99, 0])
    width, line = 300, [black * 300] * 100
    for y in (12, 30, 31, 55):
        line[y] = green * width
    line[75] = grey * width

    assert gtkwave.Screenshot(tuple(line)).rows_drawn(10, 10) == 3
