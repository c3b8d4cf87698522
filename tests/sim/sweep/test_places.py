"""Where a key of a file stands."""

import pytest

from sim.sweep.places import line_of

TEXT = """\
seed = 3 # [no.head]
[hart] # of silicon
latency = 1
"dtlb_entries" = [
  4,
]
[[run]]
program = "a"
[[run]]
program = "b"
"""


@pytest.mark.parametrize(
    "where, line",
    [
        (("", "seed"), 1),
        (("hart",), 2),
        (("hart", "latency"), 3),
        (("hart", "dtlb_entries"), 4),
        (("run", "program", 0), 8),
        (("run", "program", 1), 10),
        (("run", "", 1), 9),
        (("hart", "seed"), None),
        (("kernel",), None),
    ],
)
def test_the_line_of_a_key(where, line):
    assert line_of(TEXT, *where) == line
