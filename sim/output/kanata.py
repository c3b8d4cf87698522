"""Kanata 0004, the log that the pipeline viewer Konata reads: rows of stages over cycles.

Konata's docs/kanata-log-format.md. What is said of a cycle stands behind what is said of those
before it, so events wait here until nothing earlier can come.
"""

import heapq
from dataclasses import dataclass
from itertools import count
from pathlib import Path

from sim.output.text_output import TextOutput

__all__ = ["MAIN", "STALL", "KanataWriter", "Row"]

#: Lanes of a row: its stages, and why it does not leave them.
MAIN, STALL = range(2)
#: Kinds of labels, and of ends.
_LABEL, _TOOLTIP = range(2)
_RETIRED, _FLUSHED = range(2)


@dataclass(eq=False)
class Row:
    """An instruction, or what else takes time. `number` is its identifier in the file."""

    number: int = -1


class KanataWriter:
    """Writes the log to `path`; raises OSError if the file cannot be made.

    What goes wrong later, `close` tells. Its own cycles begin with 1: that is `first`.
    """

    def __init__(self, path: Path, first: int):
        self._output = TextOutput(path)
        self._first = first
        self._cycle = 0
        #: What waits: cycle, number among all, row, command, and what stands behind the row.
        self._waiting: list[tuple[int, int, Row, str, tuple[Row | int | str, ...]]] = []
        self._order, self._numbers, self._retired = count(), count(), count()
        self._output.write("Kanata\t0004\nC=\t0\n")

    def begin(self, cycle: int, identifier: int, thread: int) -> Row:
        """A new row, with what the simulator calls it and its thread."""
        row = Row()
        self._put(cycle, row, "I", identifier, thread)
        return row

    def label(self, cycle: int, row: Row, text: str) -> None:
        """Appends to what stands on the left."""
        self._put(cycle, row, "L", _LABEL, _plain(text))

    def tooltip(self, cycle: int, row: Row, text: str) -> None:
        """Adds a line to what is shown where the mouse is."""
        self._put(cycle, row, "L", _TOOLTIP, _plain(text) + r"\n")

    def start(self, cycle: int, row: Row, lane: int, stage: str) -> None:
        """A stage begins with the cycle."""
        self._put(cycle, row, "S", lane, stage)

    def stop(self, cycle: int, row: Row, lane: int, stage: str) -> None:
        """It was over before the cycle."""
        self._put(cycle, row, "E", lane, stage)

    def arrow(self, cycle: int, row: Row, source: Row) -> None:
        """The row, which has not ended, is due to another."""
        self._put(cycle, row, "W", source, 0)

    def end(self, cycle: int, row: Row, *, flushed: bool) -> None:
        """The row is over: it has retired, or came to nothing."""
        number = 0 if flushed else next(self._retired)
        self._put(cycle, row, "R", number, _FLUSHED if flushed else _RETIRED)

    def flush(self, cycle: int) -> None:
        """Nothing more will be said of what is before the cycle."""
        while self._waiting and self._waiting[0][0] < cycle:
            self._emit(*heapq.heappop(self._waiting))

    def close(self, last: int) -> OSError | None:
        """Ends the log: what should be behind `last` is there. Returns what has gone wrong."""
        while self._waiting:
            cycle, order, row, command, arguments = heapq.heappop(self._waiting)
            self._emit(min(cycle, last), order, row, command, arguments)
        return self._output.close()

    def _put(self, cycle: int, row: Row, command: str, *arguments: Row | int | str) -> None:
        heapq.heappush(self._waiting, (cycle, next(self._order), row, command, arguments))

    def _emit(
        self, cycle: int, _: int, row: Row, command: str, arguments: tuple[Row | int | str, ...]
    ) -> None:
        passed = cycle - self._first + 1 - self._cycle
        if passed:
            self._output.write(f"C\t{passed}\n")
            self._cycle += passed
        if command == "I":  # they are numbered as they stand in the file
            row.number = next(self._numbers)
        shown = (str(each.number if isinstance(each, Row) else each) for each in arguments)
        self._output.write("\t".join((command, str(row.number), *shown)) + "\n")


def _plain(text: str) -> str:
    """Without what would end a column or a line."""
    return " ".join(text.split())
