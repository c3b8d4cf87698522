"""Reads a log of walks, and says what the golden model of Sv39 says of each of them."""

import csv
from dataclasses import dataclass
from io import StringIO

from tests.verify.golden.sv39 import Request, respond

__all__ = ["Judge", "Read", "Walk", "read_walks"]

LEVELS = (2, 1, 0)
#: The golden model's words for how a walk ends.
_KINDS = {"ok": "found", "page": "page_fault", "access": "access_fault", "update": "update"}


@dataclass(frozen=True)
class Read:
    """A page-table entry that was read."""

    cycle: int
    address: int
    value: int


class Walk:
    """A line of the log."""

    def __init__(self, cells):
        numbers = {
            name: int(text, 0)
            for name, text in cells.items()
            if text and name not in ("side", "access", "verdict")
        }
        self.side, self.access, self.verdict = (
            cells[name] for name in ("side", "access", "verdict")
        )
        self.begin, self.end = numbers["begin"], numbers["end"]
        self.va = numbers["va"]
        self.reads = {
            level: Read(*(numbers[f"{name}_{level}"] for name in ("cycle", "address", "value")))
            for level in LEVELS
            if f"cycle_{level}" in numbers
        }
        self.written = numbers.get("written")
        self.filled = {
            name: numbers[name] for name in ("page", "level", "flags") if name in numbers
        }
        self.cached = numbers.get("cached")
        self.request = Request(
            va=self.va,
            access=self.access.upper(),
            priv="US?M"[numbers["mode"]],
            root=numbers["root"] >> 12,
            asid=numbers["asid"],
            sum_=numbers["sum"],
            mxr=numbers["mxr"],
            adue=numbers["adue"],
        )


def read_walks(text):
    """The walks in a log."""
    return [Walk(cells) for cells in csv.DictReader(StringIO(text, newline=""), strict=True)]


class Judge:
    """Compares walks, in their order, with the golden model: it reads what they have read."""

    def __init__(self):
        self._memory = {}

    def check(self, walk):
        """Fails if the walk is not what the specification says."""
        assert walk.begin <= walk.end
        asked = []

        def read(address):
            asked.append(address)
            return self._memory.get(address, 0)

        self._memory |= {each.address: each.value for each in walk.reads.values()}
        expected = respond(walk.request, read)
        reads = [walk.reads[level].address for level in LEVELS if level in walk.reads]
        cycles = [walk.reads[level].cycle for level in LEVELS if level in walk.reads]
        assert cycles == sorted(cycles)
        assert all(walk.begin <= cycle <= walk.end for cycle in cycles)
        if walk.verdict == "squashed":
            assert walk.side != "update"
            assert reads in (list(expected.reads[: len(reads)]), list(expected.reads[2:]))
            assert not walk.filled
            return
        # Without a read of the root the walk cache knew the table of level 0.
        known = 2 not in walk.reads and len(expected.reads) > 1
        assert reads == list(expected.reads[2:] if known else expected.reads)
        self._judge(walk, expected)
        if walk.written is not None:
            self._memory[expected.leaf] = walk.written

    def _judge(self, walk, expected):
        kind = _KINDS[expected.kind]
        if kind == "access_fault" and expected.pa:
            kind = "found"  # what the page may not be used for is no matter of the walk
        if walk.side == "update" and kind == "update":
            kind = "found"
            assert walk.written == expected.written
        else:
            assert walk.written is None
        assert walk.verdict == kind, vars(walk)
        if kind != "found":
            assert not walk.filled
        elif walk.filled:
            self._filled(walk)
        else:
            assert walk.side == "update"  # overtaken by a fence

    def _filled(self, walk):
        level = min(walk.reads)
        value = walk.reads[level].value if walk.written is None else walk.written
        assert walk.filled["level"] == level
        assert walk.filled["page"] == value >> 10 << 12 & (1 << 56) - 1
        above = [each.value for at, each in walk.reads.items() if at > level]
        # Of a table that the walk cache knew the pointers' G is not in the log.
        flags = [value & 0xFF | (0x20 & sum(each & 0x20 for each in above) and 0x20)]
        if 2 not in walk.reads:
            flags.append(value & 0xFF | 0x20)
        assert walk.filled["flags"] in flags
