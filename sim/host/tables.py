"""Tables for people: with lines on a terminal, as wide as that; plain in a file or a pipe."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple, TextIO

from rich.box import HEAVY_HEAD, SQUARE
from rich.cells import cell_len
from rich.console import Console, JustifyMethod
from rich.table import Table

from sim.host.terminals import columns_of

__all__ = ["Cell", "Column", "Gap", "Row", "print_table"]


class Cell(NamedTuple):
    """What a cell says, and what it says where there is little room."""

    long: str
    short: str


@dataclass(frozen=True)
class Gap:
    """A row in place of `count` others."""

    count: int


#: What stands in a row, a cell for each column.
Row = Sequence[str | Cell] | Gap


@dataclass(frozen=True)
class Column:
    """A column: its heading, and what may happen to it where there is little room.

    Members
    -------
    short : str
        Its heading then, if that is another.
    left : bool
        Its cells stand on the left.
    spare : int
        When it is left out: the largest number first, 0 never.
    """

    heading: str
    short: str = ""
    left: bool = False
    spare: int = 0


def print_table(
    title: str,
    columns: Sequence[Column],
    rows: Sequence[Row],
    file: TextIO,
    *,
    headed: bool = True,
) -> None:
    """Prints a table, `headed` with the columns' headings.

    On a terminal that is too narrow for it words are shortened, then lines between cells go, then
    columns that may be spared; if all that is not enough, what a cell says is broken.
    """
    room = columns_of(file)
    for layout in _layouts(columns, lined=file.isatty()):
        contents = layout.contents(columns, rows, headed)
        width = layout.width(contents)
        if room is None or width <= room:
            break
    shown = width if room is None else min(width, room)
    console = Console(file=file, width=shown, highlight=False, markup=False, emoji=False)
    with console.capture() as capture:
        console.print(layout.table(columns, contents, headed))
    print(title[:room], *map(str.rstrip, capture.get().splitlines()), sep="\n", file=file)


def _layouts(columns: Sequence[Column], lined: bool) -> Iterator["_Layout"]:
    """From the roomiest to the narrowest."""
    everything = max(column.spare for column in columns)
    if lined:
        yield _Layout(True, False, everything)
        yield _Layout(True, True, everything)
    else:
        yield _Layout(False, False, everything)
    yield from (_Layout(False, True, spare) for spare in range(everything, -1, -1))


@dataclass(frozen=True)
class _Layout:
    """With lines or without, with short words or long ones, and which columns are left."""

    lines: bool
    short: bool
    spare: int

    def contents(
        self, columns: Sequence[Column], rows: Sequence[Row], headed: bool
    ) -> list[list[str]]:
        """The cells that are shown, the headings among them."""
        headings = [Cell(column.heading, column.short or column.heading) for column in columns]
        return [self._row(columns, row) for row in [*([headings] if headed else []), *rows]]

    def _row(self, columns: Sequence[Column], row: Row) -> list[str]:
        if isinstance(row, Gap):
            shown = sum(column.spare <= self.spare for column in columns)
            return ["...", f"{row.count:,} more", *[""] * (shown - 2)][:shown]
        cells = zip(columns, row, strict=True)
        return [self._word(cell) for column, cell in cells if column.spare <= self.spare]

    def _word(self, cell: str | Cell) -> str:
        if isinstance(cell, Cell):
            return cell.short if self.short else cell.long
        return cell

    def width(self, contents: list[list[str]]) -> int:
        """Columns of the terminal that it takes."""
        widths = [max(map(cell_len, cells)) for cells in zip(*contents, strict=True)]
        between = 3 * len(widths) + 1 if self.lines else 2 * (len(widths) - 1)
        return sum(widths) + between

    def table(self, columns: Sequence[Column], contents: list[list[str]], headed: bool) -> Table:
        """The table as rich has it."""
        box = (HEAVY_HEAD if headed else SQUARE) if self.lines else None
        padding = (0, 1) if self.lines else (0, 2, 0, 0)
        table = Table(box=box, padding=padding, pad_edge=self.lines, show_header=headed)
        headings = iter(contents[0])
        for column in columns:
            if column.spare <= self.spare:
                heading = next(headings) if headed else ""
                justify: JustifyMethod = "left" if column.left else "right"
                table.add_column(heading, overflow="fold", justify=justify)
        for row in contents[headed:]:
            table.add_row(*row)
        return table
