"""The system calls of the course's labs, under every policy, with memory looked through."""

import pytest

from hdl.arch import PAGE_SIZE, Cause, Pte
from kernel_model.facts.abi import MADV_DONTNEED
from kernel_model.mm.served import Decision, Why
from tests.kernel_model import support
from tests.kernel_model.support import failing_kalloc
from tests.kernel_model.under import every_policy, use

pytest_generate_tests = every_policy

PAGES = 6


@pytest.fixture
def hart(policy, monkeypatch):
    """A process whose heap of some pages was touched, each page with its own number."""
    use(policy, monkeypatch)
    hart = support.make_hart()
    hart.sbrk(PAGES * PAGE_SIZE)
    for page in range(PAGES):
        hart.store(hart.heap + page * PAGE_SIZE, page + 1)
    return hart


@pytest.fixture
def policy(request):
    return request.param


def mask(hart, pages, word=8):
    """What `pgaccess` says of the heap."""
    at = hart.proc.sz - word
    assert hart.call("pgaccess", hart.heap, pages, at) == 0
    return int.from_bytes(hart.get(at, word), "little") & (1 << pages) - 1


def test_accessed_pages_are_told_once(hart):
    assert mask(hart, PAGES) == (1 << PAGES) - 1
    assert mask(hart, PAGES - 1) == 0


def test_the_next_access_faults_and_is_seen(hart):
    mask(hart, PAGES - 1)
    hart.trap(Cause.STORE_PAGE, stval=hart.heap + PAGE_SIZE)
    fault = hart.kernel.faults[-1]
    assert (fault.outcome.decision, fault.outcome.why) == (Decision.MAPPED, Why.NOT_ACCESSED)
    assert hart.pte(hart.heap + PAGE_SIZE) & Pte.A
    assert mask(hart, PAGES - 1) == 0b10


def test_an_access_that_is_not_allowed_still_kills(hart):
    mask(hart, PAGES - 1)
    hart.call("fork")
    first = hart.proc.pid
    with pytest.raises(support.Killed):
        hart.trap(Cause.FETCH_PAGE, stval=hart.heap)
    assert hart.kernel.faults[-1].outcome.why is Why.PAGE_RIGHTS
    assert first == 2


def test_bits_that_cannot_be_stored_are_not_lost(hart):
    assert hart.call("pgaccess", hart.heap, 2, 0) == -1
    assert mask(hart, 2) == 0b11


def test_pages_given_back_are_free_and_zeros_again(hart):
    used = hart.kernel.kmem.used
    assert hart.call("madvise", hart.heap + PAGE_SIZE, 2 * PAGE_SIZE, MADV_DONTNEED) == 0
    assert hart.kernel.kmem.used == used - 2
    content = [hart.get(hart.heap + page * PAGE_SIZE, 1)[0] for page in (0, 3)]
    assert content == [1, 4]
    hart.trap(Cause.STORE_PAGE, stval=hart.heap + PAGE_SIZE)
    assert hart.get(hart.heap + PAGE_SIZE, 8) == bytes(8)


def test_resident_pages_are_those_with_a_frame(hart):
    vector = hart.heap + 100
    hart.call("madvise", hart.heap + 2 * PAGE_SIZE, 2 * PAGE_SIZE, MADV_DONTNEED)
    assert hart.call("mincore", hart.heap, PAGES * PAGE_SIZE, vector) == 0
    assert list(hart.get(vector, PAGES)) == [1, 1, 0, 0, 1, 1]


@pytest.mark.parametrize(
    "name, start, length, last",
    [
        ("madvise", 1, PAGE_SIZE, MADV_DONTNEED),
        ("madvise", 0, PAGE_SIZE, 3),
        ("madvise", 0, (PAGES + 1) * PAGE_SIZE, MADV_DONTNEED),
        ("madvise", 0, -1, MADV_DONTNEED),
        ("madvise", -3 * PAGE_SIZE, PAGE_SIZE, MADV_DONTNEED),  # the guard page or what is below
        ("madvise", 1 << 40, PAGE_SIZE, MADV_DONTNEED),
        ("mincore", 1, PAGE_SIZE, 0),
        ("mincore", 0, (PAGES + 1) * PAGE_SIZE, 0),
        ("mincore", 0, -PAGE_SIZE, 0),
        ("mincore", 0, PAGE_SIZE, 0),  # the vector is text
        ("pgaccess", 0, -1, 0),
        ("pgaccess", 0, 513, 0),
        ("pgaccess", PAGES * PAGE_SIZE, 1, 0),
        ("pgaccess", 1 << 40, 1, 0),
    ],
)
def test_mistakes_are_refused(hart, name, start, length, last):
    used = hart.kernel.kmem.used
    assert hart.call(name, hart.heap + start, length, last) == -1
    assert (hart.kernel.kmem.used, hart.kernel.panicked) == (used, None)


def test_pgaccess_has_bounds_though_its_mask_could_be_stored(hart, monkeypatch):
    monkeypatch.setattr("kernel_model.calls.sysmem.PGACCESS_PAGES", PAGES - 1)
    at = hart.proc.sz - 8
    assert hart.call("pgaccess", hart.heap, PAGES, at) == -1
    assert hart.call("pgaccess", hart.heap + PAGE_SIZE, PAGES, at) == -1
    assert hart.call("pgaccess", hart.proc.sz, 1, at) == -1
    assert hart.call("pgaccess", hart.heap, -1, at) == -1
    assert hart.call("pgaccess", hart.heap, PAGES - 1, at) == 0
    assert hart.call("pgaccess", hart.heap, 0, at) == 0


def test_vmprint_is_the_labs(hart):
    assert hart.call("vmprint") == 0
    first, second, *_ = hart.printed.splitlines()
    assert first == f"page table {hart.proc.pagetable:#018x}"
    assert second.startswith(" ..0x0000000000000000: pte 0x")
    assert second[-19:-16] == " 0x"


@pytest.mark.parametrize("nth", [1, 2])
def test_without_frames_a_call_fails_or_takes_none(hart, nth):
    hart.call("madvise", hart.heap, PAGES * PAGE_SIZE, MADV_DONTNEED)
    with failing_kalloc(hart.kernel, nth):
        results = [
            hart.call("mincore", hart.heap, PAGE_SIZE, hart.heap),
            hart.call("pgaccess", hart.heap, 1, hart.heap + PAGE_SIZE),
            hart.call("madvise", hart.heap, PAGE_SIZE, MADV_DONTNEED),
        ]
    assert set(results) <= {0, -1}
    assert results[2] == 0
    assert hart.kernel.panicked is None
    hart.exit()
    assert hart.kernel.kmem.used == hart.kernel.own_frames
