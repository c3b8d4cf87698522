from types import SimpleNamespace

import pytest

from hdl.arch import Cause, Priv
from sim.config import MachineConfig
from sim.engines.base import CYCLE_FS, EngineError
from sim.engines.traps import TrapRecord
from sim.guests.fault_table import FaultTable
from sim.machine import End, Machine
from sim.output.waveform import read_waveform
from sim.output.waves import (
    CYCLES_AFTER,
    CYCLES_BEFORE,
    CYCLES_SLOWER,
    MOST_CYCLES,
    OPEN_CYCLES,
    AroundFault,
    CycleRange,
    FirstFaults,
    LastCycles,
    Trace,
)
from tests.sim.scripted import ScriptedHart, load
from tests.sim.served import mapped

BASE = 0x8000_0000


class Idle:
    """A guest that never finishes, and the members that `FirstFaults` looks at."""

    finished = False
    entered_user_at = None

    def __init__(self):
        self.faults = FaultTable()


def fault_table(*cycles):
    table = FaultTable()
    for cycle in cycles:
        served = mapped(0x44, Cause.LOAD_PAGE, 0x5000)
        table.trapped(2, [TrapRecord(cycle, 0x44, 13, 0x5000, Priv.U)])
        table.join([served])
    return table


def run_traced(trace, cycles=40, **parameters):
    config = MachineConfig(memory_mib=1, traced=True, **parameters)
    hart = ScriptedHart([load(BASE)] * 30)
    machine = Machine(config, Machine.make_ram(config), hart=hart)
    assert machine.run(Idle(), max_cycles=cycles, watchers=[trace]) is End.LIMIT
    machine.engine.close()


@pytest.mark.parametrize(
    ("window", "first", "last"),
    [(CycleRange(), 0, 40), (CycleRange(7, 20), 7, 20), (CycleRange(30), 30, 40)],
)
def test_a_trace_holds_the_cycles_of_its_window(tmp_path, window, first, last):
    trace = Trace(tmp_path / "run.vcd", window)

    run_traced(trace)

    waveform = read_waveform(trace.path)
    assert trace.started
    assert (waveform.start // CYCLE_FS, waveform.end // CYCLE_FS) == (first, last)


def test_a_window_after_the_end_writes_nothing(tmp_path):
    trace = Trace(tmp_path / "run.vcd", CycleRange(100, 200))

    run_traced(trace)

    assert not trace.started
    assert not trace.path.exists()


def test_the_default_window_is_around_the_first_faults():
    guest = Idle()
    window = FirstFaults(guest)

    assert window.bounds() == (None, None)
    guest.entered_user_at = 500
    assert window.bounds() == (500, 500 + MOST_CYCLES)
    guest.faults = fault_table(600, 700)
    assert window.bounds() == (500, 500 + MOST_CYCLES)
    guest.faults = fault_table(600, 700, 3000, 9000)
    assert window.bounds() == (500, 3000 + CYCLES_AFTER)


def test_a_window_without_an_end_has_a_bound():
    """A waveform takes a kilobyte a cycle: `--vcd-window 0:` wrote 2 GB without a word."""
    assert CycleRange(7).bounds() == (7, 7 + OPEN_CYCLES)
    assert CycleRange(7, 10_000_000).bounds() == (7, 10_000_000)


class Recent:
    """A machine whose engine keeps its last cycles, and notes what it is told."""

    def __init__(self):
        self.engine = self
        self.cycle = 0
        self.told = []

    def keep_recent(self, cycles):
        self.told.append(("keep", cycles))

    def write_recent(self, path, first, last):
        self.told.append(("write", first, last))
        return True


def test_the_cycles_around_a_fault_are_kept_until_they_have_passed(tmp_path):
    fault = CYCLES_BEFORE + 777
    machine = Recent()
    watcher = AroundFault(tmp_path / "x.vcd", lambda m: fault if m.cycle >= fault else None)

    while (stop := watcher.next_stop(machine.cycle)) is not None:
        watcher.look(machine)
        machine.cycle = stop

    assert machine.told == [
        ("keep", CYCLES_BEFORE + 2 * CYCLES_AFTER),
        ("write", fault - CYCLES_BEFORE, fault + CYCLES_AFTER),
        ("keep", 0),
    ]
    watcher.finish(machine)
    assert len(machine.told) == 3


def test_of_a_fault_that_never_came_nothing_is_written(tmp_path):
    machine = Recent()
    watcher = AroundFault(tmp_path / "x.vcd", lambda m: None)
    watcher.look(machine)
    watcher.finish(machine)

    assert [what for what, *_ in machine.told] == ["keep"]
    assert not watcher.started


def test_an_engine_that_keeps_no_cycles_says_so(tmp_path):
    with pytest.raises(EngineError, match="pysim cannot keep the cycles before"):
        run_traced(LastCycles(tmp_path / "run.vcd", 5), engine="pysim")


def test_how_far_back_a_window_may_reach(tmp_path):
    path = tmp_path / "run.vcd"
    later = Trace(path, CycleRange(30, 50))
    assert [later.oldest(cycle) for cycle in (10, 40)] == [10, 30]
    run_traced(later, 60)
    assert later.oldest(60) is None

    guest = Idle()
    first = Trace(path, FirstFaults(guest))
    assert first.oldest(100) == 100
    guest.entered_user_at = 90
    assert first.oldest(100) == 90

    assert LastCycles(path, 70).oldest(100) == 30

    around = AroundFault(path, lambda machine: None)
    assert around.oldest(50_000) == 50_000 - CYCLES_BEFORE - 2 * CYCLES_AFTER
    around.focus = 49_000
    assert around.oldest(50_000) == 49_000 - CYCLES_BEFORE
    around.started = True
    assert around.oldest(50_000) is None


def test_with_slow_memory_more_cycles_are_behind_a_fault(tmp_path):
    around = AroundFault(tmp_path / "run.vcd", lambda machine: 50_000, latency=20)
    around.focus = 50_000
    assert around.next_stop(50_001) == 50_000 + CYCLES_AFTER + 19 * CYCLES_SLOWER


def test_the_last_cycles_are_kept_from_the_first_look_on(tmp_path):
    """To begin anew at each look would forget what was before it."""
    asked = []
    machine = SimpleNamespace(engine=SimpleNamespace(keep_recent=asked.append))
    watcher = LastCycles(tmp_path / "x.vcd", 40)
    for _ in range(3):
        watcher.look(machine)
    assert asked == [40]
