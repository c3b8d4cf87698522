"""Windows of devices: registers that compiled code serves."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from sim.engines.native.machine.structs import WINDOWS, MachineStruct
from sim.platform.device import Device, Window

__all__ = ["Windows"]

_ONES = (1 << 64) - 1


class _Copy(NamedTuple):
    """A window, and its struct in machine.cpp.

    `places` are those of the loadable registers, `counting` of some of them.
    """

    device: Device
    window: Window
    native: Any
    cells: memoryview
    places: list[int]
    counting: list[int]


class Windows:
    """Keeps the copies in `machine`, the struct of machine.cpp, and `devices` in step.

    Raises ValueError if the devices have more windows than there is room for.
    """

    def __init__(self, machine: MachineStruct, devices: Sequence[Device]):
        windows = [(device, window) for device in devices for window in device.windows]
        if len(windows) > WINDOWS:
            raise ValueError(f"devices may have {WINDOWS} windows in all, not {len(windows)}")
        machine.window_count = len(windows)
        self._copies = [
            _copy(device, window, machine.windows[number])
            for number, (device, window) in enumerate(windows)
        ]

    def publish(self, cycle: int) -> None:
        """Copies the registers that the hart may load, before it runs from `cycle` on."""
        for device, window, _native, cells, places, counting in self._copies:
            for index, value in zip(places, device.plain(window, cycle), strict=True):
                cells[index] = value
            for index in counting:
                cells[index] = cells[index] - cycle & _ONES

    def hand_over(self, cycle: int) -> None:
        """Gives the devices what the hart has stored, in `cycle` or before."""
        for device, window, native, cells, _places, _counting in self._copies:
            stored = native.stored
            if not stored:
                continue
            native.stored = 0
            while stored:
                index = stored.bit_length() - 1
                stored ^= 1 << index
                offset = window.offset + index * window.width
                device.store(offset, window.width, cells[index], cycle)


def _copy(device: Device, window: Window, native: Any) -> _Copy:
    """Tells the compiled side what a window is."""
    native.base = device.base + window.offset
    native.size = window.width.bit_length() - 1
    for name in ("loadable", "storable", "counting"):
        bits = sum(1 << window.index(offset) for offset in getattr(window, name))
        setattr(native, name, bits)
    native.fetchable = window.fetchable
    cells = memoryview(native.cells).cast("B").cast("Q")
    places, counting = (
        [window.index(offset) for offset in offsets]
        for offsets in (window.loadable, window.counting)
    )
    return _Copy(device, window, native, cells, places, counting)
