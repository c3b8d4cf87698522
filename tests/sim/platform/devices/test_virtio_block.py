import struct
from functools import partial

import pytest

from sim.platform.devices.disk import SECTOR, Disk
from sim.platform.devices.plic import Plic
from sim.platform.devices.virtio_block import VirtioBlock
from sim.platform.devices.virtio_mmio import Register
from tests.sim.platform.devices.board import BASE, run
from tests.sim.platform.devices.driver import WRITE, Driver

HEADER, DATA, STATUS = BASE + 0x2000, BASE + 0x2400, BASE + 0x2FFF
IN, OUT, FLUSH, GET_ID = 0, 1, 4, 8
OK, IOERR, UNSUPP = 0, 1, 2
IMAGE = bytes(range(256)) * 8


class Board(Driver):
    """A block device with the four sectors of `IMAGE`."""

    def __init__(self, version=2, **parameters):
        self.disk = Disk(IMAGE, **parameters)
        super().__init__(VirtioBlock(self.disk, bool, version=version), version)

    def request(self, kind, sector, *buffers):
        """A request with the data's buffers; returns its status and how much was written."""
        self.ram.write(HEADER, struct.pack("<IIQ", kind, 0, sector))
        self.ram.write(STATUS, b"\xff")
        self.chain((HEADER, 16, 0), *buffers, (STATUS, 1, WRITE))
        self.offer()
        self.notify()
        return self.ram.read(STATUS, 1)[0], self.returned()[-1][1]


@pytest.mark.parametrize("version", [1, 2])
def test_sectors_are_read_and_written(version):
    board = Board(version)
    assert board.request(IN, 1, (DATA, 1024, WRITE)) == (OK, 1025)
    assert board.ram.read(DATA, 1024) == IMAGE[512:1536]
    board.ram.write(DATA, b"x" * SECTOR)
    assert board.request(OUT, 3, (DATA, SECTOR, 0)) == (OK, 1)

    assert board.disk.read(3, SECTOR) == b"x" * SECTOR
    assert board.disk.read(2, SECTOR) == IMAGE[1024:1536]


def test_data_may_lie_in_pieces():
    board = Board()
    pieces = [(DATA, 100, WRITE), (DATA + 500, 12, WRITE), (DATA + 600, 400, WRITE)]
    assert board.request(IN, 0, *pieces) == (OK, 513)
    found = b"".join(board.ram.read(place, size) for place, size, _ in pieces)

    assert found == IMAGE[:SECTOR]


def test_header_data_and_status_may_share_buffers():
    board = Board()
    board.ram.write(HEADER, struct.pack("<IIQ", OUT, 0, 2) + b"y" * SECTOR)
    board.chain((HEADER, 7, 0), (HEADER + 7, 9 + SECTOR, 0), (STATUS, 1, WRITE))
    board.offer()
    board.notify()
    assert board.disk.read(2, SECTOR) == b"y" * SECTOR

    board.ram.write(HEADER, struct.pack("<IIQ", IN, 0, 2))
    board.chain((HEADER, 16, 0), (DATA, SECTOR + 1, WRITE))
    board.offer()
    board.notify()
    assert board.ram.read(DATA, SECTOR + 1) == b"y" * SECTOR + bytes([OK])


@pytest.mark.parametrize(
    ("kind", "sector", "buffers", "expected"),
    [
        (FLUSH, 0, [], (OK, 1)),
        (GET_ID, 0, [(DATA, 20, WRITE)], (OK, 21)),
        (GET_ID, 0, [(DATA, 5, WRITE)], (OK, 6)),
        (2, 0, [(DATA, SECTOR, WRITE)], (UNSUPP, 1)),
        (0xFFFF_FFFF, 0, [], (UNSUPP, 1)),
        (IN, 4, [(DATA, SECTOR, WRITE)], (IOERR, 1)),
        (IN, 3, [(DATA, 1024, WRITE)], (IOERR, 1)),
        (IN, (1 << 64) - 1, [(DATA, SECTOR, WRITE)], (IOERR, 1)),
        (IN, 0, [(DATA, 511, WRITE)], (IOERR, 1)),
        (OUT, 0, [(DATA, 513, 0)], (IOERR, 1)),
        (IN, 0, [(DATA, 12, WRITE), (0x1000, 500, WRITE)], (IOERR, 1)),
        (OUT, 0, [(BASE + 0x3FFF, SECTOR, 0)], (IOERR, 1)),
        (GET_ID, 0, [((1 << 64) - 4, 20, WRITE)], (IOERR, 1)),
    ],
)
def test_every_request_has_a_status(kind, sector, buffers, expected):
    board = Board()
    board.ram.write(DATA, b"\xee" * 1024)

    assert board.request(kind, sector, *buffers) == expected
    assert list(board.disk.changes()) == []
    if expected[0] != OK:
        assert board.ram.read(DATA, 1024) == b"\xee" * 1024, "nothing is done"


def test_a_read_only_disk_says_so_and_is_not_written():
    board = Board(read_only=True)

    assert board.load(Register.DEVICE_FEATURES) & 1 << 5
    assert board.request(OUT, 0, (DATA, SECTOR, 0)) == (IOERR, 1)
    assert list(board.disk.changes()) == []


@pytest.mark.parametrize(
    "buffers",
    [
        [(HEADER, 15, 0), (STATUS, 1, WRITE)],
        [(HEADER, 16, 0)],
        [(0x1000, 16, 0), (STATUS, 1, WRITE)],
        [(HEADER, 16, 0), (0x1000, 1, WRITE)],
    ],
)
def test_a_request_that_cannot_be_answered_needs_a_reset(buffers):
    board = Board()
    board.chain(*buffers)
    board.offer()
    board.notify()

    assert board.load(Register.STATUS) & 0x40
    assert board.returned() == []


def test_the_configuration_is_the_capacity_and_the_size_of_a_block():
    board = Board()

    assert board.load(0x100, 8) == 4
    assert [board.load(0x114), board.load(0x114, 2), board.load(0x115, 1)] == [512, 512, 2]
    assert board.load(0x1F8, 8) == 0


class Growing(Disk):
    """Gives a ring's index instead of a sector, each time a higher one."""

    index = 1

    def read(self, sector, count):
        self.index += 1
        return struct.pack("<H", self.index).ljust(count, b"\0")


def test_work_ends_though_what_is_read_brings_more_for_ever():
    board = Driver(VirtioBlock(Growing(IMAGE), bool), 2)
    board.ram.write(HEADER, struct.pack("<IIQ", IN, 0, 0))
    board.chain((HEADER, 16, 0), (board.available + 2, SECTOR, WRITE), (STATUS, 1, WRITE))
    board.offer()
    board.notify()

    assert len(board.returned()) == board.SIZE


@pytest.mark.parametrize("version", [1, 2])
def test_a_program_reads_and_writes_on_every_engine(version):
    def result(**parameters):
        plic, disk = Plic(), Disk(IMAGE)
        block = VirtioBlock(disk, partial(plic.signal, 1), version=version, delay=300)
        found = run("virtio.S", [plic, block], words=7, **parameters)
        return found, list(disk.changes())

    expected = result(engine="native")
    (_, (cause, source, status, read, written, used, late), code), changes = expected
    assert cause == 1 << 63 | 11
    assert (source, status, code) == (1, 0, 0)
    assert (read, written, used) == (int.from_bytes(IMAGE[512:520], "little"), 0, 2)
    assert 300 <= late < 400
    assert changes == [(2, IMAGE[512:1024])]

    assert result(engine="pysim") == expected
    assert result(engine="native", fast_forward=False) == expected
    assert result(engine="native", again=400) == expected
