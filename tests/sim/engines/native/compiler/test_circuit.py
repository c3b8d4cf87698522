"""Nets and values."""

import pytest

from sim.engines.native.compiler import circuit as c


def test_a_net_tells_its_cell_and_its_bit():
    number = c.net(5, 17)
    assert (c.cell_of(number), c.bit_of(number)) == (5, 17)
    assert not c.is_const(number)


@pytest.mark.parametrize("bit", [0, 1])
def test_bits_that_are_numbers_are_constants(bit):
    assert c.is_const(bit)


def test_a_value_is_cut_where_cells_and_order_change():
    value = (c.net(3, 4), c.net(3, 5), c.net(3, 7), c.net(2, 8))
    assert list(c.runs(value)) == [(0, 2, 3, 4), (2, 1, 3, 7), (3, 1, 2, 8)]


def test_neighbouring_constants_are_one_number():
    value = (1, 0, 1, c.net(3, 0), 0, 1)
    assert list(c.runs(value)) == [(0, 3, 0, 0b101), (3, 1, 3, 0), (4, 2, 0, 0b10)]


def test_nothing_has_no_runs():
    assert list(c.runs(())) == []


def test_cells_of_a_kind_come_with_their_numbers():
    one, other = c.Matches(1, "", (), ()), c.Memory(8, "", "rows", 4, ())
    circuit = c.Circuit([None, one, None, other])
    assert list(circuit.of_kind(c.Memory)) == [(3, other)]
    assert list(circuit.of_kind(c.Memory, c.Matches)) == [(1, one), (3, other)]
