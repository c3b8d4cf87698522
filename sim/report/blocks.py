"""Data inside a page: rows as blocks of columns that are small, and written as they come.

A block is a list of columns in JSON, deflated, in base64. In a column each cell is what the row
adds to the row before; first what another column of the row says may have been taken off. A cell is
null if there is none, and a string of digits if the number is so large that JavaScript would round
it. `assets/data.js` reads them.
"""

import base64
import json
import zlib
from collections.abc import Callable, Mapping, Sequence
from typing import Any

__all__ = ["ROWS", "Blocks", "Words", "embedded"]

#: Rows of a block: what is kept in memory.
ROWS = 4096
#: JavaScript's numbers are exact up to 2^53; of two below this one, sum and difference are.
_EXACT = 1 << 52
#: Values that are known again.
_KEPT = 4096

_Write = Callable[[str], object]


def embedded(kind: str, value: Any) -> str:
    """A value as an element of HTML that shows nothing."""
    packed = zlib.compress(json.dumps(value, separators=(",", ":")).encode(), 9)
    text = base64.b64encode(packed).decode()
    return f'<script type="application/octet-stream" data-kind="{kind}">{text}</script>\n'


class Blocks:
    """Rows of integers, or None.

    Parameters
    ----------
    kind : str
        What the page calls them.
    columns : sequence of str
        The names of the cells.
    write : function
        Takes text for the page.
    base : mapping
        Of a column the one that is near to it, and stands before it.
    """

    def __init__(
        self,
        kind: str,
        columns: Sequence[str],
        write: _Write,
        base: Mapping[str, str] | None = None,
    ):
        self.columns = columns
        self.base = base or {}
        self._kind, self._write = kind, write
        self._rows: list[Sequence[int | None]] = []

    def add(self, row: Sequence[int | None]) -> None:
        """Takes a row; a block is written when it is full."""
        self._rows.append(row)
        if len(self._rows) >= ROWS:
            self.flush()

    def flush(self) -> None:
        """Writes what has been taken."""
        if not self._rows:
            return
        cells = dict(zip(self.columns, zip(*self._rows, strict=True), strict=True))
        nothing = (None,) * len(self._rows)
        columns = [
            _differences(values, cells.get(self.base.get(name, ""), nothing))
            for name, values in cells.items()
        ]
        self._write(embedded(self._kind, columns))
        self._rows.clear()


def _differences(
    values: Sequence[int | None], base: Sequence[int | None]
) -> list[int | str | None]:
    cells: list[int | str | None] = []
    before = 0
    for value, near in zip(values, base, strict=True):
        if value is None or value >= _EXACT:
            cells.append(None if value is None else str(value))
            continue
        offset = value if near is None or near >= _EXACT else value - near
        cells.append(offset - before)
        before = offset
    return cells


class Words:
    """Values that rows have by their numbers: what is said often stands there once.

    Parameters
    ----------
    write : function
        Takes text for the page.
    """

    def __init__(self, write: _Write):
        self._write = write
        self._known: dict[str, int] = {}
        self._new: list[str] = []
        self._count = 0

    def number(self, word: str | None) -> int | None:
        """The number of a text; None of nothing."""
        if word is None:
            return None
        if word not in self._known:
            if len(self._known) >= _KEPT:
                self._known.clear()
            self._known[word] = self._count
            self._new.append(word)
            self._count += 1
            if len(self._new) >= ROWS:
                self.flush()
        return self._known[word]

    def flush(self) -> None:
        """Writes those that are new."""
        if self._new:
            self._write(embedded("words", self._new))
            self._new.clear()
