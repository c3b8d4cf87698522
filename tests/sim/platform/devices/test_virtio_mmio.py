import struct
from random import Random

import pytest

from sim.platform.devices.disk import Disk
from sim.platform.devices.virtio_block import VirtioBlock
from sim.platform.devices.virtio_mmio import Register
from tests.sim.platform.devices.board import BASE, torment
from tests.sim.platform.devices.driver import WRITE, Driver

MAGIC, QEMU = 0x7472_6976, 0x554D_4551


class Board(Driver):
    """A block device of 3 sectors, and what it said of its interrupt."""

    def __init__(self, version):
        self.interrupts = []
        super().__init__(
            VirtioBlock(Disk(bytes(1536)), self.interrupts.append, version=version), version
        )

    def request(self, place=BASE + 0x2000):
        """Flushes, with the status at `place`."""
        self.ram.write(BASE + 0x3000, struct.pack("<IIQ", 4, 0, 0))
        self.chain((BASE + 0x3000, 16, 0), (place, 1, WRITE))
        self.offer()
        self.notify()


@pytest.fixture(params=[1, 2])
def version(request):
    return request.param


@pytest.fixture
def board(version):
    return Board(version)


@pytest.mark.parametrize(
    ("parameters", "complaint"),
    [({"version": 3}, "1 or 2, not 3"), ({"delay": 0}, "at least 1 cycle, not 0")],
)
def test_a_mistake_is_refused(parameters, complaint):
    with pytest.raises(ValueError, match=complaint):
        VirtioBlock(Disk(b""), bool, **parameters)


def test_it_says_what_it_is(board, version):
    assert [board.load(offset) for offset in (0, 4, 8, 12)] == [MAGIC, version, 2, QEMU]
    assert board.load(0, 8) == version << 32 | MAGIC
    assert board.load(Register.QUEUE_NUM_MAX) == 1024
    assert board.load(Register.SHM_LEN, 8) == (1 << 64) - 1


def test_features_come_in_halves(board, version):
    low = board.load(Register.DEVICE_FEATURES)
    board.store(Register.DEVICE_FEATURES_SEL, 1)

    assert low == 1 << 28 | 1 << 9 | 1 << 6
    assert board.load(Register.DEVICE_FEATURES) == (version == 2)


def test_features_that_are_not_offered_are_not_ok():
    board = Board(2)
    board.store(Register.STATUS, 0)
    board.store(Register.DRIVER_FEATURES, 1 << 9)
    board.store(Register.STATUS, 8)
    assert board.load(Register.STATUS) == 8
    board.store(Register.DRIVER_FEATURES_SEL, 1)
    board.store(Register.DRIVER_FEATURES, 2)
    board.store(Register.STATUS, 11)

    assert board.load(Register.STATUS) == 3


def test_other_queues_are_not_there(board):
    board.store(Register.QUEUE_SEL, 1)
    board.store(Register.QUEUE_NUM, 4)
    board.store(Register.QUEUE_READY, 0)
    board.store(Register.QUEUE_PFN, 0)
    assert board.load(Register.QUEUE_NUM_MAX) == board.load(Register.QUEUE_READY) == 0

    board.request()
    assert board.returned() == [(0, 1)]


def test_registers_of_the_other_version_read_0(board, version):
    assert board.load(Register.QUEUE_PFN) == (BASE >> 12 if version == 1 else 0)
    assert board.load(Register.QUEUE_READY) == (version == 2)


def test_other_sizes_read_0_and_store_nothing(board):
    assert board.load(Register.MAGIC, 2) == board.load(Register.MAGIC + 1, 1) == 0
    board.store(Register.STATUS, 0, 1)
    assert board.load(Register.STATUS) == 15


def test_the_work_is_done_after_a_delay_and_interrupts_until_that_is_acknowledged(board):
    board.request()

    assert board.cycle == 100
    assert board.load(Register.INTERRUPT_STATUS) == 1
    assert board.interrupts[-1] is True
    board.store(Register.INTERRUPT_ACK, 2)
    assert board.interrupts[-1] is True
    board.store(Register.INTERRUPT_ACK, 1)
    assert board.interrupts[-1] is False
    assert board.load(Register.INTERRUPT_STATUS) == 0


def test_without_work_there_is_no_interrupt(board):
    board.notify()

    assert True not in board.interrupts


def test_a_queue_that_breaks_a_rule_stops_the_device_until_it_is_reset(board, version):
    board.request(place=0x1000)
    assert board.load(Register.STATUS) == (15 if version == 1 else 0x4F)
    assert board.load(Register.INTERRUPT_STATUS) == (0 if version == 1 else 2)
    board.request()
    assert board.returned() == []

    board.store(Register.STATUS, 0)
    assert board.load(Register.STATUS) == board.load(Register.INTERRUPT_STATUS) == 0
    again = Driver.__new__(Board)
    again.interrupts = []
    Driver.__init__(again, board.device, version)
    again.request()
    assert again.returned() == [(0, 1)]


def test_a_reset_forgets_the_queue(board):
    board.store(Register.STATUS, 0)
    board.request()

    assert board.returned() == []
    assert board.interrupts[-1] is False


def test_the_legacy_device_is_reset_by_page_0():
    board = Board(1)
    board.store(Register.QUEUE_PFN, 0)

    assert board.load(Register.STATUS) == 0
    board.request()
    assert board.returned() == []


def test_random_traffic_gives_values_only(version):
    def make():
        return VirtioBlock(Disk(bytes(1536)), bool, version=version, delay=2)

    registers = [*Register, Register.QUEUE_DESC + 4, 0x100, 0x104]
    refused, taken = torment(make, registers, seed=version)
    assert refused == 0
    assert taken > 5000


def random_queue(choose, board):
    """Chains of nearly the right shape: a header first, then anything, often in RAM."""
    header = BASE + 0x3000
    places = [BASE - 8, BASE + 0x3FF8, *(BASE + choose.randrange(0x4000) for _ in range(3))]
    sizes = (1, 16, 32, 512, choose.getrandbits(32))
    board.ram.write(header, struct.pack("<IIQ", choose.choice((0, 1, 4, 8, 9)), 0, 1))
    more = [
        (choose.choice(places), choose.choice(sizes), choose.choice((0, 1, 2, 2, 3, 3, 4)), follows)
        for follows in choose.choices((2, 3, 4, 5, 6, 7, 9), k=7)
    ]
    board.describe((header, 16, 1, choose.randrange(1, 4)), *more)
    for _ in range(choose.choice((1, 1, 2, 8))):
        board.offer(choose.choice((0, 0, 0, 3, 8)))


def test_random_queues_stop_the_device_at_worst(version):
    choose = Random(f"queues {version}")
    answered = set()
    for _ in range(1500):
        board = Board(version)
        random_queue(choose, board)
        board.notify()
        answered.add((bool(board.returned()), board.load(Register.STATUS)))

    stopped = 0x4F if version == 2 else 15
    assert answered == {(True, 15), (False, stopped), (True, stopped)}
