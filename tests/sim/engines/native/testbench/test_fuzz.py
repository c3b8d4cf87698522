"""Random circuits, natively and on pysim: every signal is the same in every cycle.

A failure names the signals that differ; a name ends with the seed of its circuit, and
`pytest --fuzz-seed SEED --fuzz-circuits 1` shows that circuit alone.
"""

import ctypes

import pytest
from amaranth.hdl import ClockDomain, Module
from amaranth.sim import Simulator

from sim.engines.native.compiler import emit, extract, scheduling
from sim.engines.native.compiler.circuit import Unsupported
from sim.engines.native.compiler.model import Model
from sim.engines.native.compiler.rarely import Rarely
from sim.engines.native.testbench.open_design import places_of, poke
from tests.sim.engines.native.testbench.random_circuit import RandomCircuit

#: Circuits that are compiled together: a compiler's start costs more than a circuit.
BATCH = 25
CYCLES = 12


def pytest_generate_tests(metafunc):
    first = metafunc.config.getoption("--fuzz-seed")
    seeds = range(first, first + metafunc.config.getoption("--fuzz-circuits"))
    batches = [seeds[i : i + BATCH] for i in range(0, len(seeds), BATCH)]
    if "seeds" in metafunc.fixturenames:
        metafunc.parametrize("seeds", batches, ids=lambda batch: f"{batch[0]}-{batch[-1]}")


def test_random_circuits_are_computed_as_by_pysim(seeds, tmp_path, monkeypatch):
    # The reset is pulled in every other batch, and a constant in the others.
    pulled = bool(seeds[0] // BATCH % 2)
    if seeds[0] // BATCH % 4 < 3:
        # So small a circuit has no work that is worth a branch: as if any were.
        monkeypatch.setattr(scheduling, "MIN_WORK", 2)
        monkeypatch.setattr(emit, "MIN_CASES", 1)
    circuits = [RandomCircuit(seed, pulled=pulled) for seed in seeds]
    top = Module()
    top.domains.sync = domain = ClockDomain()
    for seed, circuit in zip(seeds, circuits, strict=True):
        top.submodules[f"circuit{seed}"] = circuit.module
    inputs = [signal for circuit in circuits for signal in circuit.inputs] + [domain.rst]
    pulls = [pulled and cycle % 5 == 4 for cycle in range(CYCLES)]
    stimuli = [[n for circuit in circuits for n in circuit.numbers()] + [pull] for pull in pulls]
    # Hints that half of them get, each of one kind: right or wrong, it must not matter.
    rarely = Rarely(
        frozenset(f"circuit{seed}" for seed in seeds[::2]),
        upper=frozenset((each.name, 1) for it in circuits[1::2] for each in it.registers),
        # Few and narrow ones of some circuits: in many cycles they are all at rest, in many not.
        resting=frozenset(
            f"circuit{seed}.{min(it.registers, key=len).name}"
            for seed, it in [*zip(seeds, circuits, strict=True)][seeds[0] % 7 :: 9]
            if it.registers
        ),
    )
    options = {"pullable": pulled, "rarely": rarely}

    trace = run_native(top, inputs, stimuli, tmp_path, options)

    assert all(len(values) > len(inputs) + len(circuits) for values in trace)
    assert not differences(top, inputs, stimuli, trace)


@pytest.mark.parametrize("seed", range(20))
def test_the_clock_by_another_name_is_refused(seed):
    circuit = RandomCircuit(seed)
    alias = circuit.add_clock_alias()

    with pytest.raises(Unsupported, match=rf"the signal {alias.name} shows the clock"):
        extract.extract(extract.prepare(circuit.module))


def run_native(top, inputs, stimuli, directory, options):
    """For each cycle the values of all signals: pairs of a signal and an unsigned number."""
    model = Model.of(top, (), directory, everything=True, level="-O1", **options)
    words = (ctypes.c_uint64 * model.shown_words)()
    state = ctypes.c_void_p(model.address)
    trace = []
    for numbers in stimuli:
        for signal, number in zip(inputs, numbers, strict=True):
            poke(model.state, places_of(model, signal) or [], number)
        model.library.native_show(state, words)
        trace.append(
            [
                (signal, sum(words[first + i] << 64 * i for i in range(-(-width // 64))))
                for signal, (first, width) in model.shown.items()
                if signal.name != "clk"
            ]
        )
        model.library.native_step(state, state)
    return trace


def differences(top, inputs, stimuli, trace):
    """Where pysim sees something else, cycle by cycle."""
    found = []

    async def testbench(ctx):
        for cycle, (numbers, values) in enumerate(zip(stimuli, trace, strict=True)):
            for signal, number in zip(inputs, numbers, strict=True):
                ctx.set(signal.as_unsigned(), number)
            for signal, value in values:
                expected = ctx.get(signal.as_unsigned())
                if value != expected:
                    found.append(f"{signal.name} is {value:#x} in cycle {cycle}, not {expected:#x}")
            await ctx.tick()

    simulator = Simulator(top)
    simulator.add_clock(1e-6, if_exists=True)
    simulator.add_testbench(testbench)
    simulator.run()
    return found
