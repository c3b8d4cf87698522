"""Which page faults a waveform is told of: how many there were, where, and which it marks."""

from types import SimpleNamespace

import pytest

from hdl.arch import Cause, Priv
from sim.cli import recordings
from sim.cli.options import Options
from sim.cli.recordings import record_bare_run, record_run
from sim.config import MachineConfig
from sim.engines.traps import KEPT_TRAPS, TrapLog, TrapRecord
from sim.guests.fault_table import FaultTable
from sim.guests.injector import Injected
from sim.output.gtkw import Mark
from sim.output.waves import CycleRange, FirstFaults
from tests.sim.served import mapped


@pytest.fixture
def asked(monkeypatch):
    """What a waveform is asked for with, by keyword, and the cycles that are its default."""
    given = {}

    def take(path, default, **options):
        given.update(options, path=path, default=default)
        return given

    monkeypatch.setattr(recordings, "make_recording", take)
    return given


def kernel_session(count, injected=()):
    """A run whose page fault number n was raised in cycle 10 n, at first a load, then a store."""
    table = FaultTable()
    session = SimpleNamespace(
        config=MachineConfig(),
        kernel=SimpleNamespace(watchers=[], satp=0),
        guest=SimpleNamespace(faults=table, entered_user_at=None, watchers=[]),
        injector=SimpleNamespace(injected=lambda: injected),
    )

    def serve():
        for number in range(1, count + 1):
            cause = Cause.LOAD_PAGE if number == 1 else Cause.STORE_PAGE
            table.trapped(2, [TrapRecord(10 * number, 0x44, cause, 0x5000, Priv.U)])
            table.join([mapped(0x44, cause, 0x5000)])

    return session, serve


def bare_session(causes):
    log = TrapLog()
    for number, cause in enumerate(causes, 1):
        log.trapped(10 * number, 0x44, cause, 0x5000, Priv.M)
    machine = SimpleNamespace(engine=SimpleNamespace(log=log))
    injector = SimpleNamespace(injected=lambda: ())
    return SimpleNamespace(config=MachineConfig(), machine=machine, injector=injector)


def raised(asked):
    """When the faults that may be on the screen were raised, and their names."""
    return [shown.raised for shown in asked["faults"]()]


@pytest.mark.parametrize("record", [record_run, record_bare_run])
def test_without_a_file_nothing_is_recorded(record):
    assert record(Options(), None) is None


def test_the_cycles_are_those_of_the_options(asked, tmp_path):
    options = Options(vcd=tmp_path / "x.vcd", vcd_window=CycleRange(3, 9))
    session, _ = kernel_session(0)
    for record, run in ((record_run, session), (record_bare_run, bare_session([]))):
        asked.clear()
        assert record(options, run) is asked
        assert asked["path"] == options.vcd
        chosen = [asked[name] for name in ("window", "fault", "last")]
        assert chosen == [CycleRange(3, 9), None, None]


def test_faults_on_command_are_marked_where_they_have_happened(asked, tmp_path):
    injected = [Injected("--fail kalloc:1", 15), Injected("--fail kalloc:9")]
    session, serve = kernel_session(1, injected)
    record_run(Options(vcd=tmp_path / "x.vcd"), session)
    serve()
    assert raised(asked) == [Mark(10, "fault 1: load"), Mark(15, "injected")]


def test_under_the_kernel_the_faults_are_those_that_it_served(asked, tmp_path):
    session, serve = kernel_session(2)
    record_run(Options(vcd=tmp_path / "x.vcd"), session)
    assert isinstance(asked["default"], FirstFaults)
    assert (asked["count"](), asked["find"](1)) == (0, None)

    serve()

    assert asked["count"]() == 2
    assert [asked["find"](number) for number in (1, 2, 3)] == [10, 20, None]
    assert raised(asked) == [Mark(10, "fault 1: load"), Mark(20, "fault 2: store")]


def test_in_a_bare_run_they_are_those_that_the_hart_raised(asked, tmp_path):
    session = bare_session([Cause.ECALL_M, Cause.LOAD_PAGE, Cause.ILLEGAL, Cause.FETCH_PAGE])

    record_bare_run(Options(vcd=tmp_path / "x.vcd"), session)

    assert asked["default"] == CycleRange()
    assert asked["count"]() == 2
    assert [asked["find"](number) for number in (1, 2, 3)] == [20, 40, None]
    assert raised(asked) == [Mark(20, "fault 1: load"), Mark(40, "fault 2: fetch")]


def test_of_very_many_the_last_keep_their_numbers(asked, tmp_path):
    session = bare_session([Cause.LOAD_PAGE] * (KEPT_TRAPS + 5))

    record_bare_run(Options(vcd=tmp_path / "x.vcd"), session)

    first, *_, last = raised(asked)
    assert (first, last) == (Mark(60, "fault 6: load"), Mark(100_050, "fault 10005: load"))
    assert asked["find"](KEPT_TRAPS + 5) == last.cycle


@pytest.mark.parametrize(
    "options, kept",
    [
        ({"vcd_fault": 300}, range(200, 401)),
        ({"vcd_window": CycleRange(2_500, 2_700)}, range(250, 271)),
        ({"vcd_last": 100}, []),
        ({}, []),
    ],
)
def test_of_very_many_under_the_kernel_those_in_the_waveform_are_kept(
    asked, tmp_path, monkeypatch, options, kept
):
    monkeypatch.setattr(FaultTable, "FIRST", 10)
    monkeypatch.setattr(FaultTable, "LAST", 10)
    session, serve = kernel_session(1_000)
    record_run(Options(vcd=tmp_path / "x.vcd", **options), session)

    serve()

    numbers = [fault.number for fault in session.guest.faults]
    assert numbers == [*range(1, 11), *kept, *range(991, 1_001)]
