"""Decision tables: which switches get one, and what stands in it."""

import pytest

from sim.engines.native.compiler import circuit as c
from sim.engines.native.compiler.decision_tables import decision_table

#: Input bits, of which most tests take eight.
INPUT = c.FlipFlop(17, "test", None, 0)
ALL_BITS = tuple(c.net(1, bit) for bit in range(17))
BITS = ALL_BITS[:8]


def switch(*tests):
    """A circuit with the input, a match for each (value, patterns), and a switch of them."""
    circuit = c.Circuit([None, INPUT])
    inputs = []
    for value, patterns in tests:
        circuit.cells.append(c.Matches(1, "test", value, patterns))
        inputs.append(c.net(len(circuit.cells) - 1, 0))
    return circuit, c.Priority(len(inputs), "test", 1, tuple(inputs))


def test_each_value_leads_to_the_first_case_that_matches():
    circuit, cell = switch((BITS[:3], ("1--",)), (BITS[:3], ("11-", "001")), (BITS[:2], ("00",)))
    table = decision_table(circuit, cell, 3)
    assert table.index == BITS[:3]
    assert table.cases == (2, 1, table.none, table.none, 0, 0, 0, 0)


def test_a_default_takes_what_is_left():
    circuit, cell = switch((BITS[:2], ("00",)), (BITS[:2], ("01",)))
    cell.inputs += (1,)
    assert decision_table(circuit, cell, 3).cases == (0, 1, 2, 2)


def test_a_case_that_never_holds_takes_nothing():
    circuit, cell = switch((BITS[:2], ("00",)), (BITS[:2], ("01",)))
    cell.inputs = (0, *cell.inputs)
    table = decision_table(circuit, cell, 3)
    assert table.cases == (1, 2, table.none, table.none)


def test_dead_cases_are_left_out():
    circuit, cell = switch(*((BITS[:2], (p,)) for p in ("00", "01", "10")), (BITS, ("1" * 8,)))
    table = decision_table(circuit, cell, 3)
    assert table.index == BITS[:2]
    assert table.cases == (0, 1, 2, table.none)


def test_few_cases_and_other_logic_get_no_table():
    circuit, cell = switch((BITS[:2], ("00",)), (BITS[:2], ("01",)))
    assert decision_table(circuit, cell, 2) is None
    cell.inputs += (BITS[7],)
    assert decision_table(circuit, cell, 3) is None


def test_scattered_bits_get_no_table():
    for bits, made in ((3, True), (4, False)):
        scattered = BITS[: 2 * bits : 2]
        circuit, cell = switch(*((scattered, (f"{n:0{bits}b}",)) for n in range(3)))
        table = decision_table(circuit, cell, 3)
        assert table.index == scattered if made else table is None


def test_many_cases_get_wider_entries():
    circuit, cell = switch(*((BITS, (f"{n:08b}",)) for n in range(256)))
    table = decision_table(circuit, cell, 256)
    assert table.cases == tuple(range(256))
    assert table.none == 0xFFFF


def test_so_many_cases_that_none_needs_a_wider_entry():
    circuit, cell = switch(*((BITS, (f"{n:08b}",)) for n in range(255)))
    assert decision_table(circuit, cell, 254).none == 0xFF
    assert decision_table(circuit, cell, 255).none == 0xFFFF


def test_a_pattern_may_contradict_itself_where_a_value_repeats_a_bit():
    extended = (BITS[0], BITS[0])
    circuit, cell = switch(*((extended, (p,)) for p in ("00", "01", "10", "11")))
    assert decision_table(circuit, cell, 4).cases == (0, 3)


def test_a_bit_that_is_tested_twice_cannot_be_both():
    twice = (BITS[0], BITS[0])
    circuit, cell = switch(*((twice, (p,)) for p in ("01", "10", "11")))
    assert decision_table(circuit, cell, 3).cases == (0xFF, 2)


@pytest.mark.parametrize(
    "bits, cases, has_table", [(12, 3, True), (13, 3, False), (13, 4, True), (17, 64, False)]
)
def test_a_table_is_no_larger_than_its_cases_are_worth(bits, cases, has_table):
    tests = [(ALL_BITS[:bits], (f"{n:0{bits}b}",)) for n in range(cases)]
    circuit, cell = switch(*tests)
    assert (decision_table(circuit, cell, cases) is not None) is has_table


def test_a_switch_on_nothing_gets_no_table():
    circuit, cell = switch()
    cell.inputs = (0, 0, 1)
    assert decision_table(circuit, cell, 3) is None
