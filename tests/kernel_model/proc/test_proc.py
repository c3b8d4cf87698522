import pytest

from hdl.arch import PAGE_SIZE
from kernel_model.facts.memlayout import TRAPFRAME
from kernel_model.proc.proc import allocproc, freeproc, growproc, proc_freepagetable, proc_pagetable
from tests.kernel_model.support import failing_kalloc, make_hart, make_kernel


def test_every_failing_kalloc_of_allocproc():
    kernel = make_kernel()
    used = kernel.kmem.used
    for nth in range(1, 5):  # trap frame, page table, its two tables for trampoline and trap frame
        with failing_kalloc(kernel, nth) as calls:
            assert allocproc(kernel) is None
        assert len(calls) == nth
        assert kernel.kmem.used == used
    with failing_kalloc(kernel, 5):
        freeproc(kernel, allocproc(kernel))
    assert kernel.kmem.used == used


def test_page_table_of_a_process_is_freed_whole():
    hart = make_hart()
    kernel = hart.kernel
    used = kernel.kmem.used

    root = proc_pagetable(kernel, kernel.proc.trapframe)
    proc_freepagetable(kernel, root, 0)

    assert kernel.kmem.used == used


class TestGrowproc:
    @pytest.fixture
    def hart(self):
        return make_hart()

    def test_growing_takes_no_frame(self, hart):
        used = hart.kernel.kmem.used
        assert growproc(hart.kernel, hart.kernel.proc, 1 << 30)
        assert hart.kernel.kmem.used == used

    def test_shrinking_frees_touched_pages_only(self, hart):
        kernel, proc = hart.kernel, hart.kernel.proc
        growproc(kernel, proc, 10 * PAGE_SIZE)
        for page in (1, 5, 9):
            hart.store(hart.heap + page * PAGE_SIZE, 1)
        used = kernel.kmem.used

        assert growproc(kernel, proc, -6 * PAGE_SIZE + 1)

        assert kernel.kmem.used == used - 2
        assert hart.load(hart.heap + PAGE_SIZE) == 1

    def test_a_page_given_back_comes_back_empty(self, hart):
        kernel, proc = hart.kernel, hart.kernel.proc
        growproc(kernel, proc, PAGE_SIZE)
        hart.store(hart.heap, 1)

        growproc(kernel, proc, -PAGE_SIZE)
        growproc(kernel, proc, PAGE_SIZE)

        assert hart.load(hart.heap) == 0
        assert kernel.heap_frames_used == 2

    def test_bounds(self, hart):
        kernel, proc = hart.kernel, hart.kernel.proc
        assert not growproc(kernel, proc, -proc.sz - 1)
        assert not growproc(kernel, proc, TRAPFRAME - proc.sz + 1)
        assert growproc(kernel, proc, TRAPFRAME - proc.sz)
        assert growproc(kernel, proc, -proc.sz)
        assert proc.sz == 0

    def test_pages_promised_is_the_most_that_the_size_ever_covered(self, hart):
        kernel, proc = hart.kernel, hart.kernel.proc
        promised = []
        for n in (1, PAGE_SIZE - 1, 1, 3 * PAGE_SIZE, -4 * PAGE_SIZE, 2 * PAGE_SIZE, -proc.sz):
            growproc(kernel, proc, n)
            promised.append(kernel.pages_promised)
        assert promised == [1, 1, 2, 5, 5, 5, 5]
