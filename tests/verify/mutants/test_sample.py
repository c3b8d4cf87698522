"""A sample of the mutants, each against the tests of its own unit: nearly all must be killed."""

import random
from collections import Counter
from pathlib import Path

import pytest

from tests.verify.mutants.campaign import Examiner, observe
from tests.verify.mutants.harness import preload
from tests.verify.mutants.report import percentage, read_reasons
from tests.verify.mutants.targets import SUITES, find
from tests.verify.mutants.tree import PROJECT, temporary_tree

#: Files whose tests, which stand where they do, are fast, and how many mutants of them are tried.
SAMPLES = {
    "hdl": (
        8,
        (
            "hdl/mmu/tlb.py",
            "hdl/mmu/walk_cache.py",
            "hdl/mmu/permission.py",
            "hdl/priv/exception.py",
            "hdl/priv/interrupts.py",
        ),
    ),
    "kernel_model": (
        9,
        tuple(f"kernel_model/mm/{name}.py" for name in ("vm", "lazy", "usercopy", "kalloc")),
    ),
    "sim": (
        5,
        tuple(
            f"sim/engines/native/compiler/{name}.py"
            for name in ("simplify", "dead_bits", "common_subexpressions", "layout")
        ),
    ),
    "machine.cpp": (3, ("sim/engines/native/machine/machine.cpp",)),
}
SEED = 1
#: Percent. The campaign asks for 98 of all mutants against all tests; this is a sample, and changes
#: with the code.
ENOUGH = 85


def unit_tests(suite):
    """The files of tests for the files of a suite, which have the same places; of C++ all."""
    if suite.endswith(".cpp"):
        return list(SUITES[suite].tests)
    places = [Path("tests", file) for file in SAMPLES[suite][1]]
    found = [(PROJECT / place.parent).glob(f"test_{place.stem}*.py") for place in places]
    return [str(path.relative_to(PROJECT)) for paths in found for path in sorted(paths)]


@pytest.mark.parametrize("suite", SAMPLES)
def test_most_mutants_are_killed(suite):
    count, files = SAMPLES[suite]
    reasons = read_reasons()
    candidates = [mutant for mutant in find(files) if mutant.name not in reasons]
    sample = random.Random(SEED).sample(candidates, count)
    preload()
    with temporary_tree() as tree:
        tests = observe(tree, SUITES[suite], unit_tests(suite), list(files))
    with temporary_tree() as tree:
        examiner = Examiner(tree, {suite: tests})
        results = {mutant.name: examiner.examine(mutant) for mutant in sample}

    counts = Counter(result.status for result in results.values())
    survived = [name for name, result in results.items() if result.status == "survived"]
    assert percentage(counts) >= ENOUGH, (f"seed {SEED}", survived)
    assert counts["killed"] > count / 2


def test_every_reason_is_for_a_mutant_that_there_is():
    reasons = read_reasons().keys()
    files = tuple(sorted({reason.partition(" ")[0] for reason in reasons}))
    assert reasons <= {mutant.name for mutant in find(files)}


def test_samples_have_tests():
    for suite in SAMPLES:
        assert all((PROJECT / file).is_file() for file in unit_tests(suite))
