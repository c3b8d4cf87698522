"""Policies made of parts: what a fault maps, what a load gets, what fork shares."""

import pytest

from hdl.arch import PAGE_SIZE, Cause, Pte, pte_to_pa
from kernel_model.facts.costs import Step
from kernel_model.mm.pagetable import leaves
from kernel_model.mm.policy import make_policy
from kernel_model.mm.served import Decision, Why
from tests.kernel_model.mm.test_policy import session
from tests.kernel_model.support import failing_kalloc, make_hart, switch_to
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


def test_a_batch_is_the_aligned_block():
    hart = make_hart(policy=make_policy("batch:8"))
    hart.sbrk(40 * PAGE)
    first = -hart.heap // PAGE % 8  # of an aligned block in the heap
    hart.store(hart.heap + (first + 11) * PAGE, 1)
    assert mapped(hart) == list(range(first + 8, first + 16))
    assert len(last(hart).ahead) == 7
    assert steps(last(hart))[Step.ZERO_PAGE] == 8


def test_a_batch_ends_at_its_region_and_before_a_page_that_is_not_whole():
    hart = make_hart(policy=make_policy("batch:512"))
    hart.sbrk(3 * PAGE + 100)
    hart.store(hart.heap, 1)
    assert mapped(hart) == [0, 1, 2]
    hart.store(hart.heap + 3 * PAGE, 1)
    assert mapped(hart) == [0, 1, 2, 3]


def test_a_batch_takes_what_there_is():
    hart = make_hart(policy=make_policy("batch:8"))
    hart.sbrk(16 * PAGE)
    with failing_kalloc(hart.kernel, 3):
        hart.store(hart.heap, 1)
    assert (len(mapped(hart)), last(hart).decision) == (2, Decision.MAPPED)


def test_the_third_fault_of_a_stride_maps_ahead():
    hart = make_hart(policy=make_policy("prefault:2"))
    hart.sbrk(64 * PAGE)
    for page in (0, 3):
        hart.store(hart.heap + page * PAGE, 1)
    assert mapped(hart) == [0, 3]
    hart.store(hart.heap + 6 * PAGE, 1)
    assert mapped(hart) == [0, 3, 6, 9, 12]
    hart.store(hart.heap + 15 * PAGE, 1)  # what was mapped ahead counts as touched
    assert mapped(hart) == [0, 3, 6, 9, 12, 15, 18, 21]
    hart.store(hart.heap + 40 * PAGE, 1)
    assert mapped(hart)[-1] == 40


def test_a_stride_goes_down_too_and_stops_at_the_heap():
    hart = make_hart(policy=make_policy("prefault:8"))
    hart.sbrk(8 * PAGE)
    for page in (6, 5, 4):
        hart.store(hart.heap + page * PAGE, 1)
    assert mapped(hart) == [0, 1, 2, 3, 4, 5, 6]


def test_loads_share_one_page_of_zeros_until_a_store():
    hart = make_hart(policy=make_policy("zero-page"))
    hart.sbrk(2 * PAGE)
    used = hart.kernel.kmem.used
    assert [hart.load(hart.heap), hart.load(hart.heap + PAGE)] == [0, 0]
    assert (hart.kernel.kmem.used, last(hart).why) == (used, Why.NEVER_STORED)
    assert not hart.pte(hart.heap) & Pte.W

    hart.store(hart.heap, 7)

    assert last(hart).why is Why.SHARED
    assert [hart.load(hart.heap), hart.load(hart.heap + PAGE)] == [7, 0]
    assert hart.kernel.kmem.used == used + 1
    hart.exit()
    assert hart.kernel.kmem.used == hart.kernel.own_frames


def test_a_store_past_the_size_gets_a_frame_if_the_page_is_there():
    hart = make_hart(policy=make_policy("zero-page"))
    hart.sbrk(100)
    hart.load(hart.heap)
    hart.store(hart.heap + 200, 7)
    assert hart.load(hart.heap + 200) == 7


@pytest.fixture
def forked():
    """A parent on the hart whose heap of two touched pages its child has, too."""
    hart = make_hart(policy=make_policy("cow"))
    hart.sbrk(2 * PAGE)
    hart.put(hart.heap, b"old")
    hart.store(hart.heap + PAGE, 9)
    hart.call("fork")
    return hart


def test_fork_shares_and_the_first_store_copies(forked):
    hart = forked
    frame = pte_to_pa(hart.pte(hart.heap))
    assert hart.kernel.kmem.references(frame) == 2

    hart.store(hart.heap, ord("n"))

    outcome = last(hart)
    assert (outcome.why, hart.kernel.faults[-1].cause) == (Why.SHARED, Cause.STORE_PAGE)
    assert steps(outcome)[Step.COPY] == PAGE // 8
    assert (outcome.frame != frame, outcome.pte & Pte.V) == (True, Pte.V)
    assert hart.get(hart.heap, 3) == b"nld"
    switch_to(hart, 3)
    assert hart.get(hart.heap, 3) == b"old"


def test_the_last_owner_takes_over_without_a_copy(forked):
    hart = forked
    hart.store(hart.heap, 1)
    switch_to(hart, 3)
    frame = pte_to_pa(hart.pte(hart.heap))
    hart.store(hart.heap, 2)
    assert (last(hart).why, last(hart).frame) == (Why.LAST_OWNER, frame)
    assert Step.COPY not in steps(last(hart))


def test_a_system_call_that_writes_ends_the_sharing(forked):
    hart = forked
    assert hart.call("pipe", hart.heap + PAGE - 4) == 0
    assert hart.get(hart.heap + PAGE - 4, 8) == b"\3\0\0\0\4\0\0\0"
    switch_to(hart, 3)
    assert hart.get(hart.heap + PAGE - 4, 8) == bytes(4) + b"\x09\0\0\0"


def test_without_a_frame_for_the_copy_the_process_is_killed_and_the_other_goes_on(forked):
    hart = forked
    switch_to(hart, 3)
    with failing_kalloc(hart.kernel, 1):
        hart.trap(Cause.STORE_PAGE, stval=hart.heap)
    assert last(hart).why is Why.NO_COPY
    assert hart.call("wait", 0) == 3
    hart.store(hart.heap, 5)
    assert last(hart).why is Why.LAST_OWNER
    hart.exit()
    assert hart.kernel.kmem.used == hart.kernel.own_frames


def test_text_that_is_shared_stays_read_only(forked):
    hart = forked
    switch_to(hart, 3)
    hart.trap(Cause.STORE_PAGE, stval=0)
    assert (last(hart).decision, last(hart).why) == (Decision.REFUSED, Why.PAGE_RIGHTS)


@pytest.mark.parametrize("nth", range(1, 8))
def test_a_fork_that_lacks_a_frame_leaves_the_parent_its_pages(nth):
    hart = make_hart(policy=make_policy("cow"))
    hart.sbrk(PAGE)
    hart.store(hart.heap, 1)
    used = hart.kernel.kmem.used
    with failing_kalloc(hart.kernel, nth) as calls:
        result = hart.call("fork")
    assert (result == -1) == (len(calls) >= nth)
    if result == -1:
        assert (hart.kernel.kmem.used, hart.kernel.kmem.shared) == (used, 0)
    hart.store(hart.heap, 2)
    assert hart.load(hart.heap) == 2
