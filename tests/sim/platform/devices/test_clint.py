import pytest

from sim.platform.device import Refused
from sim.platform.devices.clint import Clint
from tests.sim.platform.devices.board import attach, run, torment

MSIP, MTIMECMP, MTIME = 0, 0x4000, 0xBFF8
FOREVER = (1 << 64) - 1


class Board:
    """A `Clint` on a bus, and the lines that it drives."""

    def __init__(self, divisor=1):
        self.clint = Clint(divisor)
        self.bus = attach(self.clint)

    @property
    def lines(self):
        return self.bus.lines["msip"], self.bus.lines["mtip"]


@pytest.fixture
def board():
    return Board()


def test_a_divisor_is_at_least_a_cycle():
    with pytest.raises(ValueError, match="at least 1 cycle, not 0"):
        Clint(0)


def test_msip_is_a_bit_and_a_line(board):
    for value, level in ((0xFFFF_FFFF, 1), (0xFFFF_FFFE, 0)):
        board.clint.store(MSIP, 4, value, 5)
        assert board.clint.load(MSIP, 4, 6) == board.lines[0] == level


@pytest.mark.parametrize("divisor", [1, 7])
def test_mtip_rises_in_the_cycle_in_which_mtime_comes_to_mtimecmp(divisor):
    board = Board(divisor)
    assert board.lines[1]
    board.clint.store(MTIMECMP, 8, 100, 20)
    assert not board.lines[1]
    assert board.bus.deadline == 100 * divisor

    board.bus.tick(100 * divisor)
    assert board.lines[1]
    assert board.clint.load(MTIME, 8, 100 * divisor) == 100
    assert board.clint.load(MTIME, 8, 100 * divisor - 1) == 99
    assert board.bus.deadline is None


def test_an_mtimecmp_that_is_reached_in_the_next_cycle_raises_at_once(board):
    board.clint.store(MTIMECMP, 8, 21, 20)
    assert board.lines[1]
    board.clint.store(MTIMECMP, 8, 23, 21)
    assert not board.lines[1]


def test_registers_have_halves(board):
    board.clint.store(MTIMECMP, 8, 0x1111_2222_3333_4444, 0)
    board.clint.store(MTIMECMP + 4, 4, 0x5555_6666, 0)
    assert board.clint.load(MTIMECMP, 8, 0) == 0x5555_6666_3333_4444
    board.clint.store(MTIMECMP, 4, 7, 0)
    assert board.clint.load(MTIMECMP, 4, 0) == 7
    assert board.clint.load(MTIMECMP + 4, 4, 0) == 0x5555_6666
    assert board.clint.load(MTIME + 4, 4, 3 << 32 | 5) == 3


def test_mtime_can_be_moved_and_wraps(board):
    board.clint.store(MTIMECMP, 8, 50, 0)
    board.clint.store(MTIME, 8, FOREVER - 9, 1000)
    assert board.lines[1]
    assert board.clint.load(MTIME, 8, 1009) == FOREVER
    assert board.bus.deadline == 1010

    board.bus.tick(1010)
    assert not board.lines[1]
    assert board.clint.load(MTIME, 8, 1012) == 2
    assert board.bus.deadline == 1060


def test_registers_of_other_harts_read_0(board):
    for offset in (MSIP + 4, MTIMECMP + 8, MTIME - 8):
        board.clint.store(offset, 4, 0xFFFF_FFFF, 0)
        assert board.clint.load(offset, 4, 1) == 0
    assert board.lines == (False, True)


@pytest.mark.parametrize(("offset", "count"), [(MSIP, 8), (MSIP, 1), (MTIMECMP, 2), (MTIME, 1)])
def test_other_sizes_fault(board, offset, count):
    with pytest.raises(Refused):
        board.clint.load(offset, count, 0)
    with pytest.raises(Refused):
        board.clint.store(offset, count, 0, 0)


@pytest.mark.parametrize("divisor", [1, 3])
def test_a_program_sees_the_same_on_every_engine(divisor):
    def result(**parameters):
        return run("clint.S", [Clint(divisor)], words=13, **parameters)

    cycle, table, status = expected = result(engine="native")
    software, *timer = zip(table[0:8:2], table[1:8:2], strict=True)
    assert software[0] == 1 << 63 | 3
    assert software[1] < 60
    assert [cause for cause, _ in timer] == [1 << 63 | 7] * 3
    assert all(late < 60 for _, late in timer)
    before, after, _, mtime, since = table[8:]
    assert (before, after) == (1 << 7, 0)
    assert cycle // divisor - 60 < mtime <= cycle // divisor
    assert 0 <= since < 10
    assert status == 0

    assert result(engine="pysim") == expected
    assert result(engine="native", fast_forward=False) == expected
    assert result(engine="native", again=500) == expected


def test_random_traffic_gives_values_and_refusals_only():
    registers = [MSIP, 4, MTIMECMP, MTIMECMP + 4, MTIME, MTIME + 4]
    refused, taken = torment(Clint, registers, seed=1)
    assert refused > 1000
    assert taken > 1000
