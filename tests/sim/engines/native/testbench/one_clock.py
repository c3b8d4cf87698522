"""Random circuits with one clock, natively and on pysim: every signal in every cycle."""

import ctypes
from contextlib import contextmanager, nullcontext
from unittest.mock import patch

from amaranth.hdl import ClockDomain, Module
from amaranth.sim import Simulator

from sim.engines.native.compiler import emit, scheduling
from sim.engines.native.compiler.model import Model
from sim.engines.native.compiler.rarely import Rarely
from sim.engines.native.testbench.open_design import places_of, poke
from tests.sim.engines.native.testbench.random_circuit import RandomCircuit

__all__ = ["BATCH", "CYCLES", "disagreements"]

#: Circuits that are compiled together: a compiler's start costs more than a circuit.
BATCH = 25
CYCLES = 12


def disagreements(seeds, directory):
    """Where natively something else comes out for the circuits of `seeds`, a range: lines.

    A line names the signal, and a signal's name ends with the seed of its circuit. What is done
    with a circuit follows from its seed and from which `BATCH` that is in. Libraries are kept in
    `directory`.
    """
    batch = seeds[0] // BATCH
    # The reset is pulled in every other batch, and a constant in the others.
    pulled = bool(batch % 2)
    circuits = {seed: RandomCircuit(seed, pulled=pulled) for seed in seeds}
    top = Module()
    top.domains.sync = domain = ClockDomain()
    for seed, circuit in circuits.items():
        top.submodules[f"circuit{seed}"] = circuit.module
    inputs = [signal for it in circuits.values() for signal in it.inputs] + [domain.rst]
    pulls = [pulled and cycle % 5 == 4 for cycle in range(CYCLES)]
    stimuli = [[n for it in circuits.values() for n in it.numbers()] + [pull] for pull in pulls]
    options = {"pullable": pulled, "rarely": _hints(circuits, batch)}
    # So small a circuit has no work that is worth a branch: in most batches it is as if any were.
    with _branching() if batch % 4 < 3 else nullcontext():
        trace = run_native(top, inputs, stimuli, directory, options)
    assert all(len(values) > len(inputs) + len(circuits) for values in trace)
    return differences(top, inputs, stimuli, trace)


def _hints(circuits, batch):
    """Those that half of the circuits get, each of one kind: right or wrong, it must not matter."""
    registers = [(seed, each) for seed, it in circuits.items() for each in it.registers]
    return Rarely(
        frozenset(f"circuit{seed}" for seed in circuits if seed % 2 == 0),
        upper=frozenset((each.name, 1) for seed, each in registers if seed % 2),
        # Few and narrow ones of some circuits: in many cycles they are all at rest, in many not.
        resting=frozenset(
            f"circuit{seed}.{min(it.registers, key=len).name}"
            for seed, it in circuits.items()
            if it.registers and seed % 9 == batch % 7
        ),
    )


@contextmanager
def _branching():
    with patch.object(scheduling, "MIN_WORK", 2), patch.object(emit, "MIN_CASES", 1):
        yield


def run_native(top, inputs, stimuli, directory, options):
    """For each cycle the values of all signals: pairs of a signal and an unsigned number."""
    model = Model.of(top, (), directory, everything=True, level="-O0", **options)
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
