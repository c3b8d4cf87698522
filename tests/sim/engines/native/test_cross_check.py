"""The native engine against pysim: same programs, same cycles, same traps, same memory."""

import pytest

from sim.machine import End
from tests.programs.expected import Expected
from tests.sim.engines.native.machines import bare, kernel


@pytest.mark.parametrize("latency", [1, 3])
@pytest.mark.parametrize("name", ["counters", "rv64a", "svadu", "zicsr", "zifencei"])
def test_assembly_programs_run_alike(name, latency):
    # Cut short: `max_cycles` is a good comparison too.
    native = bare(name, engine="native", latency=latency, max_cycles=3_000)
    pysim = bare(name, engine="pysim", latency=latency, max_cycles=3_000)

    assert native.cycles > 100
    assert native.result == pysim.result


@pytest.mark.parametrize(
    ("program", "options"),
    [
        (Expected("hello", ""), {}),
        (Expected("lazy", ""), {"costs": False}),
        (Expected("lazy", ""), {"costs": False, "svadu": True, "latency": 3}),
        (Expected("badaccess", "", args=("text",)), {"latency": 3}),
    ],
    ids=["hello", "lazy", "lazy-svadu-slow", "badaccess-slow"],
)
def test_programs_under_the_kernel_run_alike(program, options):
    native = kernel(program, engine="native", **options)
    pysim = kernel(program, engine="pysim", **options)

    assert native.result[0] is End.FINISHED
    assert native.result == pysim.result
