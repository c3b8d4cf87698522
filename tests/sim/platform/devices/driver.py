"""A driver of a virtio device, in Python: what it writes to registers and lays into RAM."""

import struct

from sim.platform.devices.virtio_mmio import Register
from tests.sim.platform.devices.board import BASE, attach

__all__ = ["NEXT", "WRITE", "INDIRECT", "Driver"]

NEXT, WRITE, INDIRECT = 1, 2, 4


class Driver:
    """Has a queue of 8 descriptors, and the device told of it.

    Members: `ram`, `bus`, `device`, `cycle`; `descriptors`, `available`, `used`, where they lie.
    """

    SIZE = 8

    def __init__(self, device, version):
        self.bus = attach(device, ram_bytes=0x4000)
        self.ram, self.device, self.cycle = self.bus.ram, device, 0
        self.descriptors, self.available, self.used = BASE, BASE + 0x80, BASE + 0x1000
        self.count = 0
        self.store(Register.STATUS, 3)
        self.store(Register.QUEUE_SEL, 0)
        self.store(Register.QUEUE_NUM, self.SIZE)
        if version == 1:
            self.store(Register.GUEST_PAGE_SIZE, 4096)
            self.store(Register.QUEUE_PFN, BASE >> 12)
        else:
            for register, place in (
                (Register.QUEUE_DESC, self.descriptors),
                (Register.QUEUE_AVAIL, self.available),
                (Register.QUEUE_USED, self.used),
            ):
                self.store(register, place & 0xFFFF_FFFF)
                self.store(register + 4, place >> 32)
            self.store(Register.QUEUE_READY, 1)
        self.store(Register.STATUS, 15)

    def load(self, offset, count=4):
        return self.device.load(offset, count, self.cycle)

    def store(self, offset, value, count=4):
        self.device.store(offset, count, value, self.cycle)

    def describe(self, *descriptors, table=None):
        """Writes {address, bytes, flags, next} from the first one on."""
        place = self.descriptors if table is None else table
        for number, each in enumerate(descriptors):
            self.ram.write(place + 16 * number, struct.pack("<QIHH", *each))

    def chain(self, *buffers):
        """Descriptors, one behind the other, of {address, bytes, flags}."""
        flags = [NEXT] * (len(buffers) - 1) + [0]
        parts = enumerate(zip(buffers, flags, strict=True), 1)
        self.describe(
            *((place, size, own | more, number) for number, ((place, size, own), more) in parts)
        )

    def offer(self, head=0):
        """Makes the chain from `head` on available."""
        slot = self.available + 4 + 2 * (self.count % self.SIZE)
        self.ram.write(slot, struct.pack("<H", head))
        self.count += 1
        self.ram.write(self.available + 2, struct.pack("<H", self.count & 0xFFFF))

    def notify(self):
        """Lets the device do its work."""
        self.store(Register.QUEUE_NOTIFY, 0)
        if self.bus.deadline is not None:
            self.cycle = self.bus.deadline
            self.bus.tick(self.cycle)

    def returned(self):
        """What was given back: (head, bytes written) of each."""
        (count,) = struct.unpack("<H", self.ram.read(self.used + 2, 2))
        places = (self.used + 4 + 8 * (number % self.SIZE) for number in range(count))
        return [struct.unpack("<II", self.ram.read(place, 8)) for place in places]
