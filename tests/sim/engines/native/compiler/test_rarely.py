"""The hint which state of the hart rarely changes: a misspelt name would only cost speed."""

from hdl.hart import Hart
from sim.engines.native.compiler.caching import rare_bits, rare_cells
from sim.engines.native.compiler.extract import extract, prepare
from sim.engines.native.compiler.rarely import NEVER, Rarely
from sim.engines.native.compiler.resting import resting_nets
from sim.engines.native.machine.compiled import RARELY


def test_every_name_in_the_hint_for_the_hart_is_one_of_its_parts():
    circuit = extract(prepare(Hart(hpm_counters=29, pmp_entries=2)))
    hint = RARELY
    for module in hint.modules:
        assert rare_cells(circuit, Rarely(modules=frozenset({module}))), module
    rare = rare_cells(circuit, Rarely(modules=hint.modules))
    for signal in hint.often:
        assert rare_cells(circuit, Rarely(hint.modules, frozenset({signal}))) < rare, signal
    for each in hint.upper:
        assert rare_bits(circuit, Rarely(upper=frozenset({each}))), each
    for each in hint.resting:
        nets = resting_nets(circuit, Rarely(resting=frozenset({each})))
        assert nets, each
        assert set(nets.values()) == {0}, each
    assert rare_cells(circuit, NEVER) == set()
    assert rare_bits(circuit, NEVER) == {}


def test_equal_hints_read_alike():
    """The identity of a library is made of it, and the order of a set is another in each run."""
    upper = frozenset({("pc", 12), ("address", 3)})
    resting = frozenset({"walker.state", "amo.state"})
    often = frozenset({"minstret", "mcycle"})
    hint = Rarely(frozenset({"tlb", "csrs", "muldiv"}), often, upper, resting)
    assert repr(hint) == (
        "Rarely(['csrs', 'muldiv', 'tlb'], ['mcycle', 'minstret'], "
        "[('address', 3), ('pc', 12)], ['amo.state', 'walker.state'])"
    )
