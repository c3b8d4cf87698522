import pytest

from sim.platform.device import Device, Refused
from sim.platform.devices.plic import SOURCES, Plic
from tests.sim.platform.devices.board import attach, run, torment

PENDING, ENABLES, M, S = 0x1000, (0x2000, 0x2080), 0x20_0000, 0x20_1000
CLAIM = 4


class Board:
    """A `Plic` on a bus: all sources enabled for S-mode, with priority 1."""

    def __init__(self):
        self.plic = Plic()
        self.bus = attach(self.plic)
        for source in range(1, SOURCES):
            self.store(4 * source, 1)
        for word in range(3):
            self.store(ENABLES[1] + 4 * word, 0xFFFF_FFFF)

    def load(self, offset):
        return self.plic.load(offset, 4, 0)

    def store(self, offset, value):
        self.plic.store(offset, 4, value, 0)

    @property
    def lines(self):
        return self.bus.lines["meip"], self.bus.lines["seip"]


@pytest.fixture
def board():
    return Board()


@pytest.mark.parametrize("source", [1, 10, 31, 32, 95])
def test_a_source_is_pending_until_it_is_claimed(board, source):
    board.plic.signal(source, True)
    assert board.lines == (False, True)
    assert board.load(PENDING + source // 32 * 4) == 1 << source % 32

    assert board.load(S + CLAIM) == source
    assert board.lines == (False, False)
    assert board.load(PENDING + source // 32 * 4) == 0
    assert board.load(S + CLAIM) == 0


def test_a_level_that_has_stayed_high_is_no_second_interrupt(board):
    board.plic.signal(10, True)
    board.load(S + CLAIM)
    board.store(S + CLAIM, 10)

    assert not board.lines[1]


def test_what_comes_before_completion_interrupts_after_it(board):
    board.plic.signal(10, True)
    board.load(S + CLAIM)
    board.plic.signal(10, True)
    assert not board.lines[1]

    board.store(S + CLAIM, 10)
    assert board.lines[1]
    assert board.load(S + CLAIM) == 10


def test_a_device_that_falls_silent_stays_pending(board):
    board.plic.signal(10, True)
    board.plic.signal(10, False)

    assert board.load(S + CLAIM) == 10


def test_the_highest_priority_is_claimed_first_and_of_equals_the_first_source(board):
    board.store(4 * 40, 5)
    for source in (70, 3, 40):
        board.plic.signal(source, True)

    assert [board.load(S + CLAIM) for _ in range(4)] == [40, 3, 70, 0]


def test_a_priority_must_be_above_the_threshold(board):
    board.store(4 * 7, 3)
    board.plic.signal(7, True)
    for threshold, level in ((3, False), (2, True), (7, False), (8, True)):
        board.store(S, threshold)
        assert board.lines[1] is level
        assert board.load(S) == threshold % 8


def test_priority_0_never_interrupts(board):
    board.store(4 * 7, 8)
    board.plic.signal(7, True)

    assert board.load(4 * 7) == 0
    assert not board.lines[1]
    board.store(4 * 7, 1)
    assert board.lines[1]


def test_contexts_are_enabled_apart_and_claim_from_each_other(board):
    board.store(ENABLES[0], 1 << 5)
    board.plic.signal(5, True)
    assert board.lines == (True, True)

    assert board.load(M + CLAIM) == 5
    assert board.lines == (False, False)
    assert board.load(S + CLAIM) == 0


@pytest.mark.parametrize(
    "offset", [4 * SOURCES, PENDING, PENDING + 12, 0x200C, 0x2100, S + 8, S + 0x1000, 0x5F_FFFC]
)
def test_what_is_not_there_reads_0(board, offset):
    board.store(offset, 0xFFFF_FFFF)

    assert board.load(offset) == 0


@pytest.mark.parametrize("count", [1, 2, 8])
def test_other_sizes_fault(board, count):
    with pytest.raises(Refused):
        board.plic.load(S, count, 0)
    with pytest.raises(Refused):
        board.plic.store(S, count, 0, 0)


def test_a_completion_of_what_is_no_source_does_nothing(board):
    board.plic.signal(5, True)
    board.load(S + CLAIM)
    for value in (SOURCES, 0xFFFF_FFFF, 6):
        board.store(S + CLAIM, value)
    board.plic.signal(5, True)

    assert not board.lines[1]


class Sources(Device):
    """Tells the PLIC of three sources in cycle 500, of 70 anew in cycle 1300, as it is served."""

    def __init__(self, plic):
        self.plic = plic
        self.deadline = 500

    def tick(self, cycle):
        again = cycle == 1300
        for source in (70,) if again else (70, 3, 40):
            self.plic.signal(source, True)
        self.deadline = None if again else 1300


def test_a_program_in_s_mode_claims_the_same_on_every_engine():
    def result(**parameters):
        plic = Plic()
        return run("plic.S", [plic, Sources(plic)], words=6, **parameters)

    expected = result(engine="native")
    assert expected[1:] == ([1 << 63 | 9, 40, 3, 70, 70, 0], 0)

    assert result(engine="pysim") == expected
    assert result(engine="native", fast_forward=False) == expected
    assert result(engine="native", again=1400) == expected


def test_random_traffic_gives_values_and_refusals_only():
    def make():
        plic = Plic()
        attach(plic)
        for source in (1, 10, 95):
            plic.signal(source, True)
        return plic

    registers = [4, 40, 380, PENDING, *ENABLES, ENABLES[1] + 8, M, S, M + CLAIM, S + CLAIM]
    refused, taken = torment(make, registers, seed=3)
    assert refused > 1000
    assert taken > 1000
