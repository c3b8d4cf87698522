"""Canonical spellings and merging of equal cells."""

from sim.engines.native.compiler import circuit as c
from sim.engines.native.compiler.common_subexpressions import canonical, merge

A = tuple(c.net(1, bit) for bit in range(4))
B = tuple(c.net(2, bit) for bit in range(4))


def circuit(*cells):
    """Two inputs of four bits as cells 1 and 2, then `cells`."""
    inputs = [c.FlipFlop(4, "test", None, 0) for _ in range(2)]
    return c.Circuit([None, *inputs, *cells])


def operator(op, *inputs, width=4):
    return c.Operator(width, "test", op, inputs)


def test_a_comparison_with_a_constant_is_a_match():
    cells = canonical(circuit(operator("==", A, (0, 1, 0, 1), width=1))).cells
    assert (cells[3].value, cells[3].patterns) == (A, ("1010",))


def test_an_inequality_is_an_inverted_match():
    cells = canonical(circuit(operator("!=", (1, 0, 0, 0), A, width=1))).cells
    assert (cells[3].op, cells[3].inputs) == ("~", ((c.net(4, 0),),))
    assert cells[4].patterns == ("0001",)


def test_a_match_tests_only_the_bits_that_matter():
    cells = canonical(circuit(c.Matches(1, "test", (A[0], 1, A[2], A[3]), ("-00-", "--11")))).cells
    # The first pattern wants a 0 where a constant 1 is, so it never matches.
    assert (cells[3].value, cells[3].patterns) == ((A[0],), ("1",))


def test_assignments_under_one_condition_are_joined():
    assign = c.Assign(
        4,
        "test",
        (0, 0, 0, 0),
        (
            c.Assignment(1, 0, (B[0],)),
            c.Assignment(A[0], 0, (B[1], B[2])),
            c.Assignment(A[0], 1, (B[3], 1)),
            c.Assignment(A[1], 3, (B[0], B[0])),
        ),
    )
    joined = canonical(circuit(assign)).cells[3]
    assert joined.default == (B[0], 0, 0, 0)
    assert [(a.condition, a.start, a.value) for a in joined.assignments] == [
        (A[0], 0, (B[1], B[3], 1)),
        (A[1], 3, (B[0],)),
    ]


def test_cells_that_compute_the_same_become_one_and_so_do_their_readers():
    merged = merge(
        circuit(
            operator("&", A, B),
            operator("&", B, A),
            operator("~", tuple(c.net(3, bit) for bit in range(4))),
            operator("~", tuple(c.net(4, bit) for bit in range(4))),
            operator("-", tuple(c.net(6, bit) for bit in range(4))),
        )
    ).cells
    assert merged[4] is None
    assert merged[6] is None
    assert merged[7].inputs == (tuple(c.net(5, bit) for bit in range(4)),)


def test_what_depends_on_the_order_of_operands_is_left_apart():
    merged = merge(circuit(operator("-", A, B), operator("-", B, A))).cells
    assert merged[3] is not None
    assert merged[4] is not None
