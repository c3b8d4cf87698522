"""The native engine by itself: what tests of whole programs do not see."""

import pytest

from hdl.arch import Cause, Priv
from kernel_model.facts.doorbell import Doorbell as Registers
from kernel_model.facts.doorbell import Register
from kernel_model.facts.memlayout import DOORBELL
from sim.config import MachineConfig
from sim.engines.base import EngineError
from sim.engines.native.machine.compiled import CompiledHart
from sim.engines.native.machine.engine import NativeEngine
from sim.engines.pysim.engine import PysimEngine
from sim.host.toolchain import cache_directory
from sim.machine import End
from sim.platform.bus import Bus, ProtocolError
from sim.platform.devices.doorbell import DoorbellPage
from sim.platform.events import Budget, Halt, Ring
from sim.platform.ram import Ram
from sim.session import BareSession
from tests.hdl.programs import ASM, build
from tests.sim.platform.test_bus import Witness
from tests.sim.scripted import ScriptedHart, load, store

BASE = 0x8000_0000
RING = DOORBELL + Register.RING
FAULT = {"trap": 1, "cause": Cause.LOAD_PAGE, "mode": Priv.U}
#: Most tests run this one, so that it is compiled once.
SCRIPT = [
    load(BASE + 8),
    store(BASE + 18, 0xABCD, size=1),
    load(BASE + 16, pc=0x104, tval=0x5008, **FAULT),
    load(BASE + 16, pc=0x104, mode=Priv.U),
    store(RING, 3),
    load(0x1000),
    store(BASE + 64, 5),
    load(BASE + 8, gap=20),
]
FETCHES = [load(BASE + 8 * index) for index in range(12)]


@pytest.fixture
def ram():
    ram = Ram(BASE, 0x4000)
    for index in range(512):
        ram.words[index] = index * 0x0101
    return ram


def make_engine(ram, script=SCRIPT, *, kind="native", traced=False, latency=1):
    hart = ScriptedHart(script, FETCHES)
    devices = [DoorbellPage(Registers()), Witness(watched=BASE + 64)]
    bus = Bus(ram, devices=devices, latency=latency)
    if kind == "pysim":
        return PysimEngine(hart, bus)
    return NativeEngine(CompiledHart.of(hart, cache_directory(), traced=traced), bus)


def finish(engine, log):
    """Runs `engine` to the end of its script and notes all that can be seen of it in `log`."""
    while engine.cycle < 150:
        event = engine.run(150 - engine.cycle)
        log.append((engine.cycle, event))
        if isinstance(event, Ring):
            engine.answer(17)
    log.append([engine.read_register(number) for number in range(32)])
    log.append((engine.log.instructions, list(engine.log.traps)))
    return log


@pytest.mark.parametrize("latency", [1, 4])
@pytest.mark.parametrize("traced", [False, True])
def test_it_does_what_pysim_does(traced, latency):
    rams = Ram(BASE, 0x1000), Ram(BASE, 0x1000)
    for ram in rams:
        ram.write_u64(BASE + 8, 0x1122_3344)

    native = finish(make_engine(rams[0], traced=traced, latency=latency), [])
    pysim = finish(make_engine(rams[1], kind="pysim", latency=latency), [])

    assert [type(event) for _, event in native[:-2]] == [Ring, Halt, Budget]
    assert native == pysim
    assert rams[0].bytes == rams[1].bytes


def test_observers_see_the_records_that_pysim_shows():
    def records(kind):
        engine = make_engine(Ram(BASE, 0x1000), kind=kind, traced=True)
        seen, again = [], []
        engine.observe(lambda cycle, fields: seen.append((cycle, dict(fields))))
        engine.observe(lambda cycle, fields: again.append((cycle, dict(fields))))
        finish(engine, [])
        assert seen == again
        return seen

    native = records("native")

    assert len(native) == len(SCRIPT)
    assert native == records("pysim")


def test_observers_are_told_of_the_cycle_that_ends_the_run():
    seen = []
    with BareSession(MachineConfig(traced=True), build(ASM / "zicsr.S").read_bytes()) as session:
        engine = session.machine.engine
        engine.observe(lambda cycle, fields: seen.append(cycle))
        assert session.run(10_000) is End.FINISHED

    # The store that ends the run follows one that retires as it reaches the bus.
    assert len(seen) == engine.log.instructions + engine.log.trap_count
    assert seen[-1] == engine.cycle - 1


def test_what_looks_at_every_cycle_needs_an_engine_made_for_it(ram, tmp_path):
    engine = make_engine(ram)

    for ask in (
        lambda: engine.observe(lambda cycle, fields: None),
        lambda: engine.start_trace(tmp_path / "run.vcd"),
        lambda: engine.keep_recent(10),
    ):
        with pytest.raises(EngineError, match="must be made `traced`"):
            ask()
    engine.stop_trace()
    assert list(tmp_path.iterdir()) == []


def test_registers_can_be_written_but_not_x0(ram):
    engine = make_engine(ram)

    engine.write_register(0, 1)
    engine.write_register(31, 2**64 - 1)

    assert engine.read_register(0) == 0
    assert engine.read_register(31) == 2**64 - 1


def test_mistakes_of_the_caller_are_refused(ram):
    engine = make_engine(ram)

    with pytest.raises(RuntimeError, match="without a store"):
        engine.answer(0)
    with pytest.raises(KeyError):
        engine.set_line("nmi", True)
    assert isinstance(engine.run(100), Ring)
    with pytest.raises(ValueError, match="not -1"):
        engine.answer(-1)


def test_a_fetch_port_that_writes_does_too(ram):
    engine = NativeEngine(
        CompiledHart.of(ScriptedHart([], [store(BASE, 1)]), cache_directory()), Bus(ram)
    )
    with pytest.raises(ProtocolError, match="the fetch port wrote"):
        engine.run(10)


def test_a_broken_rule_of_the_port_ends_the_run(ram):
    with pytest.raises(ProtocolError, match="not aligned"):
        make_engine(ram, [load(BASE + 1)]).run(5)


# With the store's answer pending at the doorbell, and with requests under way.
@pytest.mark.parametrize("cycle", [0, 7, None, 60])
@pytest.mark.parametrize("traced", [False, True])
def test_what_follows_a_snapshot_can_be_had_again(ram, traced, cycle):
    engine = make_engine(ram, traced=traced, latency=5)
    while engine.cycle < (1000 if cycle is None else cycle):
        if isinstance(engine.run((cycle or 1000) - engine.cycle), Ring):
            if cycle is None:
                break
            engine.answer(17)
    snapshot, memory, answered = engine.snapshot(), ram.snapshot(), cycle is not None

    def go_on(engine):
        if not answered:
            engine.answer(17)
        return [*finish(engine, []), bytes(ram.bytes)]

    first = go_on(engine)
    for other in (engine, engine, make_engine(ram, traced=traced, latency=5)):
        ram.restore(memory)
        other.restore(snapshot)
        assert other.cycle < 150
        assert go_on(other) == first


def test_lines_go_back_with_a_snapshot(ram):
    """Also of the engine alone, without the bus that drives them."""
    engine = make_engine(ram)
    snapshot = engine.snapshot()
    engine.set_line("meip", True)

    engine.restore(snapshot)

    engine.run(1)
    assert not engine._bus.lines["meip"]
    assert not engine.model.state[engine._lines["meip"]]


def test_a_snapshot_of_another_kind_of_machine_is_refused(ram):
    snapshot = make_engine(ram, traced=True).snapshot()

    with pytest.raises(ValueError, match="traced alike"):
        make_engine(ram).restore(snapshot)
