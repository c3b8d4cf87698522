"""The loop of the machine, with a scripted hart and guests that only count."""

import gc

import pytest

from sim import machine as machine_module
from sim.config import MachineConfig
from sim.machine import End, Machine
from sim.platform.events import Budget, Halt, Ring
from tests.sim.engines.test_devices import Wild, accesses
from tests.sim.platform.test_bus import Witness
from tests.sim.programmed import ACCESSES, ProgrammedHart, outcome, program
from tests.sim.scripted import ScriptedHart, load, store

BASE = 0x8000_0000


class CountingGuest:
    """Finishes after `rings` events."""

    def __init__(self, rings=1):
        self.rings = rings
        self.events = []

    @property
    def finished(self):
        return len(self.events) >= self.rings

    def handle(self, machine, event):
        self.events.append((machine.engine.cycle, event))


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
    devices = [Witness(watched=BASE)]
    return Machine(config, Machine.make_ram(config), devices=devices, hart=ScriptedHart(script))


def test_a_run_ends_when_the_guest_has_finished():
    guest = CountingGuest(rings=2)
    machine = make_machine([load(BASE), store(BASE, 1), store(BASE, 2), load(BASE)])

    assert machine.run(guest) is End.FINISHED
    assert guest.events == [(3, Halt()), (5, Halt())]


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


def test_so_is_one_that_never_retires_anything(monkeypatch):
    monkeypatch.setattr(machine_module, "STALL_LIMIT", 40)
    machine = make_machine()
    machine.engine.chunk = 1

    assert machine.run(CountingGuest(), max_cycles=1000) is End.STUCK
    assert machine.engine.cycle == 40


def test_a_hart_that_is_expected_to_be_quiet_is_not_stuck(monkeypatch):
    monkeypatch.setattr(machine_module, "STALL_LIMIT", 40)
    machine = make_machine()
    machine.engine.chunk = 1
    machine.expect_quiet(100)

    assert machine.run(CountingGuest(), max_cycles=1000) is End.STUCK
    assert machine.engine.cycle == 140


def test_where_quiet_is_expected_the_engine_need_not_stop():
    """It may pass over it; of what it computes it does no more than a chunk at once."""
    machine = make_machine()
    machine.expect_quiet(10**12)
    calls = []
    machine.engine.run = lambda *call: calls.append(call) or Budget()
    machine.run(CountingGuest(), progress=lambda cycle: machine.stop())

    ((cycles, work),) = calls
    assert cycles % work == 0
    assert 10**12 < cycles < 10**12 + machine_module.STALL_LIMIT + work
    assert work == machine.engine.chunk


def test_a_run_can_be_stopped_from_outside():
    machine = make_machine()

    end = machine.run(CountingGuest(), progress=lambda cycle: machine.stop())

    assert end is End.STOPPED
    assert machine.engine.cycle == machine.engine.chunk


def test_a_watcher_looks_at_the_cycles_it_wants():
    watcher = Stops(5, 23)

    make_machine().run(CountingGuest(), max_cycles=30, watchers=[watcher])

    assert watcher.seen == [0, 5, 23, 30]


def test_an_unknown_engine_is_refused():
    config = MachineConfig(engine="abacus")

    with pytest.raises(ValueError, match="engine must be one of native, pysim, not 'abacus'"):
        Machine(config, Machine.make_ram(config), hart=ScriptedHart())


def test_devices_and_their_lines_return_with_the_machine():
    """A run that was taken back again and again goes on as one that was not."""

    def run(backs):
        config = MachineConfig(memory_mib=1, engine="native")
        ram = Machine.make_ram(config)
        devices = [Wild(0x700_0000, 8, 5, watched=BASE + 64), Wild(0x1000, 2, 5)]
        machine = Machine(config, ram, devices=devices, hart=ProgrammedHart())
        engine = machine.engine
        program(engine, accesses(5, devices))

        def go_on(cycles):
            while engine.cycle < cycles:
                event = engine.run(cycles - engine.cycle)
                if isinstance(event, Ring):
                    engine.answer(event.reason % 50)

        for cycle in backs:
            go_on(cycle)
            snapshot = machine.snapshot()
            go_on(cycle + 200)
            machine.restore(snapshot)
            assert engine.cycle == cycle
        go_on(3000)
        outcomes = [outcome(engine, number) for number in range(ACCESSES)]
        return outcomes, [device.notes for device in devices], machine.bus.lines, bytes(ram.bytes)

    assert run([100, 313, 900, 901]) == run([])


class Collecting(Stops):
    """Notes after how many new objects Python looks for garbage."""

    def look(self, machine):
        self.seen.append(gc.get_threshold())


@pytest.mark.parametrize(
    ("before", "meanwhile"),
    [
        ((700, 10, 10), (500_000, 10, 10)),
        ((500_000, 3, 4), (500_000, 3, 4)),
        ((1 << 20, 5, 5), (1 << 20, 5, 5)),
        ((0, 10, 10), (0, 10, 10)),  # never
    ],
)
def test_python_looks_for_garbage_less_often_while_it_runs(before, meanwhile):
    usual = gc.get_threshold()
    try:
        gc.set_threshold(*before)
        watcher = Collecting()
        make_machine([load(BASE)]).run(CountingGuest(), max_cycles=20, watchers=[watcher])
        assert set(watcher.seen) == {meanwhile}
        assert gc.get_threshold() == before
    finally:
        gc.set_threshold(*usual)
