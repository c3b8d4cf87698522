"""Runs built from a configuration: their parts, their results, and going back in them."""

import pytest

from kernel_model.dev.state import Console
from sim.cli.options import RunOptions
from sim.cli.reports import Reports
from sim.config import MachineConfig, RunConfig
from sim.host.programs import build_bare, find_program
from sim.machine import End
from sim.output.pages import PagePrint, PageTables
from sim.output.traces import FaultTrace, SyscallTrace
from sim.output.waves import AroundFault, CycleRange, LastCycles, Trace
from sim.platform.devices.captured import Captured
from sim.session import BareSession, KernelSession
from tests.hdl.programs import ASM, build
from tests.kernel_model.support import make_kernel


def session_of(name, *arguments, stdin=b"", **parameters):
    config = RunConfig(memory_mib=8, **parameters)
    elf = find_program(name).read_bytes()
    return KernelSession.of_program(config, elf, [name, *arguments], Captured(stdin))


def test_a_result_is_data():
    with session_of("args", "a", "b") as session:
        assert session.end is End.STOPPED
        assert session.run() is End.FINISHED
        result = session.result()
    assert result.end is End.FINISHED
    assert b"a" in result.output
    assert result.config is session.config
    assert result.abi == "lab"
    paid = sum(account.user_cycles + account.kernel_cycles for account in result.processes)
    assert paid + result.boot_cycles + result.idle_cycles == result.cycles == session.cycle


def test_a_result_of_a_part_is_that_of_then():
    with session_of("lazy") as session:
        assert session.run(5_000) is End.LIMIT
        early = session.result()
        assert (early.end, early.exit_status, early.cycles) == (End.LIMIT, 124, 5_000)
        paid = early.processes[0].user_cycles
        session.run()
        assert early.processes[0].user_cycles == paid < session.result().processes[0].user_cycles
        assert session.result().exit_status == 0


def test_steps_are_cycles():
    with session_of("hello") as session:
        assert session.step() is End.LIMIT
        assert session.cycle == 1
        session.step(99)
        assert session.cycle == 100
        assert session.step(1_000_000) is End.FINISHED


def test_a_bare_program_ends_by_its_own_word():
    with BareSession(MachineConfig(), build(ASM / "rv64a.S").read_bytes()) as session:
        assert session.run(100_000) is End.FINISHED
        result = session.result()
    assert (result.exit_status, result.processes, result.abi) == (0, [], None)
    assert result.cycles == 1371


@pytest.mark.parametrize("hart_id", [0, 0x1234])
def test_parameters_of_the_hart_reach_it(tmp_path, hart_id):
    """The program ends with its `mhartid`, and begins where the configuration says."""
    source = tmp_path / "id.S"
    source.write_text(
        ".globl _start\n_start: csrr a0, mhartid\nslli a0, a0, 1\nori a0, a0, 1\n"
        "la a1, tohost\nsd a0, (a1)\n1: j 1b\n"
        '.section .tohost, "aw"\n.balign 64\n.globl tohost\ntohost: .dword 0\n'
    )
    config = MachineConfig(hart_id=hart_id, engine="pysim", memory_mib=1)
    with BareSession(config, build_bare(source).read_bytes()) as session:
        assert session.run(1_000) is End.FINISHED
        assert session.guest.htif.exit_code == hart_id


class Lines:
    """What all watchers of the command line tell of a run, and its JSON."""

    def __init__(self, session, path):
        self.lines = []
        emit = self.lines.append
        kernel, faults = session.kernel, session.guest.faults
        pages = PageTables(kernel, [PagePrint(2, 9_000), PagePrint(2, None)], emit)
        kernel.watchers += [
            FaultTrace(faults.raised_at, emit),
            SyscallTrace(kernel, faults.raised_at, emit),
            pages,
        ]
        session.watchers += [pages, self]
        csv, trace, page = (path.with_suffix(end) for end in (".csv", ".trace", ".html"))
        options = RunOptions(json_path=path, csv=csv, chrome_trace=trace, report=page)
        self.reports = Reports(options, session, lambda data: None)
        self.stops = []
        self._session, self._path = session, path

    def next_stop(self, cycle):
        return cycle + 1_000

    def look(self, machine):
        self.stops.append(machine.engine.cycle)

    def finish(self):
        """All that is left behind."""
        self._session.finish()
        result = self._session.result()
        assert self.reports.finish(result) is None
        assert self.reports.close() == []
        suffixes = (".json", ".csv", ".trace", ".html")
        texts = [self._path.with_suffix(suffix).read_text() for suffix in suffixes]
        return self.lines, self.stops, texts, result.output, result.cycles


@pytest.mark.parametrize("back_at", [2_000, 7_777, 30_000])
def test_whatever_watches_returns_with_the_run(tmp_path, back_at):
    with session_of("lazy", traced=True) as plain:
        watched = Lines(plain, tmp_path / "plain.json")
        plain.run(back_at)
        plain.run()
        expected = watched.finish()
    assert len(expected[0]) > 20

    with session_of("lazy", traced=True) as session:
        lines = Lines(session, tmp_path / "restored.json")
        session.run(back_at)
        snapshot = session.snapshot()
        for cycles in (500, 5_000, None):
            session.run(None if cycles is None else session.cycle + cycles)
            session.restore(snapshot)
            assert session.cycle == back_at
        session.run()
        assert lines.finish() == expected


WAVEFORMS = {
    "trace": lambda path, faults: Trace(path, CycleRange(3_000, 9_000)),
    "last": lambda path, faults: LastCycles(path, 4_000),
    "fault": lambda path, faults: AroundFault(path, lambda machine: _cycle_of(faults, 3)),
}


def _cycle_of(faults, number):
    return faults[number - 1].trap.cycle if len(faults) >= number else None


def waveform_of(kind, path, back_at=None):
    """A waveform of `lazy`, without its date; the run went back to the cycle `back_at` thrice."""
    with session_of("lazy", traced=True) as session:
        watcher = WAVEFORMS[kind](path, session.guest.faults)
        session.watchers.append(watcher)
        if back_at is not None:
            session.run(back_at)
            snapshot = session.snapshot()
            for cycles in (500, 5_000, 12_000):
                session.step(cycles)
                session.restore(snapshot)
        session.run(14_000)
        watcher.finish(session.machine)
    return path.read_bytes().partition(b"$timescale")[2]


@pytest.mark.parametrize("kind", WAVEFORMS)
def test_so_does_a_waveform(tmp_path, kind):
    """Before its first cycle, in its midst, and behind its end."""
    expected = waveform_of(kind, tmp_path / "plain.vcd")
    for back_at in (1_000, 6_789, 9_500):
        assert waveform_of(kind, tmp_path / f"{back_at}.vcd", back_at) == expected, back_at


def test_what_was_read_is_read_again():
    with session_of("wc", stdin=b"one two\nthree\n") as session:
        snapshot = session.snapshot()
        assert session.run() is End.FINISHED
        first = session.result().output
        session.restore(snapshot)
        assert session.result().output == b""
        session.run()
        assert session.result().output == first == b"2 3 14 \n"


def test_a_console_of_the_kernel_will_do():
    console: Console = Captured()
    console.write(b"x")
    assert (console.printed, console.poll(0, 9), console.ended(0)) == (b"x", b"", True)


def test_the_hart_shares_the_memory_of_the_kernel():
    kernel = make_kernel()
    with pytest.raises(TypeError, match="^the kernel's memory must be a Ram, not <.*Memory"):
        KernelSession(MachineConfig(), kernel)
