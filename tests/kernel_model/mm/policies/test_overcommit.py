"""A strict kernel refuses what it could not give; one that always promises kills later."""

from random import Random

import pytest

from hdl.arch import PAGE_SIZE
from kernel_model.mm.areas import common_references
from kernel_model.mm.policy import make_policy
from kernel_model.mm.served import Why
from kernel_model.proc.state import ProcState
from tests.kernel_model.mapping import ANONYMOUS, PRIVATE, READ, SHARED, WRITE, mmap
from tests.kernel_model.support import Killed, make_hart, switch_to

GIB = 1 << 30
ALONE_AND_JOINED = [
    "overcommit:strict",
    "batch:8+cow+overcommit:strict+zero-page",
    "cow+superpage+overcommit:strict",
]
WANT = (Why.NO_FRAME, Why.NO_TABLE, Why.NO_COPY)


def hart_under(policy, size=1 << 20):
    return make_hart(size=size, policy=make_policy(policy))


def grown(hart):
    """Pages of the heap, grown by a page at a time until that is refused."""
    pages = 0
    while hart.sbrk(PAGE_SIZE) != -1:
        pages += 1
    return pages


def touch_all(hart):
    for va in range(hart.heap, hart.proc.sz, PAGE_SIZE):
        hart.store(va, 1)


@pytest.mark.parametrize("policy", ["overcommit:always", "lazy"])
def test_whatever_is_wanted_is_promised(policy):
    hart = hart_under(policy)
    assert hart.sbrk(GIB) == hart.heap
    with pytest.raises(Killed):
        touch_all(hart)
    assert hart.kernel.panicked is None


def test_more_than_there_is_is_refused_and_changes_nothing():
    hart = hart_under("overcommit:strict")
    size, used = hart.proc.sz, hart.kernel.kmem.used
    assert hart.sbrk(GIB) == -1
    assert (hart.proc.sz, hart.kernel.kmem.used) == (size, used)
    assert hart.sbrk(10 * PAGE_SIZE) == size


@pytest.mark.parametrize("policy", ALONE_AND_JOINED)
@pytest.mark.parametrize("mib", [1, 5])
def test_all_that_was_promised_is_there(policy, mib):
    """Its page tables, too, of which there are several though each page is asked for by itself."""
    hart = hart_under(policy, mib << 20)
    pages = grown(hart)
    assert pages > (mib << 8) - 56
    touch_all(hart)
    assert hart.kernel.kmem.free < 6
    hart.exit()
    assert hart.kernel.panicked is None


def for_want_of_memory(hart):
    return [fault for fault in hart.kernel.faults if fault.outcome.why in WANT]


@pytest.mark.parametrize("policy", ALONE_AND_JOINED)
@pytest.mark.parametrize("seed", range(2))
def test_nobody_is_killed_for_want_of_memory(policy, seed):
    """Whatever was refused before: processes fork, grow, shrink and touch at random."""
    random, hart = Random(seed), hart_under(policy, 5 << 20)
    refused = 0
    for _ in range(300):
        heap, size = hart.heap, hart.proc.sz
        match random.randrange(6):
            case 0:
                refused += hart.call("fork") == -1
            case 1:
                refused += hart.sbrk(PAGE_SIZE * random.choice([1, 40, 600])) == -1
            case 2:
                hart.sbrk(-min(random.choice([1, 5000, 700 * PAGE_SIZE]), size - heap))
            case 3 if hart.proc is not hart.kernel.first and random.random() < 0.3:
                hart.call("exit", 0)
            case 3:
                hart.timer()
            case _ if size > heap:
                at = random.randrange(heap, size)
                for va in range(at, min(at + 64 * PAGE_SIZE, size), PAGE_SIZE):
                    random.choice([hart.load, lambda va: hart.store(va, 1)])(va)
    for pid in [proc.pid for proc in hart.kernel.procs[1:] if proc.state is not ProcState.ZOMBIE]:
        switch_to(hart, pid)
        touch_all(hart)
    assert for_want_of_memory(hart) == []
    assert refused > 0


def test_what_is_given_back_may_be_promised_again():
    hart = hart_under("overcommit:strict")
    pages = grown(hart)
    hart.sbrk(-100 * PAGE_SIZE)
    assert grown(hart) == 100
    assert hart.proc.sz == hart.heap + pages * PAGE_SIZE


@pytest.mark.parametrize("policy", ["overcommit:strict", "cow+overcommit:strict"])
def test_a_child_needs_as_much_as_its_parent_may_use(policy):
    hart = hart_under(policy)
    hart.sbrk(130 * PAGE_SIZE)
    used = hart.kernel.kmem.used
    assert hart.call("fork") == -1
    assert hart.kernel.kmem.used == used
    hart.sbrk(-50 * PAGE_SIZE)
    assert hart.call("fork") == 3
    touch_all(hart)
    switch_to(hart, 3)
    touch_all(hart)
    assert hart.proc.pid == 3
    assert hart.kernel.panicked is None


def test_what_a_dead_process_was_promised_is_nobodys():
    hart = hart_under("overcommit:strict")
    assert hart.call("fork") == 3
    switch_to(hart, 3)
    assert hart.sbrk(180 * PAGE_SIZE) != -1
    hart.call("exit", 0)
    assert hart.proc.pid == 2
    assert hart.sbrk(180 * PAGE_SIZE) != -1


def test_pages_of_areas_are_promised_too():
    """Those of a file as well: a kernel without swap cannot take their frames back."""
    hart = hart_under("overcommit:strict")
    free = hart.kernel.kmem.free
    for kind in (SHARED, PRIVATE):
        assert mmap(hart, (free + 1) * PAGE_SIZE, READ, kind | ANONYMOUS) == -1
    area = mmap(hart, free * PAGE_SIZE, READ, PRIVATE | ANONYMOUS)
    assert area > 0
    assert (hart.sbrk(PAGE_SIZE), hart.call("fork")) == (-1, -1)
    for va in range(area, area + free * PAGE_SIZE, PAGE_SIZE):
        hart.load(va)
    assert hart.kernel.kmem.free == 0
    assert hart.call("munmap", area, free * PAGE_SIZE) == 0
    assert hart.sbrk(PAGE_SIZE) > 0


def test_a_page_that_is_shared_for_good_needs_no_copy():
    hart = hart_under("cow+overcommit:strict")
    area = mmap(hart, 4 * PAGE_SIZE, READ | WRITE, SHARED | ANONYMOUS)
    hart.store(area, 1)
    promised = hart.kernel.promised
    assert hart.call("fork") == 3
    before = hart.kernel.promised
    switch_to(hart, 3)
    hart.load(area)
    assert (hart.kernel.promised, promised) == (before - 1, 3)
    assert common_references(hart.kernel) == 2
