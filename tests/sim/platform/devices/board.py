"""Devices on a bus of their own, and under programs that run on each engine."""

from pathlib import Path
from random import Random

from sim.config import MachineConfig
from sim.guests.loader import load_bare
from sim.host.programs import build_bare
from sim.machine import End, Machine
from sim.platform.bus import Bus
from sim.platform.device import Refused
from sim.platform.devices.finisher import Finisher
from sim.platform.ram import Ram

__all__ = ["BASE", "attach", "outcome", "run", "torment"]

BASE = 0x8000_0000
_PROGRAMS = Path(__file__).parent


class _Guest:
    """Finishes when the program says so to the `Finisher`."""

    idle_cycles = 0

    def __init__(self, finisher):
        self._finisher = finisher

    @property
    def finished(self):
        return self._finisher.exit_code is not None

    def handle(self, machine, event):
        assert self.finished, event


def attach(*devices, ram_bytes=0x1000):
    """A bus with the devices and some RAM."""
    return Bus(Ram(BASE, ram_bytes), devices=devices)


def run(program, devices, *, words, again=None, **parameters):
    """(the cycle in which `program` ended, `words` of its table, its status).

    A `Finisher` is there besides the `devices`, unless it is one of them.
    With `again`, a cycle, the run returns once to what it was in that one and goes on from there.
    """
    config = MachineConfig(memory_mib=1, **parameters)
    ram = Machine.make_ram(config)
    image = load_bare(build_bare(_PROGRAMS / program).read_bytes(), ram)
    devices = list(devices)
    if not any(isinstance(device, Finisher) for device in devices):
        devices.append(Finisher())
    (finisher,) = (device for device in devices if isinstance(device, Finisher))
    guest = _Guest(finisher)
    machine = Machine(config, ram, devices=devices)
    if again is not None:
        assert machine.run(guest, max_cycles=again) is End.LIMIT
        snapshot = machine.snapshot(guest)
        assert machine.run(guest, max_cycles=50_000) is End.FINISHED
        machine.restore(snapshot)
    assert machine.run(guest, max_cycles=50_000) is End.FINISHED
    table = image.symbols["table"]
    found = [ram.read_u64(table + 8 * index) for index in range(words)]
    return machine.engine.cycle, found, finisher.exit_code


def outcome(bus, *access):
    """What a (cycle, address, size, write, data) gives: its data, or `Refused`."""
    try:
        return bus.device_access(*access)
    except Refused:
        return Refused


def torment(make, registers, *, seed, sequences=300):
    """Random accesses, mostly to `registers`, to a new `make()` each time; nothing else is raised.

    Returns how many were refused, and how many were not.
    """
    choose = Random(seed)
    refused, taken = 0, 0
    for _ in range(sequences):
        device = make()
        bus = attach(device)
        cycle = choose.choice((0, 100, 1 << 40))
        for _ in range(20):
            size = choose.choice((0, 1, 2, 2, 2, 3))
            anywhere = choose.randrange(device.size)
            offset = choose.choice([*registers, anywhere]) & -(1 << size)
            data = choose.choice((0, 1, 2, 3, choose.getrandbits(64), (1 << 64) - 1))
            access = (cycle, device.base + offset, size, choose.randrange(2), data)
            found = outcome(bus, *access)
            if found is Refused:
                refused += 1
            else:
                taken += 1
                lanes = (1 << (8 << size)) - 1 << 8 * (offset & 7)
                assert found is None or found & ~lanes == 0, f"{seed=} {access}"
            cycle += choose.choice((1, 2, 1000))
            bus.tick(cycle)
    return refused, taken
