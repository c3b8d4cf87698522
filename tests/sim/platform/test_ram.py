import pytest

from hdl.arch import PAGE_SIZE
from sim.platform.ram import Ram, RamError

BASE = 0x8000_0000


@pytest.fixture
def ram():
    return Ram(BASE, 0x2000)


def test_it_is_zero_at_first(ram):
    assert ram.read(BASE, 0x2000) == bytes(0x2000)


def test_it_has_its_first_and_its_last_byte(ram):
    end = ram.base + ram.size
    assert [address in ram for address in (ram.base - 1, ram.base, end - 1, end)] == [0, 1, 1, 0]


def test_words_are_little_endian_and_share_the_bytes(ram):
    ram.write_u64(BASE + 8, 0x0102_0304_0506_0708)

    assert ram.read(BASE + 8, 8) == bytes([8, 7, 6, 5, 4, 3, 2, 1])
    assert ram.words[1] == 0x0102_0304_0506_0708


def test_bytes_cross_pages(ram):
    ram.write(BASE + 0xFFE, b"abcd")

    assert ram.read(BASE + 0xFFE, 4) == b"abcd"


def test_zero_clears_no_more_than_asked(ram):
    ram.write(BASE, b"abcd")
    ram.zero(BASE + 1, 2)

    assert ram.read(BASE, 4) == b"a\0\0d"


@pytest.mark.parametrize(
    "access",
    [
        lambda ram: ram.read(BASE - 1, 1),
        lambda ram: ram.read(BASE + 0x1FFF, 2),
        lambda ram: ram.read(BASE, -1),
        lambda ram: ram.write(BASE + 0x2000, b"x"),
        lambda ram: ram.zero(BASE + 0x1000, 0x1001),
        lambda ram: ram.read_u64(BASE + 0x2000),
        lambda ram: ram.read_u64(BASE - 8),
        lambda ram: ram.write_u64(0, 0),
    ],
)
def test_what_is_outside_is_refused(ram, access):
    with pytest.raises(RamError, match="not inside RAM, which is 0x80000000 to 0x80002000"):
        access(ram)


def test_a_word_must_be_aligned(ram):
    with pytest.raises(RamError, match="multiple of 8, not 0x80000004"):
        ram.read_u64(BASE + 4)


@pytest.mark.parametrize(("base", "size"), [(1, 0x1000), (0, 0x1001), (-0x1000, 0x1000)])
def test_base_and_size_must_be_whole_pages(base, size):
    with pytest.raises(ValueError, match="multiple of 4096"):
        Ram(base, size)


def test_it_must_not_be_empty():
    with pytest.raises(ValueError, match="at least one page"):
        Ram(BASE, 0)


def test_much_of_it_costs_nothing():
    ram = Ram(BASE, 1 << 30)
    ram.write_u64(BASE + (1 << 29), 7)

    assert ram.read_u64(BASE + (1 << 29)) == 7


def test_too_much_of_it_is_refused_in_one_line():
    with pytest.raises(OSError, match=r"^no room for \d+ MiB of RAM: .*$"):
        Ram(0, 1 << 60)


def test_a_snapshot_like_another_holds_only_what_has_changed():
    ram = Ram(0x8000_0000, 4 * PAGE_SIZE)
    ram.write_u64(0x8000_0000, 1)
    ram.write_u64(0x8000_1000, 2)
    first = ram.snapshot()
    ram.write_u64(0x8000_1000, 3)
    second = ram.snapshot(first)
    assert second == ram.snapshot()
    assert second[0] is first[0]
    assert second[PAGE_SIZE] != first[PAGE_SIZE]


def test_a_snapshot_has_no_pages_of_zeros():
    ram = Ram(0x8000_0000, 4 * PAGE_SIZE)
    ram.write_u64(0x8000_1000, 2)
    assert list(ram.snapshot()) == [PAGE_SIZE]
