"""Which switch chooses what a step computes."""

from sim.engines.native.compiler import circuit as c
from sim.engines.native.compiler.statements import make_nodes
from sim.engines.native.compiler.switches import case_of, switch_of
from tests.sim.engines.native.compiler.cells import (
    assign,
    circuit,
    flip_flop,
    operator,
    out,
    source,
    split_for,
)


def test_a_step_is_chosen_by_the_first_of_its_conditions():
    tests = [c.Matches(1, source, out(1, 0, 2), (p,)) for p in ("00", "01", "10")]
    table = c.Priority(3, source, 1, out(2) + out(3) + out(4))
    cells = [
        assign((0, 0), (c.net(5, 1), 0, out(1, 0, 2))),
        assign((0, 0), (c.net(1, 1), 0, (1, 1)), (c.net(5, 1), 0, out(1, 0, 2))),
        c.Priority(2, source, c.net(5, 2), (c.net(1, 0), c.net(1, 1))),
        operator("~", 1, out(5, 1)),
    ]
    roots = [out(6, 0, 2), out(7, 0, 2), out(8), out(8, 1), out(9)]
    pieces, live = split_for(circuit(flip_flop(2), *tests, table, *cells), *roots)
    assert case_of(pieces, c.net(5, 2)) == 5
    assert case_of(pieces, c.net(1, 0)) is None
    assert case_of(pieces, 1) is None
    nodes = make_nodes(pieces, live, list(enumerate(roots)))
    switches = {
        node.piece.cell: switch_of(pieces, node) for node in nodes if hasattr(node, "piece")
    }
    assert {cell: switches[cell] for cell in (5, 6, 7, 8, 9)} == {
        **{5: None, 6: 5, 7: None},
        **{8: 5, 9: None},
    }
    assert {switch_of(pieces, node) for node in nodes if not hasattr(node, "piece")} == {None}


def test_bits_that_no_assignment_reaches_are_chosen_by_none():
    tests = [c.Matches(1, source, out(1, 0, 2), (p,)) for p in ("00", "01", "10")]
    table = c.Priority(3, source, 1, out(2) + out(3) + out(4))
    wide = assign((0,) * 100, (c.net(5, 1), 80, out(1, 0, 2)))
    roots = [out(6, 0, 64), out(6, 64, 100), out(5, 2)]
    pieces, live = split_for(circuit(flip_flop(2), *tests, table, wide), *roots)
    nodes = make_nodes(pieces, live, list(enumerate(roots)))
    wide_nodes = [n for n in nodes if hasattr(n, "piece") and n.piece.cell == 6]
    found = {(n.piece.low, n.piece.width): switch_of(pieces, n) for n in wide_nodes}
    assert found == {(0, 64): None, (64, 36): 5}
