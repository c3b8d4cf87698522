"""Constants and copies are seen through, bit by bit."""

import pytest

from sim.engines.native.compiler import circuit as c
from sim.engines.native.compiler.simplify import rewrite, simplify
from tests.sim.engines.native.compiler.cells import (
    assign,
    circuit,
    flip_flop,
    operator,
    out,
    source,
)

A, B = out(1, 0, 4), out(2, 0, 4)


def resolved(*cells, watch=3):
    """What the outputs of cell `watch` are; cells 1 and 2 are inputs of four bits."""
    design = circuit(flip_flop(4), flip_flop(4), *cells)
    reader = operator("~", cells[watch - 3].width, out(watch, 0, cells[watch - 3].width))
    design.cells.append(reader)
    return simplify(design).cells[-1].inputs[0]


@pytest.mark.parametrize(
    "op, mask, expected",
    [
        ("&", (0, 1, 0, 1), (0, A[1], 0, A[3])),
        ("|", (0, 1, 0, 1), (A[0], 1, A[2], 1)),
        ("^", (0, 0, 0, 0), A),
        ("&", A, A),
        ("^", A, (0, 0, 0, 0)),
    ],
)
def test_bitwise_operators_with_constants_and_with_themselves(op, mask, expected):
    assert resolved(operator(op, 4, A, mask)) == expected


def test_exclusive_or_with_one_stays():
    assert resolved(operator("^", 4, A, (0, 1, 0, 0))) == (A[0], c.net(3, 1), A[2], A[3])


def test_a_multiplexer_with_a_known_choice_is_its_arm():
    assert resolved(operator("m", 4, (1,), A, B)) == A
    assert resolved(operator("m", 4, (0,), A, B)) == B


def test_a_multiplexer_of_equal_arms_is_them():
    assert resolved(operator("m", 4, (A[0],), B, B)) == B


def test_shifts_by_constants_are_wires():
    assert resolved(operator("<<", 4, A, (1, 0))) == (0, *A[:3])
    assert resolved(operator("u>>", 4, A, (0, 1))) == (A[2], A[3], 0, 0)
    assert resolved(operator("s>>", 4, A, (0, 1))) == (A[2], A[3], A[3], A[3])


@pytest.mark.parametrize("op", ["b", "r|", "r&", "r^"])
def test_all_bits_of_one_are_that_bit(op):
    assert resolved(operator(op, 1, A[2:3])) == (A[2],)
    assert resolved(operator(op, 1, A)) == out(3)


@pytest.mark.parametrize("op", ["+", "==", "u<"])
def test_what_is_computed_of_one_bit_is_not_that_bit(op):
    assert resolved(operator(op, 1, A[:1], B[:1])) == out(3)


def test_a_cell_that_reads_nothing_else_than_before_is_the_same_object():
    kept, changed = operator("+", 4, A, B), operator("+", 4, A, (0, A[1], 1, A[3]))
    assert rewrite(kept, {c.net(9, 0): 0}) is kept
    assert rewrite(changed, {A[1]: B[2]}).inputs == (
        (A[0], B[2], *A[2:]),
        (0, B[2], 1, A[3]),
    )
    assert changed.inputs[0] == A


def test_the_last_certain_assignment_wins():
    cell = assign(A, (1, 0, B), (0, 0, (1, 1, 1, 1)), (A[0], 3, (1,)))
    # Bit 3 depends on a condition: it is the cell's own.
    assert resolved(cell) == (*B[:3], c.net(3, 3))


def test_assignments_that_never_happen_are_dropped():
    cell = assign((0, 0, 0, 0), (0, 0, A), (B[0], 0, A))
    design = simplify(circuit(flip_flop(4), flip_flop(4), cell))
    assert [a.condition for a in design.cells[3].assignments] == [B[0]]


def test_a_match_of_nothing_and_of_anything_is_known():
    assert resolved(c.Matches(1, source, A, ())) == (0,)
    assert resolved(c.Matches(1, source, A, ("0000", "----"))) == (1,)
    assert resolved(c.Matches(1, source, A, ("-1--",))) == (A[2],)


def test_what_stands_behind_a_certain_case_never_happens():
    cell = c.Priority(3, source, B[0], (0, 1, A[0]))
    assert resolved(cell) == (0, B[0], 0)


def test_a_switch_that_is_off_has_no_case():
    assert resolved(c.Priority(2, source, 0, (A[0], B[0]))) == (0, 0)


def test_a_flip_flop_that_keeps_its_initial_value_is_a_constant():
    held = flip_flop(2, data=(c.net(3, 0), 1), init=0b10)
    assert resolved(held) == (0, 1)


def test_a_flip_flop_that_only_such_ones_feed_is_a_constant_too():
    cells = flip_flop(1, data=out(3)), flip_flop(1, data=out(3))
    assert resolved(*cells, watch=4) == (0,)


def test_inputs_and_flip_flops_that_change_stay():
    assert resolved(flip_flop(4, data=A)) == out(3, 0, 4)
    assert resolved(operator("~", 4, A)) == out(3, 0, 4)
