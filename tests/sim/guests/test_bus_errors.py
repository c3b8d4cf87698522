"""Accesses that go wrong on command, under a kernel that is none of ours and without any."""

from types import SimpleNamespace

from hdl.arch import Cause, Priv
from hdl.memory.port import Source
from sim import start_boot
from sim.boot.snapshot import load_snapshot, save_snapshot
from sim.config import MachineConfig
from sim.engines.traps import KEPT_TRAPS, TrapLog
from sim.guests import bus_errors
from sim.guests.bus_errors import MachineInjector
from sim.output.injections import Injections
from sim.platform.devices.captured import Captured
from sim.session import BareSession
from tests.hdl.programs import ASM, build
from tests.sim.kernels import kernel

#: The fourth store to the UART, and one that never is.
WRONG = ("0x10000000@4", "0x40000000@1")


def booted(engine="native", **parameters):
    with start_boot(kernel(), stdin=b"lazy\nexit 3\n", engine=engine, **parameters) as session:
        said = []
        injections = Injections(session.injector, said.append)
        session.run(100_000)
        session.finish()
        injections.finish()
    return session.result(), said


def test_it_is_told_with_the_exception_that_the_hart_raises():
    result, said = booted(bus_error=WRONG)
    store = "trapline: --bus-error 0x10000000@4: cycle"
    assert said == [
        f"{store} 190: the bus answers a store at 0x10000000 with an error",
        f"{store} 192, then: store access fault, cause 7, in S-mode at 0x80003128, "
        "stval 0x10000000",
        "trapline: --bus-error 0x40000000@1: only 0 accesses went there",
    ]
    assert result.output == b"trap 0x7"
    happened, missed = result.injected
    assert (happened.cycle, happened.followed_cycle, missed.cycle) == (190, 192, None)


def test_both_engines_are_equal():
    native, pysim = (booted(engine, bus_error=WRONG)[0] for engine in ("native", "pysim"))
    assert native.injected == pysim.injected
    assert native.cycles == pysim.cycles


def test_a_program_without_a_kernel_is_given_them_too():
    elf = build(ASM / "rv64i_alu.S").read_bytes()
    with BareSession(MachineConfig(bus_error=("0x80000000@1",)), elf) as session:
        session.run(1_000)
        session.finish()
        (only,) = session.result().injected
    assert only.what == "the bus answers a fetch at 0x80000000 with an error"
    assert only.followed.startswith("fetch access fault, cause 1, in M-mode at 0x80000000")


def test_the_first_that_follows_is_told_though_exceptions_without_end_do():
    elf = build(ASM / "rv64i_alu.S").read_bytes()
    with BareSession(MachineConfig(bus_error=("0x80000000@1",)), elf) as session:
        session.run(400_000)
        (only,) = session.result().injected
    assert session.machine.engine.log.trap_count > KEPT_TRAPS
    assert only.followed_cycle < 100


def test_only_an_access_fault_behind_it_has_followed():
    log, said = TrapLog(), []
    machine = SimpleNamespace(bus=SimpleNamespace(refusals=[]), engine=SimpleNamespace(log=log))
    injector = MachineInjector(machine, ["0x80001000@2"])
    injections = Injections(injector, said.append)
    assert [injector.next_stop(cycle) for cycle in (0, 19_999, 20_000)] == [20_000, 20_000, 40_000]
    (refusal,) = machine.bus.refusals
    refusal.cycle, refusal.source = 50, 2
    log.trapped(40, 0x44, Cause.LOAD_ACCESS, 0x5000, Priv.U)
    log.trapped(60, 0x44, Cause.LOAD_PAGE, 0x5000, Priv.U)
    injector.finish()
    injections.finish()
    error = "trapline: --bus-error 0x80001000@2:"
    assert said == [
        f"{error} cycle 50: the bus answers a page-table walk at 0x80001000 with an error",
        f"{error} no access fault has followed",
    ]


def test_dropped_translations_change_nothing_but_cycles():
    usual, dropped = booted()[0], booted(drop_tlb=100)[0]
    assert dropped.output == usual.output
    assert dropped.exit_status == usual.exit_status == 3
    assert dropped.cycles > usual.cycles


def test_both_engines_drop_the_same():
    native, pysim = (booted(engine, drop_tlb=100)[0] for engine in ("native", "pysim"))
    assert pysim.output == native.output
    assert pysim.exit_status == native.exit_status == 3
    assert pysim.cycles == native.cycles


def test_what_is_to_go_wrong_goes_wrong_behind_a_snapshot_too(tmp_path):
    path = tmp_path / "snapshot"
    whole = booted(bus_error="0x10000000@14")[0].injected
    with start_boot(kernel(), bus_error="0x10000000@14", until="a k") as session:
        session.run()
        save_snapshot(session, path)
    with load_snapshot(path, Captured(b"lazy\nexit 3\n")) as session:
        session.run(100_000)
        assert session.injector.injected() == whole
    assert whole[0].cycle is not None


def test_sources_have_the_numbers_of_the_port():
    assert (bus_errors._FETCH, bus_errors._WALK) == (Source.FETCH, Source.WALK)
