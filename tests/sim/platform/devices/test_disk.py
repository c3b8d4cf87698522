import pytest

from sim.platform.devices.disk import SECTOR, Disk

IMAGE = b"a" * SECTOR + b"b" * SECTOR + b"c"


@pytest.fixture
def disk():
    return Disk(IMAGE)


def test_the_last_sector_is_filled_up_with_zeros(disk):
    assert disk.sectors == 3
    assert disk.read(1, 2 * SECTOR) == b"b" * SECTOR + b"c".ljust(SECTOR, b"\0")


def test_what_is_written_is_read_and_known(disk):
    disk.write(1, b"x" * SECTOR + b"y" * SECTOR)
    disk.write(0, b"z" * SECTOR)

    assert disk.read(0, 3 * SECTOR) == b"z" * SECTOR + b"x" * SECTOR + b"y" * SECTOR
    assert [number for number, _ in disk.changes()] == [0, 1, 2]
    assert dict(disk.changes())[1] == b"x" * SECTOR


@pytest.mark.parametrize(
    ("sector", "count", "there"),
    [(0, 3 * SECTOR, True), (0, 4 * SECTOR, False), (2, 513, False), (3, 0, True), (4, 0, False)],
)
def test_it_has_whole_sectors_up_to_its_end(disk, sector, count, there):
    assert disk.has(sector, count) is there
