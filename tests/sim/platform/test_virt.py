"""All devices of `virt` on one bus, under the programs that test each of them."""

import pytest

from sim.platform.devices.captured import Captured
from sim.platform.devices.disk import Disk
from sim.platform.virt import make_virt
from tests.sim.platform.devices.board import attach, run

DISK = bytes(range(256)) * 8


def test_without_a_disk_there_is_no_block_device():
    assert len(make_virt(Captured()).devices) == 4
    assert len(make_virt(Captured(), Disk(b"")).devices) == 5


@pytest.mark.parametrize("version", [1, 2])
def test_the_addresses_are_those_of_qemu(version):
    virt = make_virt(Captured(), Disk(DISK), version=version, divisor=10)
    bus = attach(*virt.devices)

    places = [0x10_0000, 0x200_0000, 0xC00_0000, 0x1000_0000, 0x1000_1000]
    assert [each.base for each in virt.devices] == places
    assert bus.device_access(100, 0x200_BFF8, 3, 0, 0) == 10
    assert bus.device_access(100, 0x1000_1004, 2, 0, 0) == version << 32


@pytest.mark.parametrize("engine", ["native", "pysim"])
def test_the_disk_interrupts_as_source_1(engine):
    disk = Disk(DISK)
    virt = make_virt(Captured(), disk)
    _, (cause, source, *_), status = run("virtio.S", virt.devices, words=7, engine=engine)

    assert (cause, source, status) == (1 << 63 | 11, 1, 0)
    assert list(disk.changes()) == [(2, DISK[512:1024])]


def test_the_uart_interrupts_as_source_10():
    console = Captured(b"a\nb\n")
    _, (_, nothing, _), status = run("uart.S", make_virt(console).devices, words=3, engine="native")

    assert (nothing, status) == (0, 0)
    assert console.printed == b"a\nb\n"
