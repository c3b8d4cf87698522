"""The native engine against pysim: same programs, same cycles, same traps, same memory."""

import pytest

from sim.machine import End
from tests.programs.expected import Expected
from tests.sim.engines.native.machine.machines import bare, kernel


@pytest.mark.parametrize(
    ("name", "latency"),
    [("counters", 1), ("rv64a", 3), ("svadu", 3), ("zicsr", 1), ("zifencei", 3)],
)
def test_assembly_programs_run_alike(name, latency):
    # Cut short: `max_cycles` is a good comparison too.
    native = bare(name, engine="native", latency=latency, max_cycles=2_000)
    pysim = bare(name, engine="pysim", latency=latency, max_cycles=2_000)

    assert native.cycles > 100
    assert native.result == pysim.result


@pytest.mark.parametrize(
    ("program", "options"),
    [
        (Expected("hello", ""), {}),
        # Cut short, behind a few faults.
        (Expected("lazy", ""), {"costs": False, "max_cycles": 5_300}),
        (Expected("lazy", ""), {"svadu": True, "latency": 3, "max_cycles": 6_400}),
        (Expected("badaccess", "", args=("text",)), {"latency": 3}),
    ],
    ids=["hello", "lazy", "lazy-svadu-slow", "badaccess-slow"],
)
def test_programs_under_the_kernel_run_alike(program, options):
    native = kernel(program, engine="native", **options)
    pysim = kernel(program, engine="pysim", **options)

    assert native.result[0] is (End.LIMIT if "max_cycles" in options else End.FINISHED)
    assert native.result == pysim.result
    assert (program.program == "hello") == (native.result[-2] == [])


def test_sizes_of_tlbs_reach_the_hart_on_both_engines():
    small = {"itlb_entries": 1, "dtlb_entries": 2, "walk_cache_entries": 1}
    native = bare("lazy_pages", engine="native", **small)

    assert native.result == bare("lazy_pages", engine="pysim", **small).result
    assert native.cycles > bare("lazy_pages", engine="native").cycles


def test_one_library_serves_all_sizes_of_ram():
    large, small = (bare("sv39_walk", engine="native", memory_mib=mib).machine for mib in (128, 2))

    assert large.engine.model.library._name == small.engine.model.library._name
    assert large.ram.size == 64 * small.ram.size
