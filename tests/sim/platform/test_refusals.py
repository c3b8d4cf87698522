"""Accesses that are to go wrong."""

import pytest

from sim.platform.bus import DATA, Bus, Refusal, Request
from sim.platform.ram import Ram

BASE = 0x8000_0000


@pytest.fixture
def ram():
    return Ram(BASE, 0x1000)


def test_an_access_that_is_to_go_wrong_changes_nothing(ram):
    bus = Bus(ram)
    bus.refusals.append(Refusal(BASE + 12, nth=2))
    for cycle, data in enumerate([1, 2, 3]):
        bus.accept(DATA, cycle, Request(BASE + 8, write=1, data=data, strobe=1, source=1))

    assert [bus.respond(DATA, cycle) for cycle in (1, 2, 3)] == [(0, 0), (0, 1), (0, 0)]
    assert ram.read_u64(BASE + 8) == 3
    assert bus.refusals == [Refusal(BASE + 12, 2, seen=3, cycle=1, source=1, write=1)]


def test_a_snapshot_has_what_has_gone_wrong(ram):
    bus = Bus(ram)
    bus.refusals.append(Refusal(BASE, nth=1))
    before = bus.snapshot()
    bus.accept(DATA, 0, Request(BASE))
    assert bus.refusals[0].cycle == 0

    bus.restore(before)

    assert bus.refusals == [Refusal(BASE, 1)]
