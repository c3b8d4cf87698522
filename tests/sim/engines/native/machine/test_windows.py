"""What of a device's registers the compiled side is told, and what comes back from it."""

import pytest

from sim.engines.native.machine.compiled import CompiledHart
from sim.engines.native.machine.engine import NativeEngine
from sim.engines.native.machine.structs import WINDOWS, MachineStruct
from sim.engines.native.machine.windows import Windows
from sim.host.toolchain import cache_directory
from sim.platform.bus import Bus
from sim.platform.device import Device, Window
from sim.platform.ram import Ram
from tests.sim.scripted import ScriptedHart, store

BASE = 0x4000_0000


class Registers(Device):
    """Registers of 4 bytes; the one at offset 12 counts cycles. Notes what is stored."""

    base, size = BASE, 0x100
    windows = (Window(8, 4, loadable=(8, 12), storable=(8, 16), counting=(12,)),)

    def __init__(self):
        self.stored = []

    def load(self, offset, count, cycle):
        return {8: 0x1234, 12: 5000 + cycle}[offset]

    def store(self, offset, count, value, cycle):
        self.stored.append((offset, count, value, cycle))


@pytest.fixture
def machine():
    return MachineStruct()


def test_a_window_is_told_with_its_registers_as_they_are(machine):
    Windows(machine, [Registers()]).publish(700)

    window = machine.windows[0]
    assert machine.window_count == 1
    assert (window.base, window.size) == (BASE + 8, 2)
    assert (window.loadable, window.storable, window.counting) == (0b11, 0b101, 0b10)
    # What counts is told without the cycle, which the compiled side adds.
    assert list(window.cells[:2]) == [0x1234, 5000]


def test_what_was_stored_is_handed_over_once(machine):
    device = Registers()
    windows = Windows(machine, [device])
    window = machine.windows[0]
    window.cells[0], window.cells[2], window.stored = 7, 9, 0b101

    windows.hand_over(41)
    windows.hand_over(42)

    assert sorted(device.stored) == [(8, 4, 7, 41), (16, 4, 9, 41)]


def test_there_is_room_for_so_many(machine):
    Windows(machine, [Registers() for _ in range(WINDOWS)])
    assert machine.window_count == WINDOWS
    with pytest.raises(ValueError, match=f"may have {WINDOWS} windows in all, not {WINDOWS + 1}"):
        Windows(machine, [Registers() for _ in range(WINDOWS + 1)])


def test_a_store_is_handed_over_with_the_last_cycle_that_has_passed():
    device = Registers()
    bus = Bus(Ram(0x8000_0000, 0x1000), devices=[device])
    engine = NativeEngine(
        CompiledHart.of(ScriptedHart([store(BASE + 8, 7, size=2)]), cache_directory()), bus
    )
    engine.run(20)
    assert device.stored == [(8, 4, 7, engine.cycle - 1)]
