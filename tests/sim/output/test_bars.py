import pytest

from sim.output.bars import bar, number


@pytest.mark.parametrize(
    "share, drawn",
    [(1, "█" * 36), (0.5, "█" * 18), (1 / 36, "█"), (1 / 72, "▌"), (0, "▏"), (1e-9, "▏")],
)
def test_a_bar_is_as_long_as_its_share_and_never_nothing(share, drawn):
    assert bar(share) == drawn


def test_an_average_has_a_decimal():
    assert (number(1234), number(1234.0), number(0.25)) == ("1,234", "1,234.0", "0.2")
