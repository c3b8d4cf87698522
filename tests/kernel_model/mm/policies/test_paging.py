"""Whatever a policy is made of, programs see the same, and nothing leaks."""

import pytest

from kernel_model.invariants import MemoryCheck
from kernel_model.mm.policy import make_policy
from tests.kernel_model.mm.test_policy import session
from tests.kernel_model.support import make_hart
from tests.kernel_model.test_any_sequence import Chaos, run

NAMES = ["batch:2", "batch:8", "prefault:4", "zero-page", "cow", "batch:8+cow+zero-page"]


@pytest.mark.parametrize("name", [*NAMES, "cow+overcommit:strict", "overcommit:always"])
def test_programs_see_what_they_see_under_lazy(name):
    assert session(make_hart(policy=make_policy(name))) == session(make_hart())


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("seed", range(2))
def test_any_sequence_of_calls_leaks_nothing_and_breaks_nothing(seed, name):
    chaos = Chaos(seed, policy=make_policy(name))
    chaos.hart.kernel.checks.append(MemoryCheck(chaos.hart.kernel))
    assert run(chaos) > 5
