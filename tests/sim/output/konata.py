"""A strict reader of Kanata 0004: what Konata's docs/kanata-log-format.md allows, and no more."""

import re
from typing import NamedTuple

__all__ = ["Log", "Row", "Span", "read"]

_COLUMNS = {"I": 4, "L": 4, "S": 4, "E": 4, "R": 4, "W": 4, "C": 2}


class Span(NamedTuple):
    """A stage on a lane, in the log's cycles: `end` is the first in which it is over."""

    lane: int
    name: str
    start: int
    end: int


class Row:
    """A row of the log."""

    def __init__(self, number, simulator, thread, cycle):
        self.number, self.simulator, self.thread = number, simulator, thread
        self.begin, self.end = cycle, None
        self.label, self.tooltip = "", ""
        self.flushed, self.retired = None, None
        self.spans, self.sources = [], []
        self.open = {}

    def on(self, lane):
        """The stages on a lane, in order."""
        return [span for span in self.spans if span.lane == lane]


class Log:
    """The rows of a log, by number."""

    def __init__(self):
        self.rows = {}
        self.cycle = 0
        self._retired = set()

    def take(self, line):
        """The next line."""
        command, *columns = line.split("\t")
        assert len(columns) + 1 == _COLUMNS[command], line
        if command == "C":
            (cycles,) = map(_number, columns)
            assert cycles > 0
            self.cycle += cycles
            return
        assert self.cycle >= 1, "a viewer takes 0 for no cycle"
        getattr(self, f"_{command}")(*columns)

    def finish(self):
        """Nothing more comes."""
        assert all(row.end is not None for row in self.rows.values())

    def _live(self, number):
        row = self.rows[_number(number)]
        assert row.end is None, f"row {number} is over"
        return row

    def _I(self, number, simulator, thread):
        assert _number(number) == len(self.rows), "numbers are serial"
        self.rows[len(self.rows)] = Row(
            len(self.rows), _number(simulator), _number(thread), self.cycle
        )

    def _L(self, number, kind, text):
        row = self._live(number)
        assert kind in ("0", "1")
        assert text
        if kind == "0":
            row.label += text
        else:
            row.tooltip += text

    def _S(self, number, lane, name):
        row, lane = self._live(number), _number(lane)
        assert lane not in row.open, "it is to be closed before"
        assert re.fullmatch(r"[A-Za-z]+", name)
        row.open[lane] = name, self.cycle

    def _E(self, number, lane, name):
        row, lane = self._live(number), _number(lane)
        opened, start = row.open.pop(lane)
        assert opened == name
        assert self.cycle > start, "no stage takes no time"
        row.spans.append(Span(lane, name, start, self.cycle))

    def _R(self, number, retired, kind):
        row = self._live(number)
        assert not row.open
        assert kind in ("0", "1")
        row.end, row.flushed, row.retired = self.cycle, kind == "1", _number(retired)
        if not row.flushed:
            assert row.retired not in self._retired
            self._retired.add(row.retired)

    def _W(self, consumer, producer, kind):
        assert kind == "0"
        self._live(consumer).sources.append(self.rows[_number(producer)])


def read(path):
    """The log in a file; AssertionError or KeyError if it is none."""
    text = path.read_text()
    assert text.endswith("\n")
    header, offset, *lines = text.splitlines()
    assert (header, offset) == ("Kanata\t0004", "C=\t0")
    log = Log()
    for line in lines:
        log.take(line)
    log.finish()
    return log


def _number(text):
    assert re.fullmatch(r"0|[1-9]\d*", text), text
    return int(text)
