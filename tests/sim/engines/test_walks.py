"""Lines of walks from probes made by hand."""

import csv
from types import SimpleNamespace

import pytest

from hdl.mmu.probe import Verdict
from hdl.mmu.vocabulary import Access, Side
from sim.engines.walks import ACCESSES, HEADER, SIDES, VERDICTS, WalkFollower, walked

BEGIN = {"begins": 1, "access": 1, "priv": 1, "sum": 1, "asid": 7, "root": 0x80001, "va": 0x5008}
NAMES = (
    *("begins", "access", "priv", "sum", "mxr", "adue", "asid", "root", "va", "ends", "verdict"),
    *("fills", "page", "caches", "writes", "side", "read", "level", "data"),
)


class Script:
    """A follower that is told of one cycle after the other."""

    def __init__(self):
        self.follower, self.cycle, self.lines = WalkFollower(), 99, []

    def __call__(self, value=0, **shown):
        """A cycle with what the probe shows; an entry of `value` is read."""
        self.cycle += 1
        assert shown.keys() <= set(NAMES)
        probe = [shown.get(name, 0) for name in NAMES]
        line = self.follower.follow(self.cycle, probe, 0x8000_1000 + self.cycle, lambda pa: value)
        self.lines += [line] if line else []

    @property
    def walk(self):
        """The only walk, as its cells that are not empty."""
        (cells,) = csv.DictReader([HEADER, *self.lines])
        return {name: text for name, text in cells.items() if text}


@pytest.fixture
def script():
    return Script()


def test_a_walk_is_told_when_it_has_ended(script):
    script(**BEGIN, side=1, read=1, level=2, value=0x2000_0801)
    script(read=1, level=1, value=0x2000_0C01)
    assert script.lines == []
    script(caches=1, read=1, level=0, value=0x2000_14D7)
    script(ends=1, fills=1, page=0x80005 | (0xD7 >> 1) << 46)

    assert script.walk == {
        **{"begin": "100", "end": "103", "side": "data", "access": "load", "mode": "1"},
        **{"sum": "1", "mxr": "0", "adue": "0", "asid": "7", "va": "0x5008", "root": "0x80001000"},
        **{"cycle_2": "100", "address_2": "0x80001064", "value_2": "0x20000801"},
        **{"cycle_1": "101", "address_1": "0x80001065", "value_1": "0x20000c01"},
        **{"cycle_0": "102", "address_0": "0x80001066", "value_0": "0x200014d7"},
        **{"verdict": "found", "page": "0x80005000", "level": "0", "flags": "0xd7"},
        "cached": "0x80003000",
    }


def test_one_that_begins_anew_has_the_entries_of_the_last_time(script):
    script(**BEGIN, side=2, read=1, level=1, value=1)
    script(read=1, level=0, value=2)
    script(read=1, level=1, value=3)
    script(writes=1, data=0xFF)
    script(ends=1)

    walk = script.walk
    assert walk["value_1"] == "0x3"
    assert "value_0" not in walk
    assert (walk["written_cycle"], walk["written"]) == ("103", "0xff")
    assert "page" not in walk


def test_one_may_end_as_it_begins_and_nothing_is_told_without_one(script):
    script(ends=1, verdict=2)
    script(read=1, level=2)
    assert script.lines == []
    script(**BEGIN, ends=1, verdict=4)
    script(ends=1, verdict=4)

    assert script.walk["verdict"] == "squashed"


def test_the_words_have_the_numbers_of_the_hart():
    for enum, words in ((Side, SIDES), (Access, ACCESSES), (Verdict, VERDICTS)):
        assert {each.value: words[each.value] for each in enum} == {
            each.value: each.name.lower() for each in enum
        }


def test_a_hart_without_a_probe_has_nothing_to_follow():
    assert walked(SimpleNamespace()) == []
