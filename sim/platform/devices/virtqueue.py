"""Split virtqueues: buffers that a driver gives a device and gets back (virtio 1.2, 2.7)."""

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field

from sim.platform.ram import Ram

__all__ = ["MOST", "Buffer", "Chain", "QueueError", "Virtqueue"]

#: Descriptors that a queue may have.
MOST = 1024

_NEXT, _WRITE, _INDIRECT = 1, 2, 4
_NO_INTERRUPT = 1
_DESCRIPTOR = struct.Struct("<QIHH")
_HALF = 1 << 16

#: Address and bytes.
Buffer = tuple[int, int]


class QueueError(Exception):
    """The driver broke a rule of its queue, so that nothing can be answered; one line."""


@dataclass
class Chain:
    """Buffers of one request: those that the device reads, then those that it writes."""

    head: int
    readable: list[Buffer] = field(default_factory=list)
    writable: list[Buffer] = field(default_factory=list)


class Virtqueue:
    """A queue whose three parts lie in RAM.

    Members
    -------
    size : int
        Descriptors, a power of 2 up to `MOST`.
    descriptors, available, used : int
        Physical addresses of its parts.
    ready : bool
        The driver has said that it may be used.
    """

    def __init__(self) -> None:
        self.size = MOST
        self.descriptors = self.available = self.used = 0
        self.ready = False
        self._taken = 0
        self._given = 0

    def take(self, ram: Ram) -> Chain | None:
        """The next chain that is available, if any. Raises QueueError or RamError."""
        index = _u16(ram, self.available + 2)
        waiting = (index - self._taken) % _HALF
        if waiting > self.size:
            raise QueueError(f"{waiting} chains are available in a queue of {self.size}")
        if not waiting:
            return None
        chain = Chain(_u16(ram, self.available + 4 + 2 * (self._taken % self.size)))
        self._taken = (self._taken + 1) % _HALF
        for buffer, written in self._buffers(ram, chain.head):
            if written:
                chain.writable.append(buffer)
            elif chain.writable:
                raise QueueError("a buffer to read is behind one to write")
            else:
                chain.readable.append(buffer)
        return chain

    def give_back(self, ram: Ram, chain: Chain, written: int) -> bool:
        """Returns a chain into which `written` bytes were; whether an interrupt is wanted."""
        element = self.used + 4 + 8 * (self._given % self.size)
        ram.write(element, struct.pack("<II", chain.head, written))
        self._given = (self._given + 1) % _HALF
        ram.write(self.used + 2, struct.pack("<H", self._given))
        return not _u16(ram, self.available) & _NO_INTERRUPT

    def _buffers(self, ram: Ram, index: int) -> Iterator[tuple[Buffer, bool]]:
        """The buffers of a chain, and whether each is to be written; goes into a table once."""
        table, entries, within = self.descriptors, self.size, False
        for _ in range(self.size + 1):
            if index >= entries:
                raise QueueError(f"there is no descriptor {index} of {entries}")
            place = table + _DESCRIPTOR.size * index
            address, count, flags, index = _DESCRIPTOR.unpack(ram.read(place, _DESCRIPTOR.size))
            if count == 0:
                raise QueueError("a descriptor of 0 bytes")
            if not flags & _INDIRECT:
                yield (address, count), bool(flags & _WRITE)
                if not flags & _NEXT:
                    return
            elif within or flags & _NEXT or count % _DESCRIPTOR.size:
                raise QueueError("an indirect table must be the last of its chain, and whole")
            else:
                table, entries, index, within = address, count // _DESCRIPTOR.size, 0, True
        raise QueueError("a chain is longer than its queue")


def _u16(ram: Ram, address: int) -> int:
    return int.from_bytes(ram.read(address, 2), "little")
