"""Splitting cells into pieces that fit a word and have no loops."""

from sim.engines.native.compiler import circuit as c
from sim.engines.native.compiler.bit_slicing import Piece
from tests.sim.engines.native.compiler.cells import (
    assign,
    circuit,
    flip_flop,
    operator,
    out,
    source,
    split_for,
)


def cuts(pieces, cell):
    return [(piece.low, piece.width) for piece in pieces if piece.cell == cell]


def test_what_fits_a_word_is_one_piece():
    pieces, _ = split_for(circuit(flip_flop(64)), out(1, 0, 64))
    assert cuts(pieces, 1) == [(0, 64)]


def test_dead_bits_at_the_top_are_no_part_of_it():
    pieces, _ = split_for(circuit(flip_flop(64)), out(1, 3))
    assert cuts(pieces, 1) == [(0, 4)]


def test_wide_cells_are_cut_where_their_readers_are():
    field = operator("~", 40, out(1, 30, 70))
    pieces, _ = split_for(circuit(flip_flop(100), field), out(1, 0, 100), out(2, 0, 40))
    assert cuts(pieces, 1) == [(0, 30), (30, 40), (70, 30)]


def test_without_seams_they_are_cut_into_words():
    pieces, _ = split_for(circuit(flip_flop(150)), out(1, 0, 150))
    assert cuts(pieces, 1) == [(0, 64), (64, 64), (128, 22)]


def test_arithmetic_stays_whole():
    total = operator("+", 128, out(1, 0, 128), out(1, 0, 128))
    pieces, _ = split_for(circuit(flip_flop(128), total), out(2, 0, 128))
    assert cuts(pieces, 2) == [(0, 128)]


def test_a_field_made_of_another_field_is_a_piece_of_its_own():
    # Bits 4 to 7 are the inverse of bits 0 to 3 of the same signal.
    whole = assign((0,) * 8, (1, 0, out(1, 0, 4)), (1, 4, out(3, 0, 4)))
    inverse = operator("~", 4, out(2, 0, 4))
    pieces, _ = split_for(circuit(flip_flop(4), whole, inverse), out(2, 0, 8))
    assert cuts(pieces, 2) == [(0, 4), (4, 4)]


def test_without_seams_a_loop_is_cut_into_bits():
    # Every bit is made of the one below, by way of an operator as wide as the signal.
    chain = operator("^", 4, (c.net(1, 0), *out(2, 0, 3)), out(1, 0, 4))
    pieces, _ = split_for(circuit(flip_flop(4), chain), out(2, 0, 4))
    assert cuts(pieces, 2) == [(0, 1), (1, 1), (2, 1), (3, 1)]


def test_reads_are_cut_where_pieces_are():
    pieces, _ = split_for(circuit(flip_flop(100)), out(1, 0, 100))
    value = (1, *out(1, 60, 70), 0, 1)
    assert list(pieces.reads(value)) == [
        (0, 1, None, 1),
        (1, 4, Piece(1, 0, 64), 60),
        (5, 6, Piece(1, 64, 36), 0),
        (11, 2, None, 2),
    ]


def test_cases_of_a_switch_are_bits_or_one_table():
    tests = [c.Matches(1, source, out(1, 0, 4), (f"{n:04b}",)) for n in range(3)]
    few = c.Priority(2, source, 1, out(2) + out(3))
    many = c.Priority(3, source, 1, out(2) + out(3) + out(4))
    design = circuit(flip_flop(4), *tests, few, many)
    pieces, _ = split_for(design, out(5, 0, 2), out(6, 0, 3))
    assert cuts(pieces, 5) == [(0, 1), (1, 1)]
    assert cuts(pieces, 6) == [(0, 3)]
    assert list(pieces.tables) == [6]
