import pytest

from sim.host.numbers import parse_address, parse_count


@pytest.mark.parametrize(
    "text, number",
    [
        ("0", 0),
        ("007", 7),
        ("10,000", 10_000),
        ("10_000", 10_000),
        ("1,000k", 1_000_000),
        ("10K", 10_000),
        ("2M", 2_000_000),
        ("1g", 1_000_000_000),
        ("9" * 18, 10**18 - 1),
        ("18446744073G", 18_446_744_073 * 10**9),
    ],
)
def test_a_count_is_read_as_people_write_it(text, number):
    assert parse_count(text) == number


@pytest.mark.parametrize(
    "text",
    [
        *["", "k", "-1", "+1", " 1", "1 ", "1\n", "1.5k", "1kk", "1t", "0x10", "٣"],
        *["1,00", "1000,000", ",100", "1,", "9" * 19, "18446744074G"],
    ],
)
def test_what_is_no_count_of_64_bits_is_none(text):
    assert parse_count(text) is None


@pytest.mark.parametrize(
    "text, address",
    [
        ("0", 0),
        ("0x0", 0),
        ("4096", 0x1000),
        ("0xdeadBEEF", 0xDEADBEEF),
        ("0x" + "f" * 16, (1 << 64) - 1),
        (str((1 << 64) - 1), (1 << 64) - 1),
    ],
)
def test_an_address_is_hexadecimal_or_decimal(text, address):
    assert parse_address(text) == address


@pytest.mark.parametrize(
    "text", ["", "0x", "x10", "ff", "0X10", "-1", "1k", "1_000", "0x" + "0" * 17, str(1 << 64)]
)
def test_what_is_no_address_of_64_bits_is_none(text):
    assert parse_address(text) is None
