"""The golden model of physical memory protection on cases worked out by hand."""

import pytest

from tests.verify.golden.pmp import NA4, NAPOT, OFF, TOR, L, Pmp, R, W, X, napot

RWX = R | W | X


def entries(*pairs):
    """Entries of these (configuration, address) pairs, and no others."""
    return Pmp(len(pairs), [cfg for cfg, _ in pairs], [addr for _, addr in pairs])


def matched(pmp, size=1, start=0, stop=0x100):
    """The addresses at which U-mode may load."""
    return [a for a in range(start, stop, size) if pmp.permits(a, size, R, "U")]


def test_without_entries_nothing_is_protected():
    assert all(Pmp(0).permits(0x1000, 8, RWX, mode) for mode in "USM")


def test_what_matches_nothing_is_open_to_machine_mode_only():
    pmp = entries((OFF | RWX, 0), (NA4 | RWX, 4))
    assert [pmp.permits(0, 1, R, mode) for mode in "USM"] == [False, False, True]


@pytest.mark.parametrize(
    "address, region",
    [
        (0b0000, range(0, 8)),
        (0b0010, range(8, 16)),
        (0b0001, range(0, 16)),
        (0b0101, range(16, 32)),
        (0b1011, range(32, 64)),
        (0b0111, range(0, 64)),
    ],
)
def test_a_naturally_aligned_power_of_two(address, region):
    assert matched(entries((NAPOT | R, address))) == list(region)


def test_the_whole_address_space():
    pmp = entries((NAPOT | RWX, (1 << 54) - 1))
    assert pmp.permits(0, 8, R, "U")
    assert pmp.permits((1 << 56) - 8, 8, W, "U")


def test_four_bytes():
    pmp = entries((NA4 | R, 3))
    assert matched(pmp) == list(range(12, 16))
    assert matched(pmp, size=8) == []


def test_top_of_range():
    pmp = entries((TOR | R, 2), (OFF, 4), (TOR | R, 6), (TOR | R, 6), (TOR | R, 5))
    assert matched(pmp) == [*range(0, 8), *range(16, 24)]


def test_regions_have_names_of_their_base_and_size():
    assert [napot(0, 8), napot(0x40, 0x20), napot(0x8000_0000, 0x1000)] == [0, 0x13, 0x2000_01FF]


def test_the_lowest_entry_decides():
    pmp = entries((NA4, 1), (NAPOT | R, 0))
    assert matched(pmp) == list(range(0, 4))
    assert entries((NAPOT | R, 0), (NA4, 1)).permits(4, 4, R, "S")


def test_an_access_that_an_entry_matches_in_part_fails_in_every_mode():
    pmp = entries((NA4 | RWX, 0), (NAPOT | RWX, 0))
    for mode in "USM":
        assert not pmp.permits(0, 8, R, mode)
        assert pmp.permits(0, 4, R, mode)
        assert pmp.permits(4, 4, R, mode)


def test_permissions_are_for_all_modes_if_locked_and_else_not_for_machine_mode():
    for lock, machine in ((0, True), (L, False)):
        pmp = entries((NAPOT | R | lock, 0))
        assert all(pmp.permits(0, 8, R, mode) for mode in "USM")
        assert [pmp.permits(0, 8, W, mode) for mode in "USM"] == [False, False, machine]
        assert [pmp.permits(0, 8, R | W, mode) for mode in "USM"] == [False, False, machine]
        assert [pmp.permits(0, 4, X, mode) for mode in "USM"] == [False, False, machine]


def test_registers_hold_what_is_legal():
    pmp = Pmp(16)
    for csr in (0x3A0, 0x3A2):
        pmp.write(csr, 0x7F_60_00_1B_02_06_07_01)
        assert pmp.read(csr) == 0x1F_00_00_1B_00_04_07_01
    for csr in range(0x3B0, 0x3C0):
        pmp.write(csr, (1 << 64) - 1)
        assert pmp.read(csr) == (1 << 54) - 1


def test_registers_of_entries_that_are_not_there_read_0():
    pmp = Pmp(8)
    for csr in (0x3A2, *range(0x3B8, 0x3C0)):
        pmp.write(csr, (1 << 64) - 1)
        assert pmp.read(csr) == 0


def test_what_is_locked_stays():
    pmp = entries((OFF, 1), (OFF, 2), (L | TOR | R, 3), (OFF, 4))
    for csr in range(0x3B0, 0x3B4):
        pmp.write(csr, 9)
    assert pmp.addr == [9, 2, 3, 9]
    pmp.write(0x3A0, RWX * 0x0101_0101)
    assert pmp.cfg == [RWX, RWX, L | TOR | R, RWX]


def test_a_lock_on_a_region_of_another_kind_leaves_the_address_below_open():
    pmp = entries((OFF, 1), (L | NAPOT, 2))
    pmp.write(0x3B0, 9)
    assert pmp.addr == [9, 2]
