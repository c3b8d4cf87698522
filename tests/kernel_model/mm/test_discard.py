"""Which pages a process may give back."""

import pytest

from hdl.arch import PAGE_SIZE
from kernel_model.mm.discard import discard, may_discard, owned, resident
from tests.kernel_model.support import make_hart


@pytest.fixture
def hart():
    hart = make_hart()
    hart.sbrk(4 * PAGE_SIZE)
    hart.store(hart.heap + PAGE_SIZE, 1)
    return hart


def test_the_heap_and_the_stack_may_go_but_no_guard_page_and_no_text(hart):
    space, heap = hart.proc.space, hart.heap
    assert may_discard(space, heap, hart.proc.sz)
    assert may_discard(space, heap - PAGE_SIZE, heap)
    assert not may_discard(space, heap - 2 * PAGE_SIZE, heap)
    assert not may_discard(space, 0, PAGE_SIZE)


def test_what_is_past_the_size_is_nobodys(hart):
    assert owned(hart.proc.space, 0, hart.proc.sz)
    assert not owned(hart.proc.space, hart.proc.sz, hart.proc.sz + PAGE_SIZE)


def test_resident_pages_leave_and_the_rest_stays(hart):
    kernel, space, heap = hart.kernel, hart.proc.space, hart.heap
    before = space.resident
    assert list(resident(kernel, space, heap, hart.proc.sz)) == [heap + PAGE_SIZE]
    assert discard(kernel, space, heap, hart.proc.sz)
    assert list(resident(kernel, space, heap, hart.proc.sz)) == []
    assert space.resident == before - 1


def test_no_page_at_all_is_the_processs_up_to_its_size(hart):
    space, size = hart.proc.space, hart.proc.sz
    assert owned(space, size, size)
    assert not owned(space, size, size - PAGE_SIZE)


def test_where_a_frame_lacks_nothing_is_given_back(hart, monkeypatch):
    monkeypatch.setattr("kernel_model.mm.discard.unmap", lambda *arguments: None)
    space = hart.proc.space
    before = space.resident
    assert discard(hart.kernel, space, hart.heap, hart.proc.sz) is False
    assert space.resident == before
