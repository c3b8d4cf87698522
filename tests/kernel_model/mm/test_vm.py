import pytest

from hdl.arch import PAGE_SIZE, Pte, make_pte, pte_to_pa
from kernel_model.facts.costs import Step
from kernel_model.facts.memlayout import KERNBASE, MAXVA, TRAPFRAME
from kernel_model.facts.panic import KernelPanic
from kernel_model.mm import pagetable, vm
from kernel_model.mm.space import AddressSpace
from tests.kernel_model.support import failing_kalloc, make_kernel
from tests.kernel_model.tables import RWU, charged, map_new

GIB = 1 << 30


@pytest.fixture
def kernel():
    return make_kernel()


@pytest.fixture
def root(kernel):
    return vm.uvmcreate(kernel)


class TestUvmalloc:
    def test_fills_the_pages_that_the_size_gains(self, kernel, root):
        assert vm.uvmalloc(kernel, root, 0x1001, 0x3001, RWU) == 0x3001

        pages = list(pagetable.leaves(kernel, root, 0, MAXVA))
        assert [va for va, _, _ in pages] == [0x2000, 0x3000]
        for _, _, pte in pages:
            assert kernel.memory.read(pte_to_pa(pte), PAGE_SIZE) == bytes(PAGE_SIZE)

    def test_every_failure_gives_all_back(self, kernel, root):
        for nth in range(1, 7):  # two tables, three pages, and one call too many
            with failing_kalloc(kernel, nth) as calls:
                size = vm.uvmalloc(kernel, root, 0x1000, 0x4000, RWU)
            assert size == (0x4000 if nth == 6 else 0)
            assert len(calls) == min(nth, 5)
            assert len(list(pagetable.leaves(kernel, root, 0, MAXVA))) == (3 if nth == 6 else 0)
            vm.uvmfree(kernel, root, 0x4000)
            assert kernel.kmem.used == make_kernel().kmem.used
            root = vm.uvmcreate(kernel)

    def test_a_failure_keeps_the_pages_from_before(self, kernel, root):
        vm.uvmalloc(kernel, root, 0, 0x1000, RWU)

        with failing_kalloc(kernel, 2):
            assert vm.uvmalloc(kernel, root, 0x1000, 0x4000, RWU) == 0

        assert [va for va, _, _ in pagetable.leaves(kernel, root, 0, MAXVA)] == [0]


class TestSpaces:
    """The same for an address space, which knows how many of its pages are in memory."""

    @pytest.mark.parametrize(
        "old, new, pages", [(0x1800, 0x3800, 2), (0x2000, 0x2001, 1), (1, 2, 0)]
    )
    def test_a_heap_that_is_filled_has_the_pages_that_it_gains(self, kernel, root, old, new, pages):
        space = AddressSpace(root, old)
        assert vm.uvmallocheap(kernel, space, new)
        assert space.resident == pages == len(list(pagetable.leaves(kernel, root, 0, MAXVA)))

    def test_one_that_finds_no_frame_has_none(self, kernel, root):
        space = AddressSpace(root, 0x1000)
        with failing_kalloc(kernel, 3):
            assert not vm.uvmallocheap(kernel, space, 0x4000)
        assert space.resident == 0

    def test_a_copy_has_what_the_other_has(self, kernel, root):
        old, new = AddressSpace(root, 0x1000), AddressSpace(vm.uvmcreate(kernel))
        assert vm.uvmallocheap(kernel, old, 0x3000)
        old.resize(0x3000)
        assert vm.uvmcopyspace(kernel, old, new)
        assert (new.size, new.resident, new.regions) == (0x3000, 2, old.regions)

    def test_a_copy_that_finds_no_frame_is_none(self, kernel, root):
        old, new = AddressSpace(root, 0x1000), AddressSpace(vm.uvmcreate(kernel))
        assert vm.uvmallocheap(kernel, old, 0x3000)
        old.resize(0x3000)
        with failing_kalloc(kernel, 2):
            assert not vm.uvmcopyspace(kernel, old, new)
        assert (new.size, new.resident) == (0, 0)


class TestUvmdealloc:
    @pytest.mark.parametrize(
        "newsz, left", [(0x3000, 3), (0x2001, 3), (0x2000, 2), (1, 1), (0, 0)], ids=hex
    )
    def test_frees_whole_pages_only(self, kernel, root, newsz, left):
        vm.uvmalloc(kernel, root, 0, 0x3000, RWU)

        assert vm.uvmdealloc(kernel, root, 0x3000, newsz) == 3 - left

        assert len(list(pagetable.leaves(kernel, root, 0, MAXVA))) == left

    def test_leaves_what_lies_beyond_the_old_size(self, kernel, root):
        vm.uvmalloc(kernel, root, 0, 0x3000, RWU)
        map_new(kernel, root, 0x3000)

        vm.uvmdealloc(kernel, root, 0x3000, 0x1000)

        assert [va for va, _, _ in pagetable.leaves(kernel, root, 0, MAXVA)] == [0, 0x3000]

    @pytest.mark.parametrize("oldsz, newsz", [(0x2FFF, 0x2001), (0x1000, 0x3000)])
    def test_looks_at_nothing_if_no_page_goes(self, kernel, root, oldsz, newsz):
        vm.uvmalloc(kernel, root, 0, 0x3000, RWU)
        looked_at = charged(kernel, Step.PTE, Step.SCAN)
        assert vm.uvmdealloc(kernel, root, oldsz, newsz) == 0
        assert looked_at() == 0


class TestUvmcopy:
    @pytest.fixture
    def new(self, kernel, root):
        return vm.uvmcreate(kernel)

    def pages(self, kernel, root):
        """Contents' first byte and flags of each mapped page."""
        return {
            va: (kernel.memory.read(pte_to_pa(pte), 1), pte & 0x3FF)
            for va, _, pte in pagetable.leaves(kernel, root, 0, MAXVA)
        }

    def test_copies_pages_with_their_flags_and_skips_holes(self, kernel, root, new):
        for number, (va, perm) in enumerate(
            [(0, Pte.R | Pte.X | Pte.U), (0x1000, RWU), (0x5000, Pte.R), (3 * GIB, RWU)]
        ):
            kernel.memory.write(map_new(kernel, root, va, perm), bytes([number]))

        assert vm.uvmcopy(kernel, root, new, 3 * GIB + 1) == 4

        assert self.pages(kernel, new) == self.pages(kernel, root)
        frames = [
            {pte_to_pa(pte) for _, _, pte in pagetable.leaves(kernel, table, 0, MAXVA)}
            for table in (root, new)
        ]
        assert not frames[0] & frames[1]

    def test_a_whole_page_is_copied(self, kernel, root, new):
        content = bytes(range(256)) * 16
        kernel.memory.write(map_new(kernel, root, 0), content)
        vm.uvmcopy(kernel, root, new, PAGE_SIZE)
        assert kernel.memory.read(pagetable.walkaddr(kernel, new, 0), PAGE_SIZE) == content

    def test_copies_up_to_the_size_and_no_further(self, kernel, root, new):
        for va in (0, 0x1000, 0x2000):
            map_new(kernel, root, va)
        assert vm.uvmcopy(kernel, root, new, 0x1001) == 2
        assert set(self.pages(kernel, new)) == {0, 0x1000}

    def test_nothing_to_copy(self, kernel, root, new):
        used = kernel.kmem.used
        assert vm.uvmcopy(kernel, root, new, 100 * GIB) == 0
        assert kernel.kmem.used == used

    def test_past_the_largest_size(self, kernel, root, new):
        map_new(kernel, root, 0)
        assert vm.uvmcopy(kernel, root, new, TRAPFRAME + 1) is None
        assert self.pages(kernel, new) == {}

    def test_every_failure_gives_all_back(self, kernel, root):
        for va in (0, 0x1000, 0x20_0000, 5 * GIB):
            map_new(kernel, root, va)
        used = kernel.kmem.used
        for nth in range(1, 11):  # five tables and four pages, and one call too many
            new = vm.uvmcreate(kernel)
            with failing_kalloc(kernel, nth) as calls:
                copied = vm.uvmcopy(kernel, root, new, 6 * GIB)
            assert copied == (4 if nth == 10 else None)
            assert len(calls) == min(nth, 9)
            assert len(self.pages(kernel, new)) == (4 if nth == 10 else 0)
            vm.uvmfree(kernel, new, 6 * GIB)
            assert kernel.kmem.used == used

    def test_a_failure_late_in_a_large_process_gives_all_back(self, kernel, root, new):
        last = 4999 * PAGE_SIZE
        for va in (last - PAGE_SIZE, last):
            map_new(kernel, root, va)
        with failing_kalloc(kernel, 4):  # two tables and a page are to be had
            assert vm.uvmcopy(kernel, root, new, last + PAGE_SIZE) is None
        assert self.pages(kernel, new) == {}

    def test_copying_is_charged_by_eight_bytes(self, kernel, root, new):
        map_new(kernel, root, 0)
        map_new(kernel, root, PAGE_SIZE)
        copied = charged(kernel, Step.COPY)
        vm.uvmcopy(kernel, root, new, 2 * PAGE_SIZE)
        assert copied() == 2 * 512

    def test_sharing_writes_the_old_entry_once_to_take_w_from_it(self, kernel, root, new):
        map_new(kernel, root, 0)
        map_new(kernel, root, PAGE_SIZE, Pte.R | Pte.U)
        written = charged(kernel, Step.PTE)
        vm.uvmcopy(kernel, root, new, 2 * PAGE_SIZE, lambda frame: True)
        first = written()
        vm.uvmcopy(kernel, root, vm.uvmcreate(kernel), 2 * PAGE_SIZE, lambda frame: True)
        assert first - (written() - first) == 1

    @pytest.mark.parametrize("perm", [Pte.R, Pte.W, Pte.X], ids=str)
    def test_any_permission_makes_a_leaf(self, kernel, root, new, perm):
        map_new(kernel, root, 0, perm)
        assert vm.uvmcopy(kernel, root, new, PAGE_SIZE) == 1
        assert self.pages(kernel, new) == self.pages(kernel, root)

    def test_copied_code_has_to_be_fenced(self, kernel, root, new):
        map_new(kernel, root, 0)
        vm.uvmcopy(kernel, root, new, 0x2000)
        assert not kernel.wrote_code
        map_new(kernel, root, 0x1000, Pte.R | Pte.X | Pte.U)
        vm.uvmcopy(kernel, root, vm.uvmcreate(kernel), 0x2000)
        assert kernel.wrote_code

    def test_what_is_no_leaf_panics(self, kernel, root, new):
        map_new(kernel, root, 0x1000)
        kernel.memory.write_u64(pagetable.walk(kernel, root, 0x1000), make_pte(KERNBASE, Pte.V))
        with pytest.raises(KernelPanic, match="uvmcopy: 0x1000 is not a leaf"):
            vm.uvmcopy(kernel, root, new, 0x2000)

    def test_skips_holes_by_level(self, kernel, root, new):
        for va in (0, 100 * GIB):
            map_new(kernel, root, va)
        looked_at = charged(kernel, Step.PTE, Step.SCAN)

        vm.uvmcopy(kernel, root, new, 101 * GIB)

        # As `uvmunmap`; the last table is looked at up to the size, which is its end. And a walk
        # of three for either table.
        assert looked_at() == 101 + 4 * 512 + 2 * 3


def test_uvmclear_panics_on_a_hole(kernel, root):
    with pytest.raises(KernelPanic, match="uvmclear"):
        vm.uvmclear(kernel, root, 0x1000)


def test_uvmfree_frees_all(kernel, root):
    used = kernel.kmem.used - 1
    for va in (0, 0x1000, 0x20_0000, 5 * GIB):
        map_new(kernel, root, va)

    vm.uvmfree(kernel, root, 5 * GIB + 1)

    assert kernel.kmem.used == used


def test_uvmfree_frees_the_size_and_no_more(kernel, root):
    map_new(kernel, root, 0x1000)
    with pytest.raises(KernelPanic, match="freewalk: leaf"):
        vm.uvmfree(kernel, root, 0x1000)
