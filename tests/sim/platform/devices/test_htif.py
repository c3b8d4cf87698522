import pytest

from sim.platform.bus import Bus
from sim.platform.devices.htif import SETTLE, Htif, HtifError
from sim.platform.events import Halt
from sim.platform.ram import Ram

BASE = 0x8000_0000
TOHOST, FROMHOST, BLOCK, TEXT = BASE, BASE + 8, BASE + 0x100, BASE + 0x200


class Host:
    """An `Htif` with its RAM and what it printed."""

    def __init__(self, fromhost=FROMHOST):
        self.ram = Ram(BASE, 0x1000)
        self.output = b""
        self.htif = Htif(TOHOST, fromhost, self.print)
        Bus(self.ram, devices=[self.htif])

    def print(self, data):
        self.output += data

    def store(self, value, strobe=0xFF, cycle=100):
        """What a program's store to `tohost` does."""
        mask = sum(0xFF << 8 * lane for lane in range(8) if strobe >> lane & 1)
        old = self.ram.read_u64(TOHOST)
        self.ram.write_u64(TOHOST, old & ~mask | value & mask)
        return self.htif.written(strobe, cycle)

    def call(self, *arguments):
        """A system call through device 0; returns its result."""
        for index, argument in enumerate(arguments):
            self.ram.write_u64(BLOCK + 8 * index, argument)
        self.store(BLOCK)
        return self.ram.read_u64(BLOCK)


@pytest.fixture
def host():
    return Host()


@pytest.mark.parametrize("code", [0, 1, 5, 1337])
def test_an_odd_payload_is_the_exit(host, code):
    assert host.store(code << 1 | 1) == Halt()

    assert host.htif.exit_code == code
    assert host.ram.read_u64(TOHOST) == 0


def test_device_1_prints(host):
    for character in b"ok\n":
        host.store(1 << 56 | 1 << 48 | character)

    assert host.output == b"ok\n"
    assert host.htif.exit_code is None


def test_zero_means_nothing(host):
    host.store(0)

    assert host.htif.exit_code is None


def test_two_halves_low_first_are_one_word(host):
    host.store(ord("A"), strobe=0x0F)
    assert host.output == b""
    host.store(0x0101_0000 << 32, strobe=0xF0)

    assert host.output == b"A"
    assert host.htif.exit_code is None


def test_two_halves_high_first_are_one_word(host):
    host.store(0x0101_0000 << 32, strobe=0xF0)
    host.store(ord("A"), strobe=0x0F)

    assert host.output == b"A"


@pytest.mark.parametrize("lane", range(8))
def test_a_word_that_lacks_a_byte_is_not_whole(host, lane):
    host.store(1 << 56 | 1 << 48 | ord("A"), strobe=0xFF ^ 1 << lane)
    assert host.output == b""


def test_the_next_word_starts_anew(host):
    for character in b"AB":
        host.store(character, strobe=0x0F)
        host.store(0x0101_0000 << 32, strobe=0xF0)

    assert host.output == b"AB"


def test_half_a_word_is_taken_as_it_stands_after_a_while(host):
    host.store(3, strobe=0x0F, cycle=500)

    assert host.htif.deadline == 500 + SETTLE
    assert host.htif.tick(500 + SETTLE) == Halt()
    assert host.htif.exit_code == 1
    assert host.htif.deadline is None


def test_the_same_half_again_does_not_put_that_off(host):
    for cycle in (500, 900, 1400):
        host.store(3, strobe=0x0F, cycle=cycle)
        assert host.htif.deadline == 500 + SETTLE

    host.htif.tick(500 + SETTLE)
    host.store(3, strobe=0x0F, cycle=5000)
    assert host.htif.deadline == 5000 + SETTLE


@pytest.mark.parametrize("descriptor", [1, 2])
def test_write_prints_and_replies(host, descriptor):
    host.ram.write(TEXT, b"hello")

    assert host.call(64, descriptor, TEXT, 5) == 5
    assert host.output == b"hello"
    assert host.ram.read_u64(FROMHOST) == 1


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ((64, 7, TEXT, 5), 9),
        ((64, 1, 0x1000, 5), 14),
        ((64, 1, TEXT, 1 << 63), 14),
        ((1234, 0, 0, 0), 38),
    ],
)
def test_a_bad_call_returns_the_negative_error(host, arguments, error):
    assert host.call(*arguments) == 2**64 - error
    assert host.output == b""


def test_exit_ends_the_program(host):
    host.call(93, 42)

    assert host.htif.exit_code == 42


def test_without_fromhost_nothing_is_replied():
    host = Host(fromhost=None)
    host.ram.write(TEXT, b"hello")

    assert host.call(64, 1, TEXT, 5) == 5


@pytest.mark.parametrize(
    ("value", "complaint"),
    [
        (2 << 56 | 3 << 48, "no device 2 with command 3"),
        (1 << 56 | 7, "no device 1 with command 0"),
        (0x1000, "system call block at 0x1000: 8 bytes at 0x1000 are not inside RAM"),
        (BLOCK + 4, "must be a multiple of 8"),
    ],
)
def test_what_the_host_does_not_have_is_an_error_in_one_line(host, value, complaint):
    with pytest.raises(HtifError, match=complaint):
        host.store(value)
