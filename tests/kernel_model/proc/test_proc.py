import pytest

from hdl.arch import PAGE_SIZE, Mstatus, Pte
from kernel_model.facts.costs import IDEAL, Step
from kernel_model.facts.memlayout import TRAPFRAME
from kernel_model.mm.space import AddressSpace
from kernel_model.proc.proc import allocproc, freeproc, growproc, proc_freepagetable, proc_pagetable
from kernel_model.proc.state import Proc
from kernel_model.proc.trapframe import TrapFrame
from tests.kernel_model.support import Memory, failing_kalloc, make_hart, make_kernel


def charged(kernel, function, *arguments):
    """Cycles that a call costs."""
    before = kernel.cycles
    function(kernel, *arguments)
    return kernel.cycles - before


def cost(*steps):
    return sum(IDEAL[step] for step in steps)


def test_one_that_was_just_made_is_nobody_and_has_nothing():
    proc = Proc(TrapFrame(Memory(), 0), AddressSpace(0))
    assert (proc.pid, proc.account.pid, proc.name) == (0, 0, "")
    assert (proc.sz, proc.space.resident, proc.xstate, proc.done) == (0, 0, 0, 0)
    assert proc.abi.value == proc.account.abi == "lab"


def test_it_starts_in_user_mode_with_64_bits_and_interrupts():
    kernel = make_kernel()
    assert allocproc(kernel).trapframe.sstatus == 2 << Mstatus.UXL | 1 << Mstatus.SPIE


def test_what_a_failure_costs():
    kernel = make_kernel()
    with failing_kalloc(kernel, 3):  # trap frame and root are there
        cycles = charged(kernel, allocproc)
    # The root is looked at for the trampoline, for what is to be undone of it, and whole.
    steps = [Step.ALLOCATE, Step.ZERO_PAGE, Step.FREE] * 2
    assert cycles == cost(*steps, Step.PTE, *513 * [Step.SCAN])


def test_what_it_costs_to_free_one():
    kernel = make_kernel()
    proc = allocproc(kernel)
    # The last two pages' entries, one in each table above theirs, and the three tables whole.
    looks = 2 + 1 + 1 + 3 * 512
    assert charged(kernel, freeproc, proc) == cost(*4 * [Step.FREE], *looks * [Step.SCAN])


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

    @pytest.mark.parametrize("n", [1, PAGE_SIZE, PAGE_SIZE + 1])
    def test_eager_growth_takes_each_page_that_is_covered(self, hart, n):
        used = hart.kernel.kmem.used
        assert growproc(hart.kernel, hart.proc, n, eager=True)
        assert hart.kernel.kmem.used - used == -(-n // PAGE_SIZE)
        rights = hart.pte(hart.heap) & (Pte.R | Pte.W | Pte.X | Pte.U)
        assert rights == Pte.R | Pte.W | Pte.U

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
