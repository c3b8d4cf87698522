"""Chains as they lie in RAM; the driver is that of the tests, the queue is asked by itself."""

import struct

import pytest

from sim.platform.devices.disk import Disk
from sim.platform.devices.virtio_block import VirtioBlock
from sim.platform.devices.virtqueue import QueueError, Virtqueue
from sim.platform.ram import RamError
from tests.sim.platform.devices.board import BASE
from tests.sim.platform.devices.driver import INDIRECT, NEXT, WRITE, Driver

TABLE = BASE + 0x2000


@pytest.fixture
def driver():
    return Driver(VirtioBlock(Disk(b""), bool), 2)


@pytest.fixture
def queue(driver):
    queue = Virtqueue()
    queue.size = driver.SIZE
    queue.descriptors, queue.available = driver.descriptors, driver.available
    queue.used = driver.used
    return queue


def test_an_empty_queue_gives_nothing(driver, queue):
    assert queue.take(driver.ram) is None


def test_chains_come_in_order_and_around_the_ring(driver, queue):
    driver.describe(*((BASE, number + 1, 0, 0) for number in range(8)))
    for number in range(20):
        driver.offer(number % 8)
        chain = queue.take(driver.ram)
        assert (chain.head, chain.readable) == (number % 8, [(BASE, number % 8 + 1)])
        assert queue.give_back(driver.ram, chain, number)

    assert queue.take(driver.ram) is None
    assert driver.returned()[-1] == (3, 19)


def test_the_index_wraps_at_16_bits(driver, queue):
    driver.describe((BASE, 1, 0, 0))
    for _ in range((1 << 16) + 3):
        driver.offer()
        assert queue.give_back(driver.ram, queue.take(driver.ram), 0)

    assert len(driver.returned()) == 3


def test_buffers_are_parted_by_who_writes_them(driver, queue):
    driver.chain((BASE, 1, 0), (BASE, 2, 0), (BASE, 3, WRITE), (BASE, 4, WRITE))
    driver.offer()
    chain = queue.take(driver.ram)

    assert chain.readable == [(BASE, 1), (BASE, 2)]
    assert chain.writable == [(BASE, 3), (BASE, 4)]


def test_a_table_may_follow(driver, queue):
    driver.describe((BASE, 1, NEXT, 1), (TABLE, 32, INDIRECT, 0))
    driver.describe((BASE, 2, NEXT, 1), (BASE, 3, WRITE, 0), table=TABLE)
    driver.offer()
    chain = queue.take(driver.ram)

    assert (chain.readable, chain.writable) == ([(BASE, 1), (BASE, 2)], [(BASE, 3)])


def test_the_driver_may_not_want_an_interrupt(driver, queue):
    driver.describe((BASE, 1, 0, 0))
    driver.offer()
    driver.ram.write(driver.available, struct.pack("<H", 1))

    assert not queue.give_back(driver.ram, queue.take(driver.ram), 0)


@pytest.mark.parametrize(
    ("descriptors", "complaint"),
    [
        ([(BASE, 1, NEXT, 0)], "longer than its queue"),
        ([(BASE, 1, NEXT, 8)], "no descriptor 8 of 8"),
        ([(BASE, 0, 0, 0)], "of 0 bytes"),
        ([(BASE, 1, WRITE | NEXT, 1), (BASE, 1, 0, 0)], "behind one to write"),
        ([(TABLE, 16, INDIRECT | NEXT, 0)], "must be the last"),
        ([(TABLE, 17, INDIRECT, 0)], "and whole"),
        ([(BASE, 16, INDIRECT, 0)], "must be the last"),
    ],
)
def test_a_chain_that_breaks_a_rule_is_an_error_in_one_line(driver, queue, descriptors, complaint):
    driver.describe(*descriptors)
    driver.offer()

    with pytest.raises(QueueError, match=complaint):
        queue.take(driver.ram)


def test_more_chains_than_descriptors_are_an_error(driver, queue):
    driver.ram.write(driver.available + 2, struct.pack("<H", 9))

    with pytest.raises(QueueError, match="9 chains are available in a queue of 8"):
        queue.take(driver.ram)


def test_a_ring_outside_ram_is_an_error(driver, queue):
    queue.available = 0x1000

    with pytest.raises(RamError):
        queue.take(driver.ram)
