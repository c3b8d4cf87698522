"""What a search keeps of the cycles in which its conditions are met."""

from types import SimpleNamespace

import pytest

from sim.debug.conditions import AtCycle, Condition, PteChange
from sim.debug.search import Eye, Search
from sim.engines.inspection import RETIRED


class Met(Condition):
    """Met by the records that say so."""

    def __init__(self, name):
        self.name = name

    @property
    def rules(self):
        return ((self.name, 1, 1),)

    def record(self, fields, session):
        return self.name in fields


class Standing(Condition):
    """Stands in some cycles, and has no records."""

    def __init__(self, *cycles):
        self.cycles = cycles
        self.began = 0

    def begin(self, session):
        self.began += 1

    def stands(self, session):
        return session.cycle in self.cycles


class Machine:
    """What a watcher sees of a machine, and does to it."""

    def __init__(self, cycle=0, **shown):
        self.engine = self
        self.cycle = cycle
        self.stops = 0
        self.shown = dict.fromkeys((f"retire.{name}" for name in RETIRED), 0) | shown
        self.observers = []

    def stop(self):
        self.stops += 1

    def inspect(self, names):
        return {name: self.shown[name] for name in names}

    def observe(self, callback, rules):
        self.observers.append((callback, rules))

    def stop_observing(self, callback):
        ((observer, _),) = self.observers
        assert observer == callback
        self.observers.clear()


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
    records = [(1, "stop"), (2, "stop"), (3, "stop")]
    assert search(*records, start=0).found == [(1, STOP)]
    assert search(*records, start=-1, end=3, last=True).found == [(2, STOP)]


def test_what_is_met_in_one_cycle_is_found_together():
    assert search((5, "step", "stop"), start=0).found == [(5, STEP), (5, STOP)]
    other = Met("stop")
    options = {"conditions": (STOP, other), "wanted": None}
    records = [(1, "stop"), (5, "stop")]
    assert search(*records, start=0, **options).found == [(1, STOP), (1, other)]
    back = search(*records, start=-1, last=True, **options)
    assert back.found == [(5, STOP), (5, other)]


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


def standing(cycle, config=SESSION.config):
    return SimpleNamespace(config=config, cycle=cycle)


def looking(cycle, condition, **options):
    """A search that has looked at a machine in one cycle, and the machine."""
    machine = Machine(cycle)
    made = Search(standing(cycle), (condition,), None, 1, **options)
    made.look(machine)
    return made, machine


def test_what_stands_there_is_found_and_stops_the_machine():
    here = Standing(7)
    made, machine = looking(7, here, start=0)
    assert (made.found, machine.stops) == ([(7, here)], 1)
    made, machine = looking(8, here, start=0)
    assert (made.found, machine.stops) == ([], 0)


def test_on_the_way_back_the_machine_goes_on_to_the_end():
    made, machine = looking(7, Standing(7), start=0, last=True)
    assert len(made.found) == 1
    assert machine.stops == 0
    made, machine = looking(7, Standing(9), start=0, last=True)
    assert machine.stops == 0


def test_an_entry_of_a_page_table_is_looked_at_each_cycle_if_the_hart_may_write_it():
    entry = PteChange(0x5000, 2)
    for svadu, stops in [(True, [1, 5]), (False, [4, None])]:
        session = standing(0, SimpleNamespace(svadu=svadu))
        made = Search(session, (entry, AtCycle(4)), None, 1, start=0)
        assert [made.next_stop(cycle) for cycle in (0, 4)] == stops
    alone = Search(standing(0, SimpleNamespace(svadu=True)), (AtCycle(4),), None, 1, start=0)
    assert alone.next_stop(0) == 4


def test_the_retire_port_is_looked_at_when_something_retires():
    class AtRecord(Condition):
        def record(self, fields, session):
            return fields["trap"] == 1

    for valid, found in [(1, 1), (0, 0)]:
        shown = {"retire.valid": valid, "retire.trap": 1}
        session = SimpleNamespace(machine=Machine(5, **shown), config=SESSION.config)
        made = Search(session, (AtRecord(),), None, 1, start=0)
        made.inspect()
        assert len(made.found) == found


class Watched:
    """A run with an eye on it."""

    def __init__(self, asked=lambda: False):
        self.watchers = []
        self.machine = Machine()
        self.config = SESSION.config
        self.cycle = 0
        self.eye = Eye(self, asked)

    def search(self, *conditions):
        return Search(self, conditions, None, 1, start=0)


def test_an_eye_looks_for_the_search_that_is_under_way_and_for_no_other():
    run = Watched()
    condition = Standing(3)
    made = run.search(condition, AtCycle(3))
    assert run.watchers == [run.eye]
    assert run.eye.next_stop(0) is None
    with run.eye.on(made):
        assert condition.began == 1
        assert run.eye.next_stop(0) == 3
        run.cycle = run.machine.cycle = 3
        run.eye.look(run.machine)
    assert [condition for _, condition in made.found] == [condition, AtCycle(3)]
    assert run.eye.next_stop(0) is None
    run.eye.look(run.machine)
    assert run.machine.stops == 1
    assert not run.eye.interrupted


def test_it_has_records_handed_on_if_somebody_asks_for_some():
    run = Watched()
    made, without = run.search(STEP), run.search(Standing(3))
    with run.eye.on(made):
        assert run.machine.observers == [(made.record, [("step", 1, 1)])]
    assert run.machine.observers == []
    with run.eye.on(made, records=False):
        assert run.machine.observers == []
    with run.eye.on(without):
        assert run.machine.observers == []
    with pytest.raises(KeyError), run.eye.on(made):
        raise KeyError
    assert run.machine.observers == []


def test_who_wants_the_motion_to_end_stops_the_machine():
    run = Watched(asked=lambda: True)
    run.eye.look(run.machine)
    assert run.eye.interrupted
    assert run.machine.stops == 1
