"""Which bits matter to what is looked at."""

from sim.engines.native.compiler import circuit as c
from sim.engines.native.compiler.dead_bits import live_bits, memory_ports, prune
from tests.sim.engines.native.compiler.cells import (
    assign,
    circuit,
    flip_flop,
    operator,
    out,
    source,
)


def live(*cells, roots):
    return live_bits(circuit(*cells), roots)


def test_bitwise_operators_need_the_same_bit_only():
    assert live(flip_flop(8), operator("~", 8, out(1, 0, 8)), roots=out(2, 5)) == {2: 32, 1: 32}


def test_sums_need_the_bits_below():
    found = live(flip_flop(8), operator("+", 8, out(1, 0, 8), (1,) * 8), roots=out(2, 2))
    assert found[1] == 0b111


def test_comparisons_need_everything():
    found = live(flip_flop(8), operator("u<", 1, out(1, 0, 8), (1,) * 8), roots=out(2))
    assert found[1] == 0xFF


def test_assignments_elsewhere_do_not_matter():
    cell = assign((0,) * 8, (c.net(1, 0), 0, out(2, 0, 4)), (c.net(1, 1), 4, out(2, 4, 8)))
    found = live(flip_flop(2), flip_flop(8), cell, roots=out(3, 6))
    assert found == {3: 64, 1: 0b10, 2: 64}


def test_what_feeds_a_flip_flop_matters_in_a_later_cycle():
    found = live(flip_flop(2, data=out(1, 1) + out(2)), flip_flop(1), flip_flop(1), roots=out(1))
    assert found == {1: 0b11, 2: 1}


def rows(*ports):
    return [c.Memory(8, source, "rows", 4, ()), flip_flop(8), *ports]


def test_reading_a_memory_makes_its_writes_live():
    write = c.Write(0, source, 1, out(2, 0, 2), out(2, 0, 8), (1,) * 8)
    read = c.AsyncRead(8, source, 1, (0, 0))
    cells = rows(write, read)
    assert memory_ports(circuit(*cells)) == {1: [(3, write)]}
    assert live(*cells, roots=out(4)) == {4: 1, 1: 1, 3: 1, 2: 0xFF}


def test_a_memory_that_is_looked_at_from_outside_is_live():
    write = c.Write(0, source, 1, (0, 0), out(2, 0, 8), (1,) * 8)
    assert live_bits(circuit(*rows(write)), (), [1]) == {1: 1, 3: 1, 2: 0xFF}


def test_dead_cells_are_pruned():
    design = circuit(flip_flop(1), operator("~", 1, out(1)), operator("~", 1, out(1)))
    pruned = prune(design, live_bits(design, out(2)))
    assert pruned.cells[2] is not None
    assert pruned.cells[3] is None


def test_dead_bits_between_live_ones_read_nothing_that_is_not_computed():
    # Bit 0 of the last operator is dead, and so is all that it would be made of.
    dead, used = operator("~", 1, out(1)), operator("~", 1, out(1))
    both = operator("&", 2, out(2) + out(3), (1, 1))
    design = circuit(flip_flop(1), dead, used, both)
    pruned = prune(design, live_bits(design, out(4, 1)))
    assert pruned.cells[2] is None
    assert pruned.cells[4].inputs[0] == (0, c.net(3, 0))
