"""What is the same whatever the paging policy is, and what is not."""

import inspect

import pytest

from hdl.arch import PAGE_SIZE
from kernel_model.mm.policy import LAZY, POLICIES, PolicyError, make_policy
from kernel_model.mm.state import Policy
from tests.kernel_model.support import make_hart, make_kernel, switch_to

HOOKS = [name for name in vars(Policy) if not name.startswith("_")]


def test_a_kernel_that_is_given_no_policy_is_lazy():
    assert make_kernel().policy is POLICIES[LAZY]


@pytest.mark.parametrize("name", POLICIES)
def test_a_policy_has_every_hook_and_no_state(name):
    policy = POLICIES[name]
    assert len(HOOKS) == 7
    for hook in HOOKS:
        expected, got = (inspect.signature(getattr(kind, hook)) for kind in (Policy, type(policy)))
        assert list(got.parameters) == list(expected.parameters), hook
    assert vars(policy) == {}


def session(hart):
    """What a program that grows, shrinks, forks and copies gets to see."""
    heap = hart.heap
    seen = [hart.sbrk(5 * PAGE_SIZE), hart.load(heap), hart.load(heap + 5 * PAGE_SIZE - 1)]
    hart.put(heap, b"/console\0")
    seen += [hart.call("open", heap, 2), hart.write(heap, 5)]
    hart.store(heap + 3 * PAGE_SIZE, 7)
    seen += [hart.sbrk(-2 * PAGE_SIZE), hart.sbrk(2 * PAGE_SIZE), hart.load(heap + 3 * PAGE_SIZE)]
    seen += [hart.call("pipe", heap + 2 * PAGE_SIZE - 4), hart.get(heap + 2 * PAGE_SIZE - 4, 8)]
    seen.append(hart.call("fork"))
    hart.store(heap, 1)
    hart.call("wait", heap + PAGE_SIZE)
    switch_to(hart, 3)
    seen.append(hart.load(heap))
    hart.call("exit", 3)
    switch_to(hart, 2)
    seen += [hart.result, hart.get(heap + PAGE_SIZE, 4), hart.sbrk(-(hart.proc.sz + 1))]
    return [*seen, hart.proc.sz, hart.printed]


def test_programs_see_the_same_under_every_policy():
    eager, lazy = (make_hart(policy=POLICIES[name]) for name in ("eager", "lazy"))
    assert session(eager) == session(lazy)
    assert (eager.kernel.faults, eager.kernel.heap_frames_used) == ([], 0)
    assert len(lazy.kernel.faults) > 5


@pytest.mark.parametrize(
    "text, message",
    [
        ("never", "policy must be one of lazy, eager, batch:N, prefault:N, superpage, zero-page"),
        ("batch", "policy 'batch': batch:N needs a power of two, 2 to 512"),
        ("batch:3", "policy 'batch:3': batch:N needs a power of two, 2 to 512"),
        ("prefault:513", "policy 'prefault:513': prefault:N needs 1 to 512"),
        ("cow:2", "policy 'cow:2': cow has no option"),
        ("batch:08", "policy 'batch:08': batch:N needs a power of two, 2 to 512"),
        ("overcommit", "policy 'overcommit': overcommit:strict|always needs strict or always"),
        (
            "overcommit:strict+overcommit:always",
            "policy 'overcommit:strict+overcommit:always': overcommit:strict and overcommit:always "
            "both decide what may be promised",
        ),
        ("eager+cow", "policy 'eager+cow': eager cannot be joined with others"),
        ("cow+cow", "policy 'cow+cow': cow and cow both decide what fork does"),
        (
            "batch:2+prefault:2",
            "policy 'batch:2+prefault:2': batch:2 and prefault:2 both decide what a fault maps",
        ),
        (
            "superpage+batch:8",
            "policy 'superpage+batch:8': superpage and batch:8 both decide what a fault maps",
        ),
        ("superpage:2", "policy 'superpage:2': superpage has no option"),
        ("cow+", "policy must be one of"),
        ("lazy,cow", "policy 'lazy,cow': + joins several to one; a list is for compare"),
        ("eagr", "not 'eagr'; did you mean eager?"),
        ("cow+supepage", "not 'cow+supepage'; did you mean superpage?"),
    ],
)
def test_a_name_that_makes_no_sense_is_refused_in_one_line(text, message):
    with pytest.raises(PolicyError) as refused:
        make_policy(text)
    assert message in str(refused.value)
    assert str(refused.value).startswith("policy ")
    assert "\n" not in str(refused.value)
