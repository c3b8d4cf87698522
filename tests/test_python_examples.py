"""Examples are renewed where they print something else, and nothing else changes."""

import pytest

from tests.python_examples import renewed

TEXT = """# A page

    >>> for n in (1, 2):
    ...     print(n, n * n)
    1 1
    2 3
    >>> n = 5
    >>> n
    5
    >>> print("a\\nb")
    a

What follows stays.
"""


def test_what_an_example_prints_takes_the_place_of_what_it_printed():
    assert renewed(TEXT) == TEXT.replace("2 3", "2 4").replace("    a\n", "    a\n    b\n")
    assert renewed(renewed(TEXT)) == renewed(TEXT)


def test_an_example_that_fails_is_not_renewed():
    with pytest.raises(ZeroDivisionError):
        renewed("    >>> 1 / 0\n    1\n")
