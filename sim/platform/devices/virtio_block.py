"""A virtio block device: a disk behind a queue of requests (virtio 1.2, section 5.2).

A request is a chain of buffers of any shape: 16 bytes {type, -, sector}, what is to be written,
room for what is read, and a byte for the status. Types are read (0), write (1), flush (4) and get
ID (8); all others get UNSUPP. What lies not on the disk or is no whole sectors, what would be
written to a read-only disk, and data outside RAM get IOERR, and nothing is done. A request whose
header or status is not there stops the device.
"""

import struct
from collections.abc import Callable, Sequence
from enum import IntEnum

from sim.platform.devices.disk import SECTOR, Disk
from sim.platform.devices.virtio_mmio import INDIRECT, VirtioMmio
from sim.platform.devices.virtqueue import Buffer, Chain, QueueError, Virtqueue
from sim.platform.ram import RamError

__all__ = ["BASE", "DELAY", "VirtioBlock"]

#: Where it is unless said else.
BASE = 0x1000_1000
#: Cycles from a notification to the work, unless said else.
DELAY = 100

_BLOCK = 2
_READ_ONLY, _BLOCK_SIZE, _FLUSH = 1 << 5, 1 << 6, 1 << 9
_HEADER = struct.Struct("<IIQ")
_ID = b"trapline".ljust(20, b"\0")


class _Type(IntEnum):
    IN = 0
    OUT = 1
    FLUSH = 4
    GET_ID = 8


class _Status(IntEnum):
    OK = 0
    IOERR = 1
    UNSUPP = 2


class VirtioBlock(VirtioMmio):
    """See above; parameters are the disk and those of `VirtioMmio`."""

    def __init__(
        self,
        disk: Disk,
        interrupt: Callable[[bool], object],
        *,
        version: int = 2,
        delay: int = DELAY,
        base: int = BASE,
    ):
        features = INDIRECT | _FLUSH | _BLOCK_SIZE | (_READ_ONLY if disk.read_only else 0)
        super().__init__(base, _BLOCK, features, interrupt, version=version, delay=delay)
        self._disk = disk

    @property
    def config(self) -> bytes:
        """Capacity in sectors, nothing of segments and geometry, and the size of a block."""
        return struct.pack("<QIIII", self._disk.sectors, 0, 0, 0, SECTOR)

    def serve(self, queue: Virtqueue) -> bool:
        """Answers all requests; whether an interrupt is wanted. Raises QueueError, RamError."""
        ram = self.board.ram
        wanted = False
        # Not until there are none: what is read may go over the ring, and bring more for ever.
        for _ in range(queue.size):
            chain = queue.take(ram)
            if chain is None:
                break
            wanted |= queue.give_back(ram, chain, self._answer(chain))
        return wanted

    def _answer(self, chain: Chain) -> int:
        """Answers a request; how many bytes were written, with the status."""
        header, body = _split(chain.readable, _HEADER.size)
        room, last = _split(chain.writable, _total(chain.writable) - 1)
        if _total(header) < _HEADER.size or _total(last) != 1:
            raise QueueError("a request without a header, or without room for its status")
        self._check(last)
        kind, _, sector = _HEADER.unpack(self._gather(header))
        try:
            status, written = self._execute(kind, sector, body, room)
        except RamError:
            status, written = _Status.IOERR, 0
        self._scatter(last, bytes([status]))
        return written + 1

    def _execute(
        self, kind: int, sector: int, body: Sequence[Buffer], room: Sequence[Buffer]
    ) -> tuple[_Status, int]:
        """Does a request: its status, and how many bytes it wrote. Raises RamError."""
        disk = self._disk
        if kind == _Type.FLUSH:
            return _Status.OK, 0
        if kind == _Type.GET_ID:
            return _Status.OK, self._scatter(room, _ID)
        if kind == _Type.IN and disk.has(sector, _total(room)):
            self._check(room)
            return _Status.OK, self._scatter(room, disk.read(sector, _total(room)))
        if kind == _Type.OUT and disk.has(sector, _total(body)) and not disk.read_only:
            disk.write(sector, self._gather(body))
            return _Status.OK, 0
        return (_Status.IOERR if kind in (_Type.IN, _Type.OUT) else _Status.UNSUPP), 0

    def _check(self, buffers: Sequence[Buffer]) -> None:
        """Raises RamError if they are not in RAM."""
        ram = self.board.ram
        for address, count in buffers:
            if not ram.base <= address <= ram.base + ram.size - count:
                raise RamError(f"{count} bytes at {address:#x} are not inside RAM")

    def _gather(self, buffers: Sequence[Buffer]) -> bytes:
        return b"".join(self.board.ram.read(address, count) for address, count in buffers)

    def _scatter(self, buffers: Sequence[Buffer], data: bytes) -> int:
        """Writes as much of `data` as there is room for; how many bytes."""
        self._check(buffers)
        done = 0
        for address, count in buffers:
            part = data[done : done + count]
            self.board.ram.write(address, part)
            done += len(part)
        return done


def _total(buffers: Sequence[Buffer]) -> int:
    return sum(count for _, count in buffers)


def _split(buffers: Sequence[Buffer], count: int) -> tuple[list[Buffer], list[Buffer]]:
    """The first `count` bytes, and the others."""
    first: list[Buffer] = []
    rest: list[Buffer] = []
    for address, size in buffers:
        here = max(0, min(size, count))
        count -= here
        if here:
            first.append((address, here))
        if size > here:
            rest.append((address + here, size - here))
    return first, rest
