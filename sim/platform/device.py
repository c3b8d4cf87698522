"""The interface of devices: what is on the bus besides RAM; see docs/devices.md."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Protocol

from hdl.arch import INTERRUPT_LINES
from sim.platform.events import Event
from sim.platform.ram import Ram

__all__ = ["CELLS", "LINES", "Board", "Device", "Refused", "Window"]

#: The interrupt lines into the hart.
LINES = INTERRUPT_LINES
#: Registers that a window may have.
CELLS = 64


class Refused(Exception):
    """A device does not take this access; it becomes an error response."""


class Board(Protocol):
    """What a device is connected to: RAM, for DMA, and the lines into the hart."""

    ram: Ram

    def set_line(self, name: str, level: bool) -> None:
        """Drives one of `LINES`; each is for one device to drive. KeyError for another name."""


@dataclass(frozen=True)
class Window:
    """Plain registers of a device, which an engine may serve without asking it each time.

    A load of a plain register changes nothing, and what a store does shows in no other way than by
    loads and to whoever looks while the hart stands still. The engine takes the loadable ones with
    `Device.plain` before the hart runs on, and hands those that were stored to `Device.store`
    before anything else is asked of the device.

    Parameters
    ----------
    offset : int
        Of the first register, a multiple of 8.
    width : int
        Bytes of a register: 1, 2, 4 or 8. There are `CELLS` places for registers.
    loadable, storable : sequence, collection of int
        Offsets of registers that may be loaded, and stored. All others are asked of the device.
    counting : collection of int
        Those of the loadable ones that grow by one each cycle.
    fetchable : bool
        Instructions may be fetched from the loadable ones, which are 8 bytes wide: a part of what
        is ROM for the hart.
    """

    offset: int
    width: int
    loadable: Sequence[int] = ()
    storable: Collection[int] = ()
    counting: Collection[int] = ()
    fetchable: bool = False

    def __post_init__(self) -> None:
        if self.width not in (1, 2, 4, 8):
            raise ValueError(f"width must be 1, 2, 4 or 8 bytes, not {self.width}")
        if self.offset % 8:
            raise ValueError(f"offset must be a multiple of 8, not {self.offset:#x}")
        for offset in (*self.loadable, *self.storable):
            if (offset - self.offset) % self.width or not 0 <= self.index(offset) < CELLS:
                raise ValueError(f"there is no register at {offset:#x} in this window")
        if not set(self.counting) <= set(self.loadable):
            raise ValueError("counting must be some of the loadable registers")
        if self.fetchable and self.width != 8:
            raise ValueError(f"width must be 8 where instructions lie, not {self.width}")

    def index(self, offset: int) -> int:
        """The place of the register at `offset`."""
        return (offset - self.offset) // self.width


class Device:
    """A device: `size` bytes of registers from physical address `base`, and a sense of time.

    A cycle has this order: the hart's accesses of cycle `c` are made, that of the fetch port first;
    then devices whose deadline is `c + 1` get their `tick`; then the hart's inputs of `c + 1` are
    driven. So a line that is set by an access in `c`, or by the tick of `c + 1`, is seen by the
    hart in `c + 1`, and what is written to RAM by the accesses of `c + 1` and later.

    A snapshot of the machine finds a device's state in its attributes, and a restore puts that back
    in place; one that has a file behind it is a `sim.checkpoint.Restorable`.

    Everything here may use `self.board`, which is there from the time on that the device is put
    onto a bus: `ram` is shared with the hart (DMA), `set_line` drives an interrupt line.

    Members
    -------
    base, size : int
        Where its registers are; size 0 if it has none.
    deadline : int or None
        The cycle in which it wants `tick` to be called. It may change in any call, and while the
        hart stands still.
    windows : sequence of Window
        Registers that are hot.
    watched : int or None
        Address of an aligned 64-bit word of RAM of whose stores by the hart it is told. Only one
        word is watched on a bus.
    """

    base: int = 0
    size: int = 0
    deadline: int | None = None
    windows: Sequence[Window] = ()
    watched: int | None = None
    board: Board

    def connect(self, board: Board) -> None:
        """Called once, when the device is put onto a bus."""
        self.board = board

    def load(self, offset: int, count: int, cycle: int) -> int:
        """The register at `offset`, `count` bytes wide, or raises `Refused`."""
        raise Refused

    def plain(self, window: Window, cycle: int) -> Sequence[int]:
        """What `load` gives for the loadable registers of a window; to be overridden for speed."""
        return [self.load(offset, window.width, cycle) for offset in window.loadable]

    def store(self, offset: int, count: int, value: int, cycle: int) -> Event | None:
        """Writes the register, or raises `Refused`.

        An event ends the run of the engine, and the store is answered when somebody says so, with
        `Engine.answer`.
        """
        raise Refused

    def written(self, strobe: int, cycle: int) -> Event | None:
        """The watched word was stored to in the byte lanes of `strobe`; an event ends the run."""

    def tick(self, cycle: int) -> Event | None:
        """The deadline has come; sets another one or None. An event ends the run."""
