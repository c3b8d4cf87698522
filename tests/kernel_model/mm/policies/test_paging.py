"""Whatever a policy is made of, programs see the same, and nothing leaks."""

import pytest

from hdl.arch import PAGE_SIZE
from kernel_model.mm.pagetable import leaves
from kernel_model.mm.policy import make_policy
from tests.kernel_model.mm.test_policy import session
from tests.kernel_model.support import make_hart
from tests.kernel_model.test_any_sequence import Chaos, run

NAMES = ["batch:2", "batch:8", "prefault:4", "zero-page", "cow", "batch:8+cow+zero-page"]
PAGE = PAGE_SIZE


def mapped(hart):
    """Numbers of the heap's pages that are mapped, counted from the heap's start."""
    space = hart.proc.space
    heap = space.regions.heap
    found = leaves(hart.kernel, space.root, heap, space.regions.end)
    return [(va - heap) // PAGE for va, _, _ in found]


def last(hart):
    return hart.kernel.faults[-1].outcome


def steps(outcome):
    return {step: times for step, times, _ in outcome.work.steps}


@pytest.mark.parametrize("name", NAMES)
def test_programs_see_what_they_see_under_lazy(name):
    assert session(make_hart(policy=make_policy(name))) == session(make_hart())


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("seed", range(3))
def test_any_sequence_of_calls_leaks_nothing(seed, name):
    assert run(Chaos(seed, policy=make_policy(name))) > 5
