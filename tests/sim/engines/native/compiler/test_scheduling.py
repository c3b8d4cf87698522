"""In which order steps are done, and inside which `if`s."""

from sim.engines.native.compiler import circuit as c
from sim.engines.native.compiler.scheduling import Save, schedule
from sim.engines.native.compiler.statements import Compute, Latch, Output, Store, Update, make_nodes
from tests.sim.engines.native.compiler.cells import (
    assign,
    circuit,
    flip_flop,
    operator,
    out,
    source,
    split_for,
)


def steps_of(design, *roots, **options):
    pieces, live = split_for(design, *roots)
    return schedule(pieces, make_nodes(pieces, live, list(enumerate(roots))), **options)


def order(steps):
    """Kind and cell of every step."""
    return [
        (type(node), getattr(node, "piece", None) and node.piece.cell)
        for node in (step.node for step in steps)
    ]


def inverters(count):
    """An input and a chain of inverters behind it, as cells 1 to `count` + 1."""
    return [flip_flop(1), *(operator("~", 1, out(1 + n)) for n in range(count))]


def test_what_is_read_is_computed_before():
    steps = steps_of(circuit(*inverters(3)), out(4))
    assert order(steps) == [(Compute, 2), (Compute, 3), (Compute, 4), (Output, None)]


def test_what_nothing_needs_is_not_computed():
    design = circuit(*inverters(3))
    pieces, live = split_for(design, out(4))
    nodes = make_nodes(pieces, live, [(0, out(2))])
    assert order(schedule(pieces, nodes)) == [(Compute, 2), (Output, None)]


def test_a_register_is_written_when_all_have_read_it():
    design = circuit(flip_flop(1), flip_flop(1, data=out(1)), flip_flop(1, data=out(2)))
    steps = order(steps_of(design, out(3)))
    assert steps.index((Output, None)) < steps.index((Update, 3)) < steps.index((Update, 2))


def test_registers_that_swap_need_a_copy():
    design = circuit(flip_flop(1, data=out(2), init=1), flip_flop(1, data=out(1)))
    steps = order(steps_of(design, out(1)))
    copied = next(cell for kind, cell in steps if kind is Save)
    assert steps.index((Save, copied)) < steps.index((Update, copied))
    assert steps.index((Update, copied)) < steps.index((Update, 3 - copied))


def test_a_register_that_a_later_write_of_itself_reads_is_copied_first():
    # Under one condition it is cleared, under the other rotated: that reads the old value.
    turned = assign(out(2, 0, 2), (c.net(1, 0), 0, (0, 0)), (c.net(1, 1), 0, out(2, 1) + out(2, 0)))
    design = circuit(flip_flop(2), flip_flop(2, data=out(3, 0, 2)), turned)
    steps = order(steps_of(design, out(2, 0, 2)))
    assert steps[0] == (Save, 2)
    assert steps.count((Update, 2)) == 2


def guarded(choice_of):
    """Three inverters that matter only under a literal, and the steps with that low a price."""
    cells = inverters(3)
    cells += [flip_flop(2), operator("m", 1, out(5), *choice_of(out(4), out(5, 1)))]
    return {
        step.node.piece.cell: step.guard
        for step in steps_of(circuit(*cells), out(6), min_work=3)
        if isinstance(step.node, Compute)
    }


def test_work_for_one_arm_is_done_only_if_that_is_chosen():
    guards = guarded(lambda chain, other: (chain, other))
    assert guards[2] == guards[3] == guards[4] == ((c.net(5, 0), 1),)
    assert guards[6] == ()


def test_work_for_the_other_arm_is_done_only_if_it_is_not():
    guards = guarded(lambda chain, other: (other, chain))
    assert guards[2] == ((c.net(5, 0), 0),)


def test_a_register_is_written_where_what_it_takes_is_computed():
    """Under its condition, and so in the same `if`."""
    held = assign(out(5), (c.net(6, 0), 0, out(4)))
    design = circuit(*inverters(3), flip_flop(1, data=out(7)), flip_flop(1), held)
    guards = {type(step.node): step.guard for step in steps_of(design, out(5), min_work=3)}
    assert guards[Update] == guards[Compute] == ((c.net(6, 0), 1),)


def test_a_condition_is_computed_whatever_it_is():
    held = assign(out(6), (c.net(4, 0), 0, out(5)))
    design = circuit(*inverters(3), flip_flop(1), flip_flop(1, data=out(7)), held)
    steps = steps_of(design, out(6), min_work=1)
    assert {step.guard for step in steps if isinstance(step.node, Compute)} == {()}


def test_little_work_is_always_done():
    cells = [*inverters(1), flip_flop(2), operator("m", 1, out(3), out(2), out(3, 1))]
    assert all(step.guard == () for step in steps_of(circuit(*cells), out(4)))


def test_a_literal_implies_others():
    # The multiplexer's choice is 1 only if both bits of the input 5 are.
    cells = inverters(3)
    cells += [flip_flop(3), operator("&", 1, out(5), out(5, 1))]
    cells += [operator("m", 1, out(6), out(4), out(5, 2))]
    steps = steps_of(circuit(*cells), out(7), min_work=3)
    step = next(s for s in steps if isinstance(s.node, Compute) and s.node.piece.cell == 3)
    assert step.literals == {(c.net(5, 0), 1), (c.net(5, 1), 1), (c.net(6, 0), 1)}
    # One test tells them all.
    assert step.guard == ((c.net(6, 0), 1),)


def test_what_a_test_needs_to_be_known_is_tested_before_it():
    # The second bit of 5 matters only with the first, and with that one comes the chain before 8.
    cells = [*inverters(3), flip_flop(2), operator("~", 1, out(5, 1))]
    cells += [operator("~", 1, out(6)), operator("~", 1, out(7))]
    cells += [operator("&", 1, out(8), out(5)), operator("m", 1, out(9), out(4), out(5))]
    steps = steps_of(circuit(*cells), out(10), min_work=3)
    guards = {s.node.piece.cell: s.guard for s in steps if isinstance(s.node, Compute)}
    first, both = (c.net(5, 0), 1), (c.net(9, 0), 1)
    assert guards[6] == guards[7] == guards[8] == (first,)
    assert guards[9] == ()
    assert guards[3] == (both,)


def test_what_follows_from_a_test_may_have_to_be_tested_first():
    # As before, but now what is tested is itself known only with the first bit of 5.
    cells = [*inverters(3), flip_flop(2), operator("~", 1, out(5, 1))]
    cells += [operator("~", 1, out(6)), operator("~", 1, out(7))]
    cells += [operator("&", 1, out(8), out(5)), operator("m", 1, out(9), out(4), out(5, 1))]
    cells += [operator("m", 1, out(5), out(10), out(5, 1))]
    steps = steps_of(circuit(*cells), out(11), min_work=3)
    guards = {s.node.piece.cell: s.guard for s in steps if isinstance(s.node, Compute)}
    first, both = (c.net(5, 0), 1), (c.net(9, 0), 1)
    assert guards[8] == guards[9] == guards[10] == (first,)
    assert guards[2] == guards[3] == guards[4] == (first, both)


def test_a_bit_matters_only_with_the_other():
    # The one that is known later is not computed unless the other decides nothing.
    for op, value in (("&", 1), ("|", 0)):
        for bits in ((out(4), out(5)), (out(5), out(4))):
            cells = [*inverters(3), flip_flop(1), operator(op, 1, *bits)]
            steps = steps_of(circuit(*cells), out(6), min_work=3)
            guards = {s.node.piece.cell: s.guard for s in steps if isinstance(s.node, Compute)}
            assert guards == dict.fromkeys((2, 3, 4), ((c.net(5, 0), value),)) | {6: ()}


def test_what_one_switch_chooses_stands_together():
    tests = [c.Matches(1, source, out(1, 0, 2), (p,)) for p in ("00", "01", "10")]
    cases = [c.Priority(3, source, 1, out(2) + out(3) + out(4)) for _ in range(2)]
    cells = [flip_flop(2), *tests, *cases]
    chosen = [assign((0, 0), (c.net(5 + n % 2, 1), 0, out(1, 0, 2))) for n in range(6)]
    roots = [out(5, 2), out(6, 2), *(out(7 + n, 0, 2) for n in range(6))]
    steps = order(steps_of(circuit(*cells, *chosen), *roots))
    switches = [cell % 2 for kind, cell in steps if kind is Compute and cell >= 7]
    assert sorted(switches) in (switches, switches[::-1])


def test_between_two_switches_comes_what_none_chooses():
    tests = [c.Matches(1, source, out(1, 0, 2), (p,)) for p in ("00", "01", "10")]
    cases = [c.Priority(3, source, 1, out(2) + out(3) + out(4)) for _ in range(2)]
    chosen = [assign((0,), (c.net(table, 1), 0, out(1))) for table in (5, 5, 5, 5, 6, 6, 6)]
    # What the larger switch chooses is read in pairs.
    pairs = [operator("^", 1, out(7), out(8)), operator("^", 1, out(9), out(10))]
    roots = [out(5, 2), out(6, 2), *map(out, range(11, 16))]
    steps = order(steps_of(circuit(flip_flop(2), *tests, *cases, *chosen, *pairs), *roots))
    computed = [cell for kind, cell in steps if kind is Compute and cell >= 7]
    larger, read, smaller = set(computed[:4]), set(computed[4:6]), set(computed[6:])
    assert (larger, read, smaller) == ({7, 8, 9, 10}, {14, 15}, {11, 12, 13})


def test_memories_are_read_before_they_are_written():
    write = c.Write(0, source, 2, out(1), out(1, 1), out(1, 2))
    latched = c.SyncRead(1, source, 2, out(1), 1, ())
    now = c.AsyncRead(1, source, 2, out(1))
    design = circuit(flip_flop(3), c.Memory(1, source, "rows", 2, ()), write, latched, now)
    steps = order(steps_of(design, out(4), out(5)))
    assert steps.index((Latch, 4)) < steps.index((Store, None))
    assert steps.index((Compute, 5)) < steps.index((Store, None))


def test_the_last_write_port_comes_last():
    writes = [c.Write(0, source, 2, (0,), out(1, n), (1,)) for n in range(3)]
    design = circuit(flip_flop(3), c.Memory(1, source, "rows", 2, ()), *writes)
    design.cells.append(c.AsyncRead(1, source, 2, (0,)))
    stores = [s.node.port for s in steps_of(design, out(6)) if isinstance(s.node, Store)]
    assert stores == [3, 4, 5]
