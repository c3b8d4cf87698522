"""Whatever a policy is made of, programs see the same, and nothing leaks."""

import pytest

from kernel_model.invariants import MemoryCheck
from kernel_model.mm.policy import make_policy
from tests.kernel_model.mm.test_policy import session
from tests.kernel_model.support import make_hart
from tests.kernel_model.test_any_sequence import Chaos, run

NAMES = ["batch:2", "batch:8", "prefault:4", "zero-page", "cow", "batch:8+cow+zero-page"]
LARGE = ["superpage", "cow+superpage", "cow+superpage+zero-page"]


@pytest.mark.parametrize("name", [*NAMES, *LARGE, "cow+overcommit:strict", "overcommit:always"])
def test_programs_see_what_they_see_under_lazy(name):
    assert session(make_hart(policy=make_policy(name))) == session(make_hart())


def ends_well(chaos):
    chaos.hart.kernel.checks.append(MemoryCheck(chaos.hart.kernel))
    return run(chaos) > 5


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("seed", range(2))
def test_any_sequence_of_calls_leaks_nothing_and_breaks_nothing(seed, name):
    assert ends_well(Chaos(seed, policy=make_policy(name)))


@pytest.mark.parametrize("seed, name", list(enumerate(LARGE)))
def test_so_it_is_with_superpages(seed, name):
    chaos = Chaos(seed, size=7 << 20, policy=make_policy(name))
    assert ends_well(chaos)
    assert chaos.hart.kernel.heap.superpages > 0
