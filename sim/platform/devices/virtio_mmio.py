"""Virtio over memory-mapped registers, for a device with one queue (virtio 1.2, section 4.2).

Version 1 is the legacy interface (4.2.4), version 2 the one of today. Registers are as QEMU's
(`virtio-mmio.c`): of 4 bytes at multiples of 4, from 0x100 on the configuration. An access of 8
bytes is two of 4, other ones below 0x100 read 0 and store nothing; so do registers that are not
there, or not to be read, or of the other version.
"""

from abc import abstractmethod
from collections.abc import Callable
from enum import IntEnum

from sim.platform.device import Device
from sim.platform.devices.virtqueue import MOST, QueueError, Virtqueue
from sim.platform.ram import RamError

__all__ = ["INDIRECT", "VERSION_1", "Register", "VirtioMmio"]

#: Features, as bits: tables of descriptors; the device is no legacy one.
INDIRECT, VERSION_1 = 1 << 28, 1 << 32

_MAGIC, _VENDOR = 0x7472_6976, 0x554D_4551
_FEATURES_OK, _NEEDS_RESET = 8, 0x40
_USED_BUFFER, _CONFIG_CHANGED = 1, 2
_CONFIG = 0x100
_WORD = (1 << 32) - 1


class Register(IntEnum):
    """Offsets of registers; those of version 1 only are `GUEST_PAGE_SIZE` and two of the queue."""

    MAGIC = 0x00
    VERSION = 0x04
    DEVICE_ID = 0x08
    VENDOR_ID = 0x0C
    DEVICE_FEATURES = 0x10
    DEVICE_FEATURES_SEL = 0x14
    DRIVER_FEATURES = 0x20
    DRIVER_FEATURES_SEL = 0x24
    GUEST_PAGE_SIZE = 0x28
    QUEUE_SEL = 0x30
    QUEUE_NUM_MAX = 0x34
    QUEUE_NUM = 0x38
    QUEUE_ALIGN = 0x3C
    QUEUE_PFN = 0x40
    QUEUE_READY = 0x44
    QUEUE_NOTIFY = 0x50
    INTERRUPT_STATUS = 0x60
    INTERRUPT_ACK = 0x64
    STATUS = 0x70
    QUEUE_DESC = 0x80
    QUEUE_AVAIL = 0x90
    QUEUE_USED = 0xA0
    SHM_LEN = 0xB0


#: The 64-bit addresses of a queue's parts, and what they are called there.
_PARTS = {
    Register.QUEUE_DESC: "descriptors",
    Register.QUEUE_AVAIL: "available",
    Register.QUEUE_USED: "used",
}


class VirtioMmio(Device):
    """The transport; a device says what it is, and `serve`s its queue.

    What cannot be answered stops the device until it is reset, with DEVICE_NEEDS_RESET in the
    status of version 2 (2.1.2); version 1 has no such bit.

    Parameters
    ----------
    base : int
        Where its registers are.
    kind, features : int
        The device's ID, and what it offers, as bits.
    interrupt : function
        Is told whether the device interrupts, whenever that may have changed.
    version : int
        1 or 2.
    delay : int
        Cycles from a notification to the work, at least 1.
    """

    size = 0x200

    def __init__(
        self,
        base: int,
        kind: int,
        features: int,
        interrupt: Callable[[bool], object],
        *,
        version: int,
        delay: int,
    ):
        if version not in (1, 2):
            raise ValueError(f"version must be 1 or 2, not {version}")
        if delay < 1:
            raise ValueError(f"delay must be at least 1 cycle, not {delay}")
        self.base = base
        self._kind, self._version, self._delay = kind, version, delay
        self._offered = features | (VERSION_1 if version == 2 else 0)
        self._interrupt = interrupt
        self._page = 1
        self._reset()

    @property
    @abstractmethod
    def config(self) -> bytes:
        """What can be read of the configuration; behind it are zeros."""

    @abstractmethod
    def serve(self, queue: Virtqueue) -> bool:
        """Does what is in the queue; whether an interrupt is wanted. Raises as `Virtqueue`."""

    def load(self, offset: int, count: int, cycle: int) -> int:
        """The register at `offset`."""
        if count == 8:
            return self.load(offset, 4, cycle) | self.load(offset + 4, 4, cycle) << 32
        if offset >= _CONFIG:
            start = offset - _CONFIG
            return int.from_bytes(self.config[start : start + count], "little")
        return self._read(offset) if count == 4 else 0

    def store(self, offset: int, count: int, value: int, cycle: int) -> None:
        """Writes the register at `offset`; the configuration cannot be written."""
        if count == 8:
            self.store(offset, 4, value & _WORD, cycle)
            self.store(offset + 4, 4, value >> 32, cycle)
        elif offset < _CONFIG and count == 4:
            self._write(offset, value, cycle)

    def tick(self, cycle: int) -> None:
        """Does what the driver has notified the device of."""
        self.deadline = None
        try:
            wanted = self.serve(self._queue)
        except (QueueError, RamError):
            self._broken = True
            if self._version == 2:
                self._status |= _NEEDS_RESET
                self._raise(_CONFIG_CHANGED)
            return
        if wanted:
            self._raise(_USED_BUFFER)

    def _reset(self) -> None:
        self._queue = Virtqueue()
        self._align = 4096
        self._frame = 0
        self._selected = 0
        self._halves = [0, 0]  # which 32 of the features: the device's, the driver's
        self._accepted = [0, 0]
        self._status = self._pending = 0
        self._broken = False
        self.deadline: int | None = None

    def _raise(self, why: int) -> None:
        self._pending |= why
        self._interrupt(True)

    def _read(self, offset: int) -> int:
        queue = self._selected == 0
        modern = self._version == 2
        match offset:
            case Register.MAGIC:
                return _MAGIC
            case Register.VERSION:
                return self._version
            case Register.DEVICE_ID:
                return self._kind
            case Register.VENDOR_ID:
                return _VENDOR
            case Register.DEVICE_FEATURES:
                return self._offered >> 32 * self._halves[0] & _WORD
            case Register.QUEUE_NUM_MAX:
                return MOST if queue else 0
            case Register.QUEUE_PFN:
                return self._frame if queue else 0
            case Register.QUEUE_READY:
                return int(queue and modern and self._queue.ready)
            case Register.INTERRUPT_STATUS:
                return self._pending
            case Register.STATUS:
                return self._status
            case Register.SHM_LEN | 0xB4:  # all ones: there is no shared memory
                return _WORD
        return 0

    def _write(self, offset: int, value: int, cycle: int) -> None:
        match offset:
            case Register.DEVICE_FEATURES_SEL:
                self._halves[0] = int(value != 0)
            case Register.DRIVER_FEATURES_SEL:
                self._halves[1] = int(value != 0)
            case Register.DRIVER_FEATURES:
                self._accepted[self._halves[1]] = value
            case Register.QUEUE_SEL:
                self._selected = value
            case Register.QUEUE_NOTIFY:
                if value == 0 and self._queue.ready and not self._broken and self.deadline is None:
                    self.deadline = cycle + self._delay
            case Register.INTERRUPT_ACK:
                self._pending &= ~value
                self._interrupt(self._pending != 0)
            case Register.STATUS:
                self._set_status(value & 0xFF)
            case _ if self._selected == 0:
                self._write_queue(offset, value)
        if self._version == 1:
            self._write_legacy(offset, value)

    def _set_status(self, value: int) -> None:
        if value == 0:
            self._reset()
            self._interrupt(False)
            return
        accepted = self._accepted[0] | self._accepted[1] << 32
        if self._version == 2 and accepted & ~self._offered:
            value &= ~_FEATURES_OK
        self._status = value | self._status & _NEEDS_RESET

    def _write_queue(self, offset: int, value: int) -> None:
        queue = self._queue
        if offset == Register.QUEUE_NUM:
            if 0 < value <= MOST and not value & value - 1:
                queue.size = value
        elif self._version == 1:
            return
        elif offset == Register.QUEUE_READY:
            queue.ready = bool(value & 1)
        elif offset & ~4 in _PARTS:
            name, shift = _PARTS[Register(offset & ~4)], 8 * (offset & 4)
            setattr(queue, name, getattr(queue, name) & ~(_WORD << shift) | value << shift)

    def _write_legacy(self, offset: int, value: int) -> None:
        """Registers of version 1: where the queue's parts lie follows from its first page."""
        if offset == Register.GUEST_PAGE_SIZE:
            self._page = value & -value or 1
        elif self._selected:
            return
        elif offset == Register.QUEUE_ALIGN:
            if value and not value & value - 1:
                self._align = value
        elif offset == Register.QUEUE_PFN and value == 0:
            self._set_status(0)
        elif offset == Register.QUEUE_PFN:
            self._frame = value
            self._queue.ready = True
        if self._frame:
            queue = self._queue
            queue.descriptors = self._frame * self._page
            queue.available = queue.descriptors + 16 * queue.size
            end = queue.available + 6 + 2 * queue.size
            queue.used = -(-end // self._align) * self._align
