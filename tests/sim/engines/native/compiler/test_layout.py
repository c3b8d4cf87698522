"""The layout of the state."""

from sim.engines.native.compiler import circuit as c
from sim.engines.native.compiler.bit_slicing import Piece
from sim.engines.native.compiler.layout import Layout
from sim.engines.native.compiler.store import ALL_STALE
from tests.sim.engines.native.compiler.cells import circuit, flip_flop, out, source, split_for


def rows(depth=5, width=8, init=()):
    return c.Memory(width, source, "rows", depth, init)


def test_registers_come_first_then_rows_of_whole_words():
    design = circuit(flip_flop(8, init=7), rows(3, 70, ((1 << 64) + 2, 5)))
    design.cells.append(c.AsyncRead(70, source, 2, out(1, 0, 2)))
    pieces, live = split_for(design, out(3, 0, 64), out(3, 64, 70))
    layout = Layout.of(pieces, live, reserved=2)
    assert layout.registers == {Piece(1, 0, 2): 2}
    assert layout.memories == {2: (3, 2)}
    assert layout.initial(design) == [0, 0, 3, 2, 1, 5, 0, 0, 0]


def test_a_negative_row_has_no_bits_beyond_its_width():
    design = circuit(rows(2, 70, (-1, -(1 << 69))), rows(1, 3, (-3,)))
    layout = Layout(memories={1: (0, 2), 2: (4, 1)}, size=5)
    assert layout.initial(design) == [(1 << 64) - 1, 0b111111, 0, 0b100000, 0b101]


def test_what_is_kept_comes_last_behind_the_word_that_says_that_it_is_stale():
    layout = Layout(size=7)
    layout.keep([Piece(3, 0, 8), Piece(4, 0, 1)])
    assert (layout.stale, layout.kept) == (7, {Piece(3, 0, 8): 8, Piece(4, 0, 1): 9})
    assert layout.size == 10
    assert layout.initial(circuit()) == [0] * 7 + [ALL_STALE, 0, 0]

    # Another function keeps its results behind these, and is told by the same word.
    other = layout.beside()
    other.keep([Piece(5, 0, 3)])
    assert (other.stale, other.kept, other.size) == (7, {Piece(5, 0, 3): 10}, 11)
    assert layout.kept.keys() == {Piece(3, 0, 8), Piece(4, 0, 1)}


def test_flip_flops_and_memories_are_all_that_the_rest_follows_from():
    layout = Layout(registers={Piece(1, 0, 8): 4, Piece(2, 0, 1): 3}, memories={3: (5, 2)}, size=9)
    assert layout.own_words() == (3, 6)
    layout.keep([Piece(4, 0, 8)])
    assert layout.own_words() == (3, 6)
    assert Layout(memories={3: (2, 1)}, size=6).own_words() == (2, 4)
