"""The loop of the machine, with a scripted hart and guests that only count."""

import pytest

from sim import machine as machine_module
from sim.config import MachineConfig
from sim.machine import End, Machine
from sim.platform.events import HtifWrite
from tests.sim.scripted import ScriptedHart, load, store

BASE = 0x8000_0000


class CountingGuest:
    """Finishes after `rings` events, or on its deadline."""

    def __init__(self, rings=1, deadline=None):
        self.rings = rings
        self.deadline = deadline
        self.events = []

    @property
    def finished(self):
        return len(self.events) >= self.rings

    def handle(self, machine, event):
        self.events.append((machine.engine.cycle, event))

    def tick(self, machine):
        self.events.append((machine.engine.cycle, "tick"))
        self.deadline = None


class Stops:
    """A watcher that wants to look in certain cycles."""

    def __init__(self, *cycles):
        self.cycles = cycles
        self.seen = []

    def next_stop(self, cycle):
        return min((stop for stop in self.cycles if stop > cycle), default=None)

    def look(self, machine):
        self.seen.append(machine.engine.cycle)


def make_machine(script=()):
    config = MachineConfig(memory_mib=1)
    return Machine(config, Machine.make_ram(config), watched=BASE, hart=ScriptedHart(script))


def test_a_run_ends_when_the_guest_has_finished():
    guest = CountingGuest(rings=2)
    machine = make_machine([load(BASE), store(BASE, 1), store(BASE, 2), load(BASE)])

    assert machine.run(guest) is End.FINISHED
    assert guest.events == [(3, HtifWrite(2, 0xFF)), (5, HtifWrite(4, 0xFF))]


def test_a_run_ends_at_its_limit_to_the_cycle():
    machine = make_machine([load(BASE)])

    assert machine.run(CountingGuest(), max_cycles=37) is End.LIMIT
    assert machine.engine.cycle == 37


def test_a_hart_that_retires_nothing_is_stuck(monkeypatch):
    monkeypatch.setattr(machine_module, "STALL_LIMIT", 40)
    machine = make_machine([load(BASE), load(BASE, gap=30)])
    machine.engine.chunk = 1

    assert machine.run(CountingGuest(), max_cycles=1000) is End.STUCK
    # Two cycles for each load and the gap; then 40 in vain.
    assert machine.engine.cycle == 34 + 40


def test_a_hart_that_is_expected_to_be_quiet_is_not_stuck(monkeypatch):
    monkeypatch.setattr(machine_module, "STALL_LIMIT", 40)
    machine = make_machine()
    machine.engine.chunk = 1
    machine.expect_quiet(100)

    assert machine.run(CountingGuest(), max_cycles=1000) is End.STUCK
    assert machine.engine.cycle == 140


def test_a_run_can_be_stopped_from_outside():
    machine = make_machine()

    end = machine.run(CountingGuest(), progress=lambda cycle: machine.stop())

    assert end is End.STOPPED
    assert machine.engine.cycle == machine.engine.chunk


def test_a_guests_deadline_comes_to_the_cycle():
    guest = CountingGuest(deadline=23)

    assert make_machine().run(guest, max_cycles=100) is End.FINISHED
    assert guest.events == [(23, "tick")]


def test_events_in_every_cycle_do_not_hold_a_deadline_off(monkeypatch):
    guest = CountingGuest(rings=31, deadline=23)
    machine = make_machine()
    run = machine.engine.run

    def run_to_an_event(cycles):
        run(1)
        return HtifWrite(machine.engine.cycle - 1, 1)

    monkeypatch.setattr(machine.engine, "run", run_to_an_event)

    assert machine.run(guest, max_cycles=100) is End.FINISHED
    assert [cycle for cycle, event in guest.events if event == "tick"] == [23]


def test_a_watcher_looks_at_the_cycles_it_wants():
    watcher = Stops(5, 23)

    make_machine().run(CountingGuest(), max_cycles=30, watchers=[watcher])

    assert watcher.seen == [0, 5, 23, 30]


def test_an_unknown_engine_is_refused():
    config = MachineConfig(engine="abacus")

    with pytest.raises(ValueError, match="engine must be one of native, pysim, not 'abacus'"):
        Machine(config, Machine.make_ram(config), hart=ScriptedHart())
