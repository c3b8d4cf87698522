"""Counts of events, by number and by name."""

from types import SimpleNamespace

from hdl.events import Event
from hdl.hart import Hart
from sim.engines.counts import counted, difference, named


def test_a_hart_without_events_is_not_counted():
    assert counted(SimpleNamespace()) == []
    assert counted(SimpleNamespace(probe=SimpleNamespace())) == []
    assert [len(signal) for signal in counted(Hart())] == [len(Event)]


def test_what_lies_between_two_moments():
    assert difference((5, 7, 9), (1, 7, 2)) == [4, 0, 7]


def test_each_count_has_its_name():
    names = named(range(len(Event)))

    assert names["itlb_hit_4k"] == 0
    assert names["update_stall"] == len(Event) - 1
    assert len(names) == len(Event)
