import pytest

from hdl.arch import Cause, Priv
from kernel_model.faults import Fault as Served
from sim import cli, waves
from sim import machine as machine_module
from sim.engines.base import CYCLE_FS, EngineError, TrapRecord
from sim.faults import FaultTable
from sim.gtkw import read_waveform
from sim.machine import End, Machine, MachineConfig
from sim.waves import CYCLES_AFTER, MOST_CYCLES, FirstFaults, LastCycles, Trace, Window
from tests.sim.elf import make_elf
from tests.sim.scripted import ScriptedHart, load, store

BASE = 0x8000_0000


class Idle:
    """A guest that never finishes, and the members that `FirstFaults` looks at."""

    finished = False
    deadline = None
    entered_user_at = None

    def __init__(self):
        self.faults = FaultTable()


def fault_table(*cycles):
    table = FaultTable()
    for cycle in cycles:
        served = Served(0x44, Cause.LOAD_PAGE, 0x5000, "mapped", None, "", 2)
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
    ("window", "first", "last"), [(Window(), 0, 40), (Window(7, 20), 7, 20), (Window(30), 30, 40)]
)
def test_a_trace_holds_the_cycles_of_its_window(tmp_path, window, first, last):
    trace = Trace(tmp_path / "run.vcd", window)

    run_traced(trace)

    waveform = read_waveform(trace.path)
    assert trace.started
    assert (waveform.start // CYCLE_FS, waveform.end // CYCLE_FS) == (first, last)


def test_a_window_after_the_end_writes_nothing(tmp_path):
    trace = Trace(tmp_path / "run.vcd", Window(100, 200))

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


@pytest.fixture
def faulting(tmp_path, monkeypatch):
    """Runs the command line on a program with two page faults; returns the waveform's cycles."""
    raised = {"trap": 1, "cause": Cause.LOAD_PAGE, "mode": Priv.U}
    script = [load(BASE)] * 20 + [load(BASE, **raised)] * 2
    script += [load(BASE)] * 20 + [store(BASE + 8, 1)]
    hart = (lambda: ScriptedHart(script), None)
    monkeypatch.setattr(machine_module, "real_hart", lambda ram: hart)
    program, vcd = tmp_path / "program.elf", tmp_path / "run.vcd"
    program.write_bytes(make_elf([(BASE, b"\x13\0\0\0" * 2, 64)], {"tohost": BASE + 8}))

    def run(*options):
        arguments = ["--quiet", "--engine", "native", "--memory", "1", "--vcd", str(vcd), *options]
        assert cli.main(["bare", *arguments, str(program)]) == 0
        if not vcd.exists():
            return None
        waveform = read_waveform(vcd)
        return waveform.start // CYCLE_FS, waveform.end // CYCLE_FS

    return run


def test_the_last_cycles_of_a_run(faulting):
    assert faulting("--vcd-last", "10") == (76, 85)
    assert faulting("--vcd-last", "1000") == (0, 85)


def test_the_cycles_around_a_fault(faulting, monkeypatch):
    # Accesses take two cycles: the faults are raised in cycles 41 and 43.
    monkeypatch.setattr(waves, "CYCLES_BEFORE", 7)
    monkeypatch.setattr(waves, "CYCLES_AFTER", 5)

    assert faulting("--vcd-fault", "1") == (34, 46)
    assert faulting("--vcd-fault", "2") == (36, 48)


def test_a_fault_that_never_comes_writes_nothing(faulting, capsys):
    assert faulting("--vcd-fault", "3") is None
    assert "not written, the run ended before page fault 3" in capsys.readouterr().err


def test_an_engine_that_keeps_no_cycles_says_so(tmp_path):
    with pytest.raises(EngineError, match="pysim cannot keep the cycles before"):
        run_traced(LastCycles(tmp_path / "run.vcd", 5), engine="pysim")
