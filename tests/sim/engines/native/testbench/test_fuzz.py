"""Random circuits, natively and on pysim: every signal is the same in every cycle.

A failure names the signals that differ; a name ends with the seed of its circuit, and
`pytest --fuzz-seed SEED --fuzz-circuits 1` shows that circuit alone.
"""

import pytest

from sim.engines.native.compiler import extract
from sim.engines.native.compiler.circuit import Unsupported
from tests.sim.engines.native.testbench.one_clock import BATCH, disagreements
from tests.sim.engines.native.testbench.random_circuit import RandomCircuit


def pytest_generate_tests(metafunc):
    first = metafunc.config.getoption("--fuzz-seed")
    seeds = range(first, first + metafunc.config.getoption("--fuzz-circuits"))
    batches = [seeds[i : i + BATCH] for i in range(0, len(seeds), BATCH)]
    if "seeds" in metafunc.fixturenames:
        metafunc.parametrize("seeds", batches, ids=lambda batch: f"{batch[0]}-{batch[-1]}")


def test_random_circuits_are_computed_as_by_pysim(seeds, tmp_path):
    assert disagreements(seeds, tmp_path) == []


@pytest.mark.parametrize("seed", range(20))
def test_the_clock_by_another_name_is_refused(seed):
    circuit = RandomCircuit(seed)
    alias = circuit.add_clock_alias()

    with pytest.raises(Unsupported, match=rf"the signal {alias.name} shows the clock"):
        extract.extract(extract.prepare(circuit.module))
