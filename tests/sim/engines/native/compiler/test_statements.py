"""What a cycle does, step by step, and under which condition each step reads."""

from sim.engines.native.compiler import circuit as c
from sim.engines.native.compiler.statements import (
    Compute,
    Latch,
    Output,
    Store,
    Update,
    make_nodes,
    overlapping,
)
from tests.sim.engines.native.compiler.cells import (
    assign,
    circuit,
    flip_flop,
    operator,
    out,
    source,
    split_for,
)


def nodes_of(design, *roots, clocked=True):
    pieces, live = split_for(design, *roots)
    return make_nodes(pieces, live, list(enumerate(roots)), clocked=clocked)


def of_kind(nodes, kind):
    return [node for node in nodes if isinstance(node, kind)]


def counter():
    """A register (2) that is held unless the input 1 is 1, then cleared or incremented."""
    more = operator("+", 8, out(2, 0, 8), (1,) + (0,) * 7)
    held = assign(out(2, 0, 8), (c.net(1, 0), 0, out(3, 0, 8)), (c.net(1, 1), 2, (0, 0)))
    return circuit(flip_flop(2), flip_flop(8, data=out(4, 0, 8)), more, held)


def test_assignments_to_a_register_are_writes_under_their_conditions():
    first, second = of_kind(nodes_of(counter(), out(2, 0, 8)), Update)
    assert (first.condition, first.start, first.value) == (c.net(1, 0), 0, out(3, 0, 8))
    assert (second.condition, second.start, second.value) == (c.net(1, 1), 2, (0, 0))


def test_what_is_assigned_is_read_under_the_condition():
    first, *_ = of_kind(nodes_of(counter(), out(2, 0, 8)), Update)
    assert first.reads == [(out(1), None), (out(3, 0, 8), (c.net(1, 0), 1))]


def test_what_writes_registers_alone_is_not_computed():
    computed = [node.piece.cell for node in of_kind(nodes_of(counter(), out(2, 0, 8)), Compute)]
    assert computed == [3]


def test_a_register_may_take_a_part_of_what_is_assigned():
    own = out(2, 0, 4) + out(3, 0, 4)
    held = assign(own, (c.net(1, 0), 2, out(1, 1, 5)), (c.net(1, 5), 6, (1, 1)))
    registers = [flip_flop(4, data=out(4, 0, 4)), flip_flop(4, data=out(4, 4, 8))]
    nodes = nodes_of(circuit(flip_flop(6), *registers, held), out(2, 0, 4), out(3, 0, 4))
    writes = [
        (node.piece.cell, node.condition, node.start, node.value) for node in of_kind(nodes, Update)
    ]
    assert writes == [
        (2, c.net(1, 0), 2, out(1, 1, 3)),
        (3, c.net(1, 0), 0, out(1, 3, 5)),
        (3, c.net(1, 5), 2, (1, 1)),
    ]
    # Neither takes all of it: whether it has to be computed, who reads it decides.
    assert [node.piece.cell for node in of_kind(nodes, Compute)] == [4]


def test_a_register_that_takes_parts_of_two_is_written_whole():
    held = assign(out(2, 0, 8), (c.net(1, 0), 0, out(1, 0, 8)))
    data = out(3, 0, 4) + out(4, 0, 4)
    design = circuit(flip_flop(8), flip_flop(8, data=data), held, flip_flop(4))
    nodes = nodes_of(design, out(2, 0, 8))
    (update,) = of_kind(nodes, Update)
    assert (update.condition, update.start, update.value) == (1, 0, data)
    assert [node.piece.cell for node in of_kind(nodes, Compute)] == [3]


def test_a_next_value_that_others_read_is_computed_and_taken_whole():
    nodes = nodes_of(counter(), out(2, 0, 8), out(4, 0, 8))
    (update,) = of_kind(nodes, Update)
    assert (update.condition, update.start, update.value) == (1, 0, out(4, 0, 8))
    assert {node.piece.cell for node in of_kind(nodes, Compute)} == {3, 4}


def test_so_is_one_that_other_logic_reads():
    design = counter()
    design.cells.append(operator("+", 8, out(4, 0, 8), out(2, 0, 8)))
    (update,) = of_kind(nodes_of(design, out(2, 0, 8), out(5, 0, 8)), Update)
    assert (update.condition, update.value) == (1, out(4, 0, 8))


def test_a_register_that_holds_its_value_is_not_written():
    design = circuit(flip_flop(8, data=out(1, 0, 8)))
    assert not of_kind(nodes_of(design, out(1, 0, 8)), Update)


def test_between_edges_nothing_changes():
    nodes = nodes_of(counter(), out(2, 0, 8), clocked=False)
    assert not of_kind(nodes, Update)
    assert [node.value for node in of_kind(nodes, Output)] == [out(2, 0, 8)]


def test_arms_of_a_multiplexer_are_read_under_its_choice():
    design = circuit(flip_flop(3), operator("m", 1, out(1), out(1, 1), out(1, 2)))
    (compute,) = of_kind(nodes_of(design, out(2)), Compute)
    choice = c.net(1, 0)
    assert compute.reads == [(out(1), None), (out(1, 1), (choice, 1)), (out(1, 2), (choice, 0))]


def test_a_default_matters_only_without_the_assignment_that_covers_it():
    design = circuit(flip_flop(3), assign(out(1, 1), (c.net(1, 0), 0, out(1, 2))))
    (compute,) = of_kind(nodes_of(design, out(2)), Compute)
    condition = c.net(1, 0)
    assert compute.reads == [
        (out(1, 1), (condition, 0)),
        (out(1), None),
        (out(1, 2), (condition, 1)),
    ]


def test_memories_are_latched_and_stored():
    write = c.Write(0, source, 2, out(1, 0, 2), out(1, 2, 4), (c.net(1, 4),) * 2)
    read = c.SyncRead(2, source, 2, out(1, 0, 2), c.net(1, 5), (3,))
    design = circuit(flip_flop(6), c.Memory(2, source, "rows", 4, ()), write, read)
    nodes = nodes_of(design, out(4, 0, 2))
    (latch,), (store,) = of_kind(nodes, Latch), of_kind(nodes, Store)
    assert latch.piece.cell == 4
    # A transparent port has to be known when the row is latched.
    assert (out(1, 2, 4), None) in latch.reads
    assert store.port == 3
    assert (out(1, 0, 2), (c.net(1, 4), 1)) in store.reads


def priority(enable, *inputs):
    return c.Priority(len(inputs), source, enable, inputs)


def test_later_tests_of_a_chain_are_read_only_if_the_first_fails():
    """And those behind it not at all."""
    design = circuit(flip_flop(4), priority(1, *out(1, 0, 4)))
    (compute,) = of_kind(nodes_of(design, out(2, 2)), Compute)[-1:]
    first, second, third, _fourth = out(1, 0, 4)
    assert compute.reads == [((1,), None), ((first,), None), ((second, third), (first, 0))]


def test_tests_of_a_chain_are_read_only_if_it_is_enabled():
    design = circuit(flip_flop(3), priority(c.net(1, 2), *out(1, 0, 2)))
    (compute,) = of_kind(nodes_of(design, out(2, 1)), Compute)[-1:]
    first, second, enable = out(1, 0, 3)
    assert compute.reads == [((enable,), None), ((first,), (enable, 1)), ((second,), (enable, 1))]


def test_of_two_bits_the_one_known_later_is_read_under_the_other():
    for op, value in (("&", 1), ("|", 0)):
        cells = [flip_flop(2), operator("~", 1, out(1, 1)), operator(op, 1, out(2), out(1))]
        *_, both = of_kind(nodes_of(circuit(*cells), out(3)), Compute)
        assert both.reads == [(out(1), None), (out(2), (c.net(1, 0), value))]


def test_how_late_a_bit_is_known_is_how_many_cells_stand_before_it():
    cells = [flip_flop(1), operator("~", 1, out(1)), operator("~", 1, out(2)), flip_flop(1)]
    for bits in ((out(2), out(3)), (out(3), out(2))):
        *_, both = of_kind(nodes_of(circuit(*cells, operator("&", 1, *bits)), out(5)), Compute)
        assert both.reads == [(out(2), None), (out(3), (c.net(2, 0), 1))]
    # A constant is known before anything else.
    for op, bit in (("|", 0), ("&", 1)):
        design = circuit(*cells, operator(op, 1, out(4), (bit,)))
        *_, both = of_kind(nodes_of(design, out(5)), Compute)
        assert both.reads == [((bit,), None), (out(4), None)]


def test_whole_words_are_read_whatever_their_bits_are():
    cells = [flip_flop(4), operator("&", 2, out(1, 0, 2), out(1, 2, 4))]
    (both,) = of_kind(nodes_of(circuit(*cells), out(2, 0, 2)), Compute)
    assert both.reads == [(out(1, 0, 2), None), (out(1, 2, 4), None)]


def test_assignments_are_cut_to_the_bits_that_are_asked_for():
    cell = assign(out(1, 0, 8), (c.net(2, 0), 2, out(3, 0, 4)), (c.net(2, 1), 6, out(3, 0, 2)))
    assert list(overlapping(cell, 4, 8)) == [
        (c.net(2, 0), 4, out(3, 2, 4)),
        (c.net(2, 1), 6, out(3, 0, 2)),
    ]
    assert list(overlapping(cell, 0, 2)) == []
