from functools import partial
from random import Random

import pytest

from sim.platform.devices.captured import Captured
from sim.platform.devices.journal import Entry, Replay
from sim.platform.devices.plic import Plic
from sim.platform.devices.uart import POLL, Uart
from tests.sim.platform.devices.board import attach, run, torment

DATA, IER, IIR, LCR, MCR, LSR, MSR, SCR = range(8)
FIFO_ON, TRIGGER_8, TRIGGER_14 = 0x01, 0x81, 0xC1
RECEIVED, THRE, LINE = 1, 2, 4
DLAB, LOOP = 0x80, 0x10


class Board:
    """A `Uart`, its console with `data` typed, and what it said of its interrupt."""

    def __init__(self, data=b""):
        self.console = Captured(data)
        self.interrupts = []
        self.uart = Uart(self.console, self.interrupts.append)
        self.bus = attach(self.uart)
        self.cycle = 0

    def load(self, offset, count=1):
        return self.uart.load(offset, count, self.cycle)

    def store(self, offset, *values):
        for value in values:
            self.uart.store(offset, 1, value, self.cycle)

    def look(self):
        """Lets the time pass until input is looked for."""
        self.cycle = self.uart.deadline
        self.bus.tick(self.cycle)

    @property
    def level(self):
        return self.interrupts[-1]


def test_what_is_sent_appears_at_once():
    board = Board()
    board.store(DATA, *b"ok\n")

    assert board.console.printed == b"ok\n"
    assert board.load(LSR) == 0x60


def test_registers_at_reset():
    board = Board()

    assert [board.load(offset) for offset in range(8)] == [0, 0, 1, 0, 8, 0x60, 0xB0, 0]


def test_dlab_shows_the_divisor_and_nothing_is_sent():
    board = Board()
    board.store(LCR, DLAB)
    assert (board.load(DATA), board.load(IER)) == (12, 0)
    board.store(DATA, 3)
    board.store(IER, 1)
    assert (board.load(DATA), board.load(IER)) == (3, 1)

    board.store(LCR, 3)
    assert (board.load(DATA), board.load(IER), board.load(LCR)) == (0, 0, 3)
    assert board.console.printed == b""


def test_wide_accesses_are_to_one_register():
    board = Board()
    board.uart.store(SCR - 3, 4, 0xFFFF_FF02, 0)
    board.uart.store(LCR - 3, 8, 0x1122_3344_5566_7758, 0)

    assert board.load(MCR, 4) == 2
    assert board.console.printed == b"X"
    assert board.load(SCR) == board.load(LCR) == 0


def test_input_is_not_looked_for_before_the_guest_wants_it():
    board = Board(b"a\n")
    assert board.uart.deadline is None
    board.store(IER, RECEIVED)

    assert board.uart.deadline == POLL
    board.look()
    assert board.level is True
    assert board.load(IIR) == 4
    assert [board.load(DATA), board.load(DATA)] == [*b"a\n"]
    assert board.load(LSR) == 0x60
    assert board.level is False
    assert board.uart.deadline is None, "input has ended"


def test_a_driver_that_only_polls_gets_input_too():
    board = Board(b"a")
    assert board.load(LSR) == 0x60
    board.look()

    assert board.load(LSR) == 0x61
    assert board.load(DATA) == ord("a")


def test_input_comes_in_the_cycle_that_a_journal_says():
    board = Board()
    board.uart = Uart(Replay([Entry(777, b"x")]), board.interrupts.append)
    board.bus = attach(board.uart)
    board.store(IER, RECEIVED)
    board.look()

    assert board.cycle == 777
    assert board.load(DATA) == ord("x")


def test_without_a_fifo_the_last_byte_can_be_read_again():
    board = Board(b"a")
    board.load(LSR)
    board.look()

    assert [board.load(DATA), board.load(DATA)] == [*b"aa"]


@pytest.mark.parametrize(
    ("control", "data", "identification"),
    [(FIFO_ON, b"a", 0xC4), (TRIGGER_8, b"1234567", 0xCC), (TRIGGER_8, b"12345678", 0xC4)],
)
def test_less_than_the_trigger_level_is_a_time_out(control, data, identification):
    board = Board(data)
    board.store(IIR, control)
    board.store(IER, RECEIVED)
    board.look()

    assert board.load(IIR) == identification
    assert bytes(board.load(DATA) for _ in data) == data
    assert board.load(DATA) == 0
    assert board.load(IIR) == 0xC1


def test_a_fifo_takes_what_comes_up_to_the_trigger_level():
    board = Board(bytes(range(100, 200)))
    board.store(IIR, TRIGGER_14)
    board.load(LSR)
    board.look()
    board.store(MCR, LOOP)
    received = []
    while board.load(LSR) & 1:
        received.append(board.load(DATA))

    assert received == [*range(100, 114)]


def test_clearing_the_fifo_takes_only_what_was_received():
    board = Board(b"abcd")
    board.store(IIR, FIFO_ON)
    board.load(LSR)
    board.look()
    board.store(IIR, FIFO_ON | 2)

    assert board.load(DATA) == ord("b")


def test_the_thre_interrupt_goes_when_it_is_identified_and_comes_with_the_next_byte():
    board = Board()
    board.store(IER, THRE)
    assert board.level is True
    assert [board.load(IIR), board.load(IIR)] == [2, 1]
    assert board.level is False

    board.store(DATA, ord("a"))
    assert board.level is True
    board.store(IER, 0)
    assert board.level is False
    board.store(IER, THRE)
    assert board.load(IIR) == 2


def test_turning_on_or_clearing_a_fifo_is_a_thre_interrupt_and_setting_its_trigger_is_none():
    board = Board()
    board.store(IER, THRE)
    for control, identified in [(FIFO_ON, 2), (TRIGGER_8, 1), (TRIGGER_8 | 4, 2), (0, 2)]:
        board.load(IIR)
        board.store(IIR, control)
        assert board.load(IIR) & 0xF == identified


def test_received_data_comes_before_thre():
    board = Board(b"a")
    board.store(IER, THRE | RECEIVED)
    board.look()

    assert board.load(IIR) == 4
    board.load(DATA)
    assert [board.load(IIR), board.load(IIR)] == [2, 1]


def test_a_loop_receives_what_is_sent_and_may_overrun():
    board = Board(b"typed")
    board.store(IIR, FIFO_ON)
    board.store(MCR, LOOP | 0xF)
    board.store(IER, LINE)
    assert board.load(MSR) == 0xF0
    for value in range(17):
        board.store(DATA, value)

    assert board.load(IIR) == 0xC6
    assert (board.load(LSR), board.load(LSR)) == (0x63, 0x61)
    assert [board.load(DATA) for _ in range(17)] == [*range(16), 0]
    assert board.console.printed == b""


def test_a_loop_without_a_fifo_keeps_the_last_byte():
    board = Board()
    board.store(MCR, LOOP)
    board.store(DATA, 1, 2)

    assert board.load(LSR) == 0x63
    assert board.load(DATA) == 2


def test_the_looks_are_at_least_a_cycle_apart():
    with pytest.raises(ValueError, match="at least 1 cycle, not 0"):
        Uart(Captured(), print, poll=0)


def test_a_driver_that_never_identifies_does_not_storm_on_any_engine():
    def result(**parameters):
        console, plic = Captured(b"ab\ncd\n"), Plic()
        uart = Uart(console, partial(plic.signal, 10), poll=400)
        found = run("uart.S", [plic, uart], words=3, **parameters)
        return found, bytes(console.printed)

    expected = result(engine="native")
    (_, (interrupts, nothing, last), status), printed = expected
    assert printed == b"ab\ncd\n"
    assert 2 <= interrupts <= 7
    assert (nothing, status) == (0, 0)
    assert 800 < last < 1500

    assert result(engine="pysim") == expected
    assert result(engine="native", fast_forward=False) == expected
    assert result(engine="native", again=700) == expected


def test_random_traffic_gives_values_only():
    choose = Random(4)

    def make():
        plic = Plic()
        attach(plic)
        return Uart(Captured(choose.randbytes(50)), partial(plic.signal, 10), poll=3)

    refused, taken = torment(make, range(8), seed=4)
    assert refused == 0
    assert taken > 5000
