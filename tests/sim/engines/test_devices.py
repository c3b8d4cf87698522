"""Devices are the same on every engine, to the cycle: random ones, and random accesses to them."""

from random import Random

import pytest

from sim.engines.native.machine.compiled import CompiledHart
from sim.engines.native.machine.engine import NativeEngine
from sim.engines.pysim.engine import PysimEngine
from sim.host.toolchain import cache_directory
from sim.platform.bus import Bus
from sim.platform.device import LINES, Device, Refused, Window
from sim.platform.events import Budget, Halt, Ring
from sim.platform.ram import Ram
from tests.sim.platform.test_bus import Witness
from tests.sim.programmed import ACCESSES, ProgrammedHart, outcome, program

BASE, RAM_BYTES = 0x8000_0000, 0x1000
CYCLES = 3000
ENGINES = ("native", "pysim")
#: Registers that are asked of the device: a store there sets the deadline, waits for an answer, and
#: a load changes something.
DEADLINE, WAITS, CHANGES = 0x400, 0x408, 0x410


class Wild(Device):
    """A device that notes what is asked of it, and does what `seed` and the cycle say.

    Its plain registers are of `width` bytes: number 0 to 3 may be loaded and stored, 4 counts.
    """

    size = 0x1000

    def __init__(self, base, width, seed, watched=None):
        self.base, self.watched = base, watched
        self.seed, self.width = seed, width
        plain = [8 + width * number for number in range(5)]
        self.windows = [Window(8, width, loadable=plain, storable=plain[:4], counting=plain[4:])]
        self.registers = dict.fromkeys(plain, 0)
        self.notes = []

    def load(self, offset, count, cycle):
        if count == self.width and offset in self.registers:
            counted = cycle if offset in self.windows[0].counting else 0
            return self.registers[offset] + counted & (1 << 8 * count) - 1
        self.notes.append(("load", cycle, offset, count))
        if offset != CHANGES:
            raise Refused
        return len(self.notes) & 0xFF

    def store(self, offset, count, value, cycle):
        if count == self.width and offset in self.windows[0].storable:
            self.registers[offset] = value
            return None
        self.notes.append(("store", cycle, offset, count, value))
        if offset == WAITS:
            return Ring(value)
        if offset != DEADLINE:
            raise Refused
        self.deadline = cycle + value % 4 * 10
        return None

    def written(self, strobe, cycle):
        self.notes.append(("written", cycle, strobe, self.board.ram.read_u64(self.watched)))
        return self.act(cycle)

    def tick(self, cycle):
        self.notes.append(("tick", cycle, dict(self.registers)))
        self.deadline = None
        return self.act(cycle)

    def act(self, cycle):
        """Drives a line, reads and writes RAM, changes a register, sets a deadline; may halt."""
        choose = Random(f"{self.seed} {self.base} {cycle}")
        self.board.set_line(choose.choice(LINES), choose.random() < 0.5)
        word = BASE + 8 * choose.randrange(8)
        self.notes.append(("read", self.board.ram.read_u64(word)))
        self.board.ram.write_u64(word, choose.getrandbits(64))
        self.registers[choose.choice(list(self.registers))] = choose.getrandbits(8 * self.width)
        if choose.random() < 0.8:
            self.deadline = cycle + choose.choice((1, 2, 17, 200))
        return Halt() if choose.random() < 0.2 else None


def accesses(seed, devices):
    """Loads and stores of any size: to RAM, to the watched word, to every kind of register."""
    choose = Random(f"accesses {seed}")
    for _ in range(ACCESSES):
        size = choose.randrange(4)
        device = choose.choice(devices)
        plain = device.width.bit_length() - 1
        register = choose.choice([*device.registers, DEADLINE, WAITS, CHANGES, 0x800])
        address = choose.choice((BASE + choose.randrange(64), BASE + 64, device.base + register))
        if address >= device.base and choose.random() < 0.8 and register < DEADLINE:
            size = plain
        gap = choose.choice((0, 0, 1, 5, 60))
        yield address & -(1 << size), size, choose.randrange(2), choose.getrandbits(64), gap


def make(kind, ram, devices, latency):
    bus = Bus(ram, devices=devices, latency=latency)
    if kind == "pysim":
        return PysimEngine(ProgrammedHart(), bus)
    return NativeEngine(CompiledHart.of(ProgrammedHart(), cache_directory()), bus)


def run(kind, seed):
    """All that can be seen of a run in pieces whose lengths differ from engine to engine."""
    choose = Random(f"{kind} {seed}")
    ram = Ram(BASE, RAM_BYTES)
    devices = [Wild(0x700_0000, 8, seed, watched=BASE + 64), Wild(0x1000, 1 << seed % 4, seed)]
    engine = make(kind, ram, devices, latency=1 + seed % 3)
    program(engine, accesses(seed, devices))
    events = []
    while engine.cycle < CYCLES:
        event = engine.run(min(choose.choice((1, 3, 100, 1000)), CYCLES - engine.cycle))
        if isinstance(event, Budget):
            continue
        events.append((engine.cycle, event))
        if isinstance(event, Ring):
            engine.answer(event.reason % 50)
    assert engine.log.instructions == ACCESSES
    outcomes = [outcome(engine, number) for number in range(ACCESSES)]
    return events, outcomes, [device.notes for device in devices], bytes(ram.bytes)


@pytest.mark.parametrize("seed", range(8))
def test_random_accesses_to_random_devices_are_the_same_on_every_engine(seed):
    native, pysim = (run(kind, seed) for kind in ENGINES)

    for found, expected in zip(native, pysim, strict=True):
        assert found == expected


def test_there_is_something_of_everything():
    runs = [run("native", seed) for seed in range(8)]
    notes = [note for _, _, devices, _ in runs for device in devices for note in device]
    events = [event for events, *_ in runs for _, event in events]

    assert {kind for kind, *_ in notes} == {"load", "store", "written", "tick", "read"}
    assert {type(event) for event in events} == {Ring, Halt}
    assert {outcome.error for _, outcomes, *_ in runs for outcome in outcomes} == {0, 1}
    assert len({outcome.lines for _, outcomes, *_ in runs for outcome in outcomes}) > ACCESSES


class Alarm(Device):
    """Raises `meip` in the cycle `due`."""

    def __init__(self, due):
        self.deadline = due

    def tick(self, cycle):
        self.board.set_line("meip", True)
        self.deadline = None


@pytest.mark.parametrize("kind", ENGINES)
def test_a_line_is_seen_in_the_cycle_of_the_tick(kind):
    """The hash of the lines is 0 up to that cycle, and what it saw is there in the next."""
    hashes = {}
    for due in (8, 9, 10):
        engine = make(kind, Ram(BASE, RAM_BYTES), [Alarm(due)], latency=1)
        program(engine, [(BASE, 3, 0, 0, 8)])
        engine.run(30)
        assert outcome(engine, 0).answered == 9
        hashes[due] = outcome(engine, 0).lines
    assert hashes[8] != 0
    assert hashes[9] == hashes[10] == 0


@pytest.mark.parametrize("kind", ENGINES)
def test_a_deadline_that_python_sets_between_two_runs_is_kept(kind):
    witness = Witness()
    engine = make(kind, Ram(BASE, RAM_BYTES), [witness], latency=1)
    engine.run(10)
    witness.deadline = 10
    engine.run(1)
    witness.deadline = 13
    engine.run(1)

    assert witness.notes == [("tick", 10)]
    engine.run(1)
    assert witness.notes == [("tick", 10), ("tick", 13)]


def test_more_windows_than_there_is_room_for_are_refused():
    devices = [Wild(0x1000 * number, 8, 1) for number in range(1, 10)]
    with pytest.raises(ValueError, match="may have 8 windows in all, not 9"):
        make("native", Ram(BASE, RAM_BYTES), devices, latency=1)
