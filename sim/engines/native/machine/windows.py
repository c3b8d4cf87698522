"""Windows of devices: registers that compiled code serves."""

from collections.abc import Sequence

from sim.engines.native.machine.structs import WINDOWS, Machine
from sim.platform.device import Device

__all__ = ["Windows"]


class Windows:
    """Keeps the copies in `machine`, the struct of machine.cpp, and `devices` in step.

    Raises ValueError if the devices have more windows than there is room for.
    """

    def __init__(self, machine: Machine, devices: Sequence[Device]):
        self._machine = machine
        self._kept = []
        windows = [(device, window) for device in devices for window in device.windows]
        if len(windows) > WINDOWS:
            raise ValueError(f"devices may have {WINDOWS} windows in all, not {len(windows)}")
        for number, (device, window) in enumerate(windows):
            native = machine.windows[number]
            native.base = device.base + window.offset
            native.size = window.width.bit_length() - 1
            for name in ("loadable", "storable", "counting"):
                bits = sum(1 << window.index(offset) for offset in getattr(window, name))
                setattr(native, name, bits)
            cells = memoryview(native.cells).cast("B").cast("Q")
            places = [(each, window.index(each), each in window.counting)
                      for each in window.loadable]  # fmt: skip
            self._kept.append((device, window, native, cells, places))
        machine.window_count = len(windows)

    def publish(self, cycle: int) -> None:
        """Copies the registers that the hart may load, before it runs from `cycle` on."""
        for device, window, _native, cells, places in self._kept:
            load, width = device.load, window.width
            for offset, index, counting in places:
                value = load(offset, width, cycle)
                cells[index] = value - cycle & (1 << 64) - 1 if counting else value

    def hand_over(self, cycle: int) -> None:
        """Gives the devices what the hart has stored, in `cycle` or before."""
        for device, window, native, cells, _places in self._kept:
            stored = native.stored
            while stored:
                index = (stored & -stored).bit_length() - 1
                stored &= stored - 1
                device.store(
                    window.offset + index * window.width, window.width, cells[index], cycle
                )
            native.stored = 0
