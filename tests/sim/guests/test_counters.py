"""Whose the events are: of the process that runs, of the boot, or of nobody."""

from hdl.events import Event
from sim.guests.counters import Attribution

FIRST = "itlb_hit_4k"


def counts(first):
    """So many of the first event, and of another one twice as many."""
    return [first, 2 * first] + [0] * (len(Event) - 2)


def test_each_stretch_is_its_processs():
    attribution = Attribution()
    for first, pid in ((10, 2), (15, 3), (35, None), (36, 2), (40, 3)):
        attribution.runs(counts(first), pid)

    found = attribution.shares(counts(100))

    assert found.run[FIRST] == 100
    assert (found.boot[FIRST], found.idle[FIRST]) == (10, 1)
    assert {pid: share[FIRST] for pid, share in found.processes.items()} == {2: 5 + 4, 3: 20 + 60}
    assert found.processes[2]["itlb_hit_2m"] == 18


def test_it_can_be_asked_at_any_moment_and_goes_on():
    attribution = Attribution()
    attribution.runs(counts(1), 2)

    assert [attribution.shares(counts(n)).processes[2][FIRST] for n in (1, 5, 5, 8)] == [0, 4, 4, 7]


def test_nothing_is_known_if_nothing_is_counted():
    attribution = Attribution()
    attribution.runs((), 2)

    assert attribution.shares(()) is None


def test_without_processes_all_is_the_boots():
    found = Attribution().shares(counts(3))

    assert found.boot == found.run
    assert found.processes == {}
    assert not any(found.idle.values())
