import pytest

from sim.output.signature import signature_lines
from sim.platform.ram import Ram, RamError

BASE = 0x8000_0000


@pytest.fixture
def ram():
    ram = Ram(BASE, 0x1000)
    ram.write(BASE, bytes(range(1, 25)))
    return ram


def test_words_of_8_bytes_lowest_address_first(ram):
    assert signature_lines(ram, BASE, BASE + 16, 8) == "0807060504030201\n100f0e0d0c0b0a09\n"


def test_words_of_4_bytes(ram):
    assert signature_lines(ram, BASE + 4, BASE + 12, 4) == "08070605\n0c0b0a09\n"


def test_a_last_word_that_is_cut_is_filled_with_zeros(ram):
    assert signature_lines(ram, BASE, BASE + 10, 8) == "0807060504030201\n0000000000000a09\n"


def test_an_empty_region_is_an_empty_file(ram):
    assert signature_lines(ram, BASE, BASE, 8) == ""


def test_a_region_outside_ram_is_refused(ram):
    with pytest.raises(RamError):
        signature_lines(ram, BASE, BASE + 0x1001, 8)
