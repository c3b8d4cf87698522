"""The doorbell on the bus: the registers through which trampoline and kernel model talk."""

from collections.abc import Sequence
from operator import itemgetter

from hdl.arch import PAGE_SIZE
from kernel_model.facts.doorbell import READABLE, WRITABLE, Register
from kernel_model.facts.doorbell import Doorbell as Registers
from kernel_model.facts.memlayout import DOORBELL
from sim.platform.device import Device, Refused, Window
from sim.platform.events import Ring

__all__ = ["DoorbellPage"]

#: What the hart may load of the registers.
_LOADABLE = itemgetter(*sorted(READABLE))


class DoorbellPage(Device):
    """One page of 8-byte registers at `DOORBELL`; a store to `Register.RING` raises `Ring`.

    Accesses of another size, and to offsets without a register, are bus errors.
    """

    base = DOORBELL
    size = PAGE_SIZE
    windows = (Window(0, 8, loadable=tuple(sorted(READABLE)), storable=tuple(sorted(WRITABLE))),)

    def __init__(self, registers: Registers):
        self._registers = registers

    def load(self, offset: int, count: int, cycle: int) -> int:
        """The register at `offset`."""
        if count != 8:
            raise Refused
        try:
            return self._registers.read(offset)
        except LookupError as error:
            raise Refused from error

    def plain(self, window: Window, cycle: int) -> Sequence[int]:
        """See `Device.plain`: this is asked before each turn of the hart."""
        values: tuple[int, ...] = _LOADABLE(self._registers.registers)
        return values

    def store(self, offset: int, count: int, value: int, cycle: int) -> Ring | None:
        """Writes the register at `offset`, or rings."""
        if count != 8:
            raise Refused
        if offset == Register.RING:
            return Ring(value)
        try:
            self._registers.write(offset, value)
        except LookupError as error:
            raise Refused from error
        return None
