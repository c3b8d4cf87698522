"""What a search keeps of the cycles in which its conditions are met."""

from types import SimpleNamespace

import pytest

from sim.debug.conditions import AtCycle, Condition
from sim.debug.search import Search


class Met(Condition):
    """Met by the records that say so."""

    def __init__(self, name):
        self.name = name

    @property
    def rules(self):
        return ((self.name, 1, 1),)

    def record(self, fields, session):
        return self.name in fields


STEP, STOP = Met("step"), Met("stop")
SESSION = SimpleNamespace(config=SimpleNamespace(svadu=False), cycle=0)


def search(*records, conditions=(STEP, STOP), wanted=STEP, count=1, **options):
    made = Search(SESSION, conditions, wanted, count, **options)
    for cycle, *names in records:
        made.record(cycle, dict.fromkeys(names, 1))
    return made


def test_the_first_cycle_behind_the_start_is_found():
    assert search((10, "step"), start=10).found == []
    assert search((10, "step"), (11, "step"), (12, "step"), start=10).found == [(11, STEP)]


@pytest.mark.parametrize("count, cycle", [(1, 1), (2, 4), (3, 6)])
def test_as_many_as_are_wanted(count, cycle):
    records = [(1, "step"), (4, "step"), (6, "step")]
    assert search(*records, count=count, start=0).found == [(cycle, STEP)]
    assert search(*records, count=4, start=0).found == []
    assert search(*records, count=4, start=0).met == 3


def test_another_condition_stops_on_the_way():
    records = [(1, "step"), (2, "stop"), (3, "step")]
    assert search(*records, count=2, start=0).found == [(2, STOP)]
    assert search(*records, count=1, start=0).found == [(1, STEP)]
    assert search(*records, conditions=(STOP,), wanted=None, start=0).found == [(2, STOP)]


def test_what_is_met_in_one_cycle_is_found_together():
    assert search((5, "step", "stop"), start=0).found == [(5, STEP), (5, STOP)]


def test_backwards_the_last_before_the_end():
    records = [(1, "step"), (2, "stop"), (3, "step"), (4, "step"), (5, "step", "stop")]
    back = {"start": -1, "last": True}
    assert search(*records, end=5, **back).found == [(4, STEP)]
    assert search(*records, end=5, count=2, **back).found == [(3, STEP)]
    assert search(*records, end=5, count=3, **back).found == [(2, STOP)]
    back["conditions"] = (STOP,)
    assert search(*records, end=9, wanted=None, **back).found == [(5, STOP)]


def test_it_asks_for_what_its_conditions_want():
    assert search(start=0).rules == [("step", 1, 1), ("stop", 1, 1)]
    stops = search(conditions=(STEP, AtCycle(9), AtCycle(4)), start=0)
    assert [stops.next_stop(cycle) for cycle in (0, 4, 9)] == [4, 9, None]
