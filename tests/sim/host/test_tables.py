"""Tables on terminals of several widths, and in a pipe."""

import io
import re

import pytest

from sim.host import tables
from sim.host.tables import Cell, Column, Gap, print_table
from sim.output.report import print_faults, print_processes, print_summary
from tests.sim.output.test_report import processes, report  # noqa: F401, fixtures
from tests.sim.results import make_result

COLUMNS = (
    Column("#"),
    Column("raised", spare=1),
    Column("what the kernel did", "kernel", left=True),
    Column("retired", spare=2),
)
ROWS = [
    ("1", "1,000", Cell("mapped a frame", "a frame"), "1,300"),
    Gap(1234),
    ("99", "1,000,000", "killed", "-"),
]


class Terminal(io.StringIO):
    def isatty(self):
        return True


def shown(room, columns=COLUMNS, rows=ROWS, **options):
    """The lines on a terminal of `room` columns, or in a file."""
    file = io.StringIO() if room is None else Terminal()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tables, "columns_of", lambda file: room)
        print_table("Title", columns, rows, file, **options)
    return plain(file.getvalue())


def plain(text):
    """The lines, without bold type and spaces at their ends."""
    return [line.rstrip() for line in re.sub(r"\x1b\[[\d;]*m", "", text).splitlines()]


def test_a_pipe_sees_a_plain_table():
    assert shown(None) == [
        "Title",
        "  #      raised  what the kernel did  retired",
        "  1       1,000  mapped a frame         1,300",
        "...  1,234 more",
        " 99   1,000,000  killed                     -",
    ]


def test_no_line_ends_in_spaces():
    file = io.StringIO()
    print_table("Title", COLUMNS, ROWS, file)
    assert not re.search(r" $", file.getvalue(), re.M)


def test_a_wide_terminal_sees_lines():
    title, top, headings, *_ = shown(80)
    assert title == "Title"
    assert top.startswith("┏━")
    assert headings.split() == "┃ # ┃ raised ┃ what the kernel did ┃ retired ┃".split()


@pytest.mark.parametrize(
    "room, headings",
    [
        (52, "┃ # ┃ raised ┃ what the kernel did ┃ retired ┃"),
        (51, "┃ # ┃ raised ┃ kernel ┃ retired ┃"),
        (39, "# raised kernel retired"),
        (32, "# raised kernel"),
        (23, "# kernel"),
        (12, "# kernel"),
    ],
)
def test_words_then_lines_then_columns_give_way(room, headings):
    lines = shown(room)
    assert next(line for line in lines if "kernel" in line).split() == headings.split()
    assert max(map(len, lines[1:])) <= room


def test_what_is_still_too_wide_is_broken_and_not_lost():
    lines = shown(9)
    assert max(map(len, lines)) <= 9
    assert "".join("".join(lines).split()).count("frame") == 1


def test_nothing_is_wider_than_a_very_narrow_terminal():
    assert max(map(len, shown(3))) <= 3


def test_names_of_processes_are_no_markup():
    rows = [("1", "[red]x[/red]"), ("2", ":smile:")]
    text = "\n".join(shown(None, (Column("pid"), Column("name", left=True)), rows))
    assert "[red]x[/red]" in text
    assert ":smile:" in text


@pytest.mark.parametrize("width", [80, 60, 40])
def test_every_table_of_a_run_fits(monkeypatch, report, processes, width):  # noqa: F811
    monkeypatch.setattr(tables, "columns_of", lambda file: width)
    file = Terminal()
    print_faults(report, file)
    print_processes(make_result(cycles=10**12, instructions=10**12, processes=processes), file)
    print_summary(report, file)
    lines = plain(file.getvalue())
    assert max(map(len, lines)) <= width
    for word in ("stval", "pid", "status", "exit status"):
        assert any(word in line for line in lines)
