import pytest

from hdl.arch import PAGE_SIZE, Pte, make_pte, pte_to_pa
from kernel_model import vm
from kernel_model.costs import Step
from kernel_model.layout import DOORBELL, KERNBASE, MAXVA, TRAMPOLINE
from kernel_model.panic import KernelPanic
from tests.kernel_model.support import charged, failing_kalloc, make_kernel

RWU = Pte.R | Pte.W | Pte.U
GIB = 1 << 30


@pytest.fixture
def kernel():
    return make_kernel()


@pytest.fixture
def root(kernel):
    return vm.uvmcreate(kernel)


def map_new(kernel, root, va, perm=RWU):
    """Map a frame at `va` and return it."""
    frame = vm.zalloc(kernel)
    assert vm.mappages(kernel, root, va, PAGE_SIZE, frame, perm)
    return frame


class TestWalk:
    def test_finds_nothing_in_an_empty_table(self, kernel, root):
        assert vm.walk(kernel, root, 0x1000) == 0

    def test_makes_cleared_tables(self, kernel, root):
        used = kernel.kmem.used

        entry = vm.walk(kernel, root, 0x1000, alloc=True)

        assert kernel.kmem.used == used + 2
        assert entry % PAGE_SIZE == 8
        table = entry - 8
        assert kernel.memory.read(table, PAGE_SIZE) == bytes(PAGE_SIZE)
        assert vm.walk(kernel, root, 0x1000) == entry

    def test_uses_each_field_of_the_address(self, kernel, root):
        va = 3 << 30 | 5 << 21 | 7 << 12 | 0xFFF

        entry = vm.walk(kernel, root, va, alloc=True)

        middle = pte_to_pa(kernel.memory.read_u64(root + 8 * 3))
        last = pte_to_pa(kernel.memory.read_u64(middle + 8 * 5))
        assert entry == last + 8 * 7
        assert vm.walk(kernel, root, va, level=1) == middle + 8 * 5
        assert vm.walk(kernel, root, va, level=2) == root + 8 * 3

    @pytest.mark.parametrize("nth", [1, 2])
    def test_takes_nothing_if_a_table_lacks_its_frame(self, kernel, root, nth):
        used = kernel.kmem.used

        with failing_kalloc(kernel, nth):
            assert vm.walk(kernel, root, 0x1000, alloc=True) == 0

        assert kernel.kmem.used == used
        assert kernel.memory.read(root, PAGE_SIZE) == bytes(PAGE_SIZE)

    def test_panics_beyond_maxva(self, kernel, root):
        with pytest.raises(KernelPanic, match="walk: 0x4000000000 is beyond MAXVA"):
            vm.walk(kernel, root, MAXVA)

    def test_panics_in_a_superpage(self, kernel):
        root = superpage_table(kernel)
        with pytest.raises(KernelPanic, match="walk: 0x80001000 is in a superpage"):
            vm.walk(kernel, root, KERNBASE + 0x1000)


def superpage_table(kernel):
    """A page table with a 2 MiB page at KERNBASE."""
    root = vm.uvmcreate(kernel)
    vm.kvmmap(kernel, root, KERNBASE, KERNBASE, 2 << 20, Pte.R)
    return root


class TestMappages:
    @pytest.mark.parametrize("svadu", [False, True])
    def test_sets_a_and_d_unless_the_hart_does(self, svadu):
        kernel = make_kernel(svadu=svadu)
        root = vm.uvmcreate(kernel)

        frame = map_new(kernel, root, 0x5000, Pte.R | Pte.U)

        flags = Pte.V | Pte.R | Pte.U | (0 if svadu else Pte.A | Pte.D)
        assert vm.getpte(kernel, root, 0x5000) == make_pte(frame, flags)

    def test_maps_a_run_of_pages(self, kernel, root):
        assert vm.mappages(kernel, root, 0x1FF000, 3 * PAGE_SIZE, KERNBASE, Pte.R)

        frames = [pte_to_pa(pte) for _, _, pte in vm.leaves(kernel, root, 0, MAXVA)]
        assert frames == [KERNBASE + n * PAGE_SIZE for n in range(3)]

    @pytest.mark.parametrize("nth", [1, 2, 3])
    def test_maps_nothing_if_a_table_lacks_its_frame(self, kernel, root, nth):
        # The run needs three tables: two for its first page, and the next one's at 2 MiB.
        with failing_kalloc(kernel, nth) as calls:
            assert not vm.mappages(kernel, root, 0x1FF000, 2 * PAGE_SIZE, KERNBASE, Pte.R)

        assert len(calls) == nth
        assert list(vm.leaves(kernel, root, 0, MAXVA)) == []
        used = kernel.kmem.used
        vm.freewalk(kernel, root)
        assert kernel.kmem.used == used - (3 if nth == 3 else 1)

    def test_a_failure_undoes_its_own_pages_only_and_frees_none(self, kernel, root):
        others = [map_new(kernel, root, va) for va in (0x3000, 0x40_0000)]
        frame = vm.zalloc(kernel)
        used = kernel.kmem.used

        with failing_kalloc(kernel, 1):  # the run is over before its second table
            assert not vm.mappages(kernel, root, 0x1FF000, 2 * PAGE_SIZE, frame, Pte.R)

        assert kernel.kmem.used == used
        assert [pte_to_pa(pte) for _, _, pte in vm.leaves(kernel, root, 0, MAXVA)] == others

    def test_maps_more_pages_than_a_page_has_bytes(self, kernel):
        kernel = make_kernel(size=20 << 20)
        root = vm.uvmcreate(kernel)
        pages = PAGE_SIZE + 2

        assert vm.mappages(kernel, root, 0, pages * PAGE_SIZE, KERNBASE, Pte.R)

        frames = [pte_to_pa(pte) for _, _, pte in vm.leaves(kernel, root, 0, MAXVA)]
        assert frames == [KERNBASE + n * PAGE_SIZE for n in range(pages)]

    @pytest.mark.parametrize("perm", [Pte.R, Pte.X])
    def test_remap_panics(self, kernel, root, perm):
        map_new(kernel, root, 0x1000, perm)
        with pytest.raises(KernelPanic, match="mappages: remap of 0x1000"):
            vm.mappages(kernel, root, 0x1000, PAGE_SIZE, KERNBASE, Pte.R)

    @pytest.mark.parametrize("va, size", [(0x1001, PAGE_SIZE), (0x1000, 1), (0x1000, 0)])
    def test_what_is_no_run_of_pages_panics(self, kernel, root, va, size):
        with pytest.raises(KernelPanic, match="mappages: "):
            vm.mappages(kernel, root, va, size, KERNBASE, Pte.R)


class TestWalkaddr:
    def test_finds_a_user_page(self, kernel, root):
        frame = map_new(kernel, root, 0x1000)
        assert vm.walkaddr(kernel, root, 0x1FFF) == frame

    @pytest.mark.parametrize("va", [0x2000, MAXVA, (1 << 64) - 1], ids=hex)
    def test_finds_no_page(self, kernel, root, va):
        map_new(kernel, root, 0x1000)
        assert vm.walkaddr(kernel, root, va) == 0

    def test_hides_what_is_not_the_users(self, kernel, root):
        map_new(kernel, root, 0x1000)
        vm.uvmclear(kernel, root, 0x1000)
        assert vm.walkaddr(kernel, root, 0x1000) == 0


def test_uvmclear_panics_on_a_hole(kernel, root):
    with pytest.raises(KernelPanic, match="uvmclear"):
        vm.uvmclear(kernel, root, 0x1000)


class TestUvmunmap:
    def test_frees_the_pages_of_the_range_and_no_others(self, kernel, root):
        frames = {va: map_new(kernel, root, va) for va in range(0, 5 * PAGE_SIZE, PAGE_SIZE)}
        used = kernel.kmem.used

        vm.uvmunmap(kernel, root, 0x1000, 3, do_free=True)

        assert kernel.kmem.used == used - 3
        left = {va: pte_to_pa(pte) for va, _, pte in vm.leaves(kernel, root, 0, MAXVA)}
        assert left == {va: frames[va] for va in (0, 0x4000)}

    def test_keeps_frames_that_are_not_to_be_freed(self, kernel, root):
        map_new(kernel, root, 0x1000)
        used = kernel.kmem.used

        vm.uvmunmap(kernel, root, 0x1000, 1, do_free=False)

        assert kernel.kmem.used == used
        assert vm.getpte(kernel, root, 0x1000) == 0

    @pytest.mark.parametrize("start", [0, 0x1F_F000, 0x20_0000, GIB - PAGE_SIZE, GIB], ids=hex)
    @pytest.mark.parametrize("npages", [1, 2, 512, 513, 1 << 18, (1 << 18) + 1])
    def test_bounds_at_every_level(self, kernel, root, start, npages):
        end = start + npages * PAGE_SIZE
        inside = {start, end - PAGE_SIZE}
        outside = {end} | ({start - PAGE_SIZE} if start else set())
        for va in inside | outside:
            map_new(kernel, root, va)

        vm.uvmunmap(kernel, root, start, npages, do_free=True)

        assert {va for va, _, _ in vm.leaves(kernel, root, 0, MAXVA)} == outside

    def test_skips_holes_by_level(self, kernel, root):
        for va in (0, 100 * GIB):
            map_new(kernel, root, va)
        looked_at = charged(kernel, Step.PTE)

        vm.uvmunmap(kernel, root, 0, 101 * GIB // PAGE_SIZE, do_free=True)

        # 101 entries of the root, and for either page one table of 512 at each level below.
        assert looked_at() == 101 + 4 * 512

    def test_looks_only_where_the_range_is(self, kernel, root):
        map_new(kernel, root, 0x7000)
        looked_at = charged(kernel, Step.PTE)

        vm.uvmunmap(kernel, root, 0x5000, 3, do_free=True)
        assert looked_at() == 1 + 1 + 3
        vm.uvmunmap(kernel, root, 0, 0, do_free=True)
        assert looked_at() == 1 + 1 + 3

    def test_a_page_to_be_run_only_is_a_leaf(self, kernel, root):
        map_new(kernel, root, 0x1000, Pte.X)
        with pytest.raises(KernelPanic, match="freewalk: leaf"):
            vm.freewalk(kernel, root)
        vm.uvmunmap(kernel, root, 0x1000, 1, do_free=True)
        assert vm.getpte(kernel, root, 0x1000) == 0

    def test_what_is_no_leaf_panics(self, kernel, root):
        map_new(kernel, root, 0x1000)
        kernel.memory.write_u64(vm.walk(kernel, root, 0x1000), make_pte(KERNBASE, Pte.V))
        with pytest.raises(KernelPanic, match="uvmunmap: 0x1000 is not a leaf"):
            vm.uvmunmap(kernel, root, 0, 2, do_free=True)

    def test_an_address_inside_a_page_panics(self, kernel, root):
        with pytest.raises(KernelPanic, match="uvmunmap: 0x10 is not aligned"):
            vm.uvmunmap(kernel, root, 0x10, 1, do_free=True)

    def test_a_superpage_panics(self, kernel):
        root = superpage_table(kernel)
        with pytest.raises(KernelPanic, match="leaves: 0x80000000 is in a superpage"):
            vm.uvmunmap(kernel, root, KERNBASE, 1, do_free=True)


class TestUvmalloc:
    def test_fills_the_pages_that_the_size_gains(self, kernel, root):
        assert vm.uvmalloc(kernel, root, 0x1001, 0x3001, RWU) == 0x3001

        pages = list(vm.leaves(kernel, root, 0, MAXVA))
        assert [va for va, _, _ in pages] == [0x2000, 0x3000]
        for _, _, pte in pages:
            assert kernel.memory.read(pte_to_pa(pte), PAGE_SIZE) == bytes(PAGE_SIZE)

    def test_every_failure_gives_all_back(self, kernel, root):
        for nth in range(1, 7):  # two tables, three pages, and one call too many
            with failing_kalloc(kernel, nth) as calls:
                size = vm.uvmalloc(kernel, root, 0x1000, 0x4000, RWU)
            assert size == (0x4000 if nth == 6 else 0)
            assert len(calls) == min(nth, 5)
            assert len(list(vm.leaves(kernel, root, 0, MAXVA))) == (3 if nth == 6 else 0)
            vm.uvmfree(kernel, root, 0x4000)
            assert kernel.kmem.used == make_kernel().kmem.used
            root = vm.uvmcreate(kernel)

    def test_a_failure_keeps_the_pages_from_before(self, kernel, root):
        vm.uvmalloc(kernel, root, 0, 0x1000, RWU)

        with failing_kalloc(kernel, 2):
            assert vm.uvmalloc(kernel, root, 0x1000, 0x4000, RWU) == 0

        assert [va for va, _, _ in vm.leaves(kernel, root, 0, MAXVA)] == [0]


class TestUvmdealloc:
    @pytest.mark.parametrize(
        "newsz, left", [(0x3000, 3), (0x2001, 3), (0x2000, 2), (1, 1), (0, 0)], ids=hex
    )
    def test_frees_whole_pages_only(self, kernel, root, newsz, left):
        vm.uvmalloc(kernel, root, 0, 0x3000, RWU)

        assert vm.uvmdealloc(kernel, root, 0x3000, newsz) == newsz

        assert len(list(vm.leaves(kernel, root, 0, MAXVA))) == left

    def test_leaves_what_lies_beyond_the_old_size(self, kernel, root):
        vm.uvmalloc(kernel, root, 0, 0x3000, RWU)
        map_new(kernel, root, 0x3000)

        vm.uvmdealloc(kernel, root, 0x3000, 0x1000)

        assert [va for va, _, _ in vm.leaves(kernel, root, 0, MAXVA)] == [0, 0x3000]

    def test_looks_at_nothing_if_no_page_goes(self, kernel, root):
        vm.uvmalloc(kernel, root, 0, 0x3000, RWU)
        looked_at = charged(kernel, Step.PTE)
        assert vm.uvmdealloc(kernel, root, 0x2FFF, 0x2001) == 0x2001
        assert looked_at() == 0

    def test_does_not_grow(self, kernel, root):
        assert vm.uvmdealloc(kernel, root, 0x1000, 0x3000) == 0x1000


class TestFreeing:
    def test_uvmfree_frees_all(self, kernel, root):
        used = kernel.kmem.used - 1
        for va in (0, 0x1000, 0x20_0000, 5 * GIB):
            map_new(kernel, root, va)

        vm.uvmfree(kernel, root, 5 * GIB + 1)

        assert kernel.kmem.used == used

    def test_uvmfree_frees_the_size_and_no_more(self, kernel, root):
        map_new(kernel, root, 0x1000)
        with pytest.raises(KernelPanic, match="freewalk: leaf"):
            vm.uvmfree(kernel, root, 0x1000)

    def test_freewalk_looks_at_every_entry_of_every_table(self, kernel, root):
        vm.walk(kernel, root, 0x1000, alloc=True)
        looked_at = charged(kernel, Step.PTE)
        vm.freewalk(kernel, root)
        assert looked_at() == 3 * 512

    def test_freewalk_passes_over_entries_that_are_not_valid(self, kernel, root):
        used = kernel.kmem.used
        kernel.memory.write_u64(root + 8, make_pte(KERNBASE, 0))
        vm.freewalk(kernel, root)
        assert kernel.kmem.used == used - 1

    def test_freewalk_panics_on_a_page_that_is_still_mapped(self, kernel, root):
        map_new(kernel, root, 0x1000)
        with pytest.raises(KernelPanic, match="freewalk: leaf"):
            vm.freewalk(kernel, root)


class TestKvmmake:
    def entries(self, kernel, va):
        """The entries that a walk of the kernel's page table meets, from the root down."""
        table = (kernel.satp & (1 << 44) - 1) << 12
        path = []
        for level in (2, 1, 0):
            pte = kernel.memory.read_u64(table + 8 * ((va >> 12 + 9 * level) & 511))
            path.append(pte)
            if pte & (Pte.R | Pte.W | Pte.X) or not pte & Pte.V:
                return path
            table = pte_to_pa(pte)
        raise AssertionError("no leaf")

    def test_maps_ram_by_the_largest_pages(self):
        kernel = make_kernel(size=(4 << 20) + 2 * PAGE_SIZE)
        rw = Pte.V | Pte.R | Pte.W | Pte.A | Pte.D

        big = self.entries(kernel, KERNBASE + (3 << 20))
        small = self.entries(kernel, KERNBASE + (4 << 20) + PAGE_SIZE)
        none = self.entries(kernel, KERNBASE + (4 << 20) + 2 * PAGE_SIZE)

        assert (len(big), big[-1]) == (2, make_pte(KERNBASE + (2 << 20), rw))
        assert (len(small), small[-1]) == (3, make_pte(KERNBASE + (4 << 20) + PAGE_SIZE, rw))
        assert none[-1] == 0

    def test_maps_doorbell_and_trampoline(self):
        kernel = make_kernel()

        doorbell = self.entries(kernel, DOORBELL)[-1]
        trampoline = self.entries(kernel, TRAMPOLINE)[-1]

        flags = Pte.V | Pte.A | Pte.D
        assert doorbell == make_pte(DOORBELL, flags | Pte.R | Pte.W)
        assert trampoline == make_pte(KERNBASE, flags | Pte.R | Pte.X)

    def test_leaves_a_and_d_to_the_hart_under_svadu(self):
        kernel = make_kernel(svadu=True)
        assert self.entries(kernel, KERNBASE)[-1] & (Pte.A | Pte.D) == 0

    def test_uses_gigabyte_pages(self, kernel, root):
        vm.kvmmap(kernel, root, 2 * GIB, 2 * GIB, GIB + (2 << 20), Pte.R)

        assert kernel.memory.read_u64(root + 8 * 2) & Pte.R
        assert not kernel.memory.read_u64(root + 8 * 3) & Pte.R
        assert kernel.memory.read_u64(vm.walk(kernel, root, 3 * GIB, level=1)) & Pte.R

    def test_uses_small_pages_where_only_one_address_is_aligned(self, kernel, root):
        large = 2 << 20
        vm.kvmmap(kernel, root, large, KERNBASE + PAGE_SIZE, large, Pte.R)
        vm.kvmmap(kernel, root, 5 * large + PAGE_SIZE, KERNBASE, large, Pte.R)

        for va, pa in ((large, KERNBASE + PAGE_SIZE), (5 * large + PAGE_SIZE, KERNBASE)):
            for offset in (0, large - PAGE_SIZE):
                pte = vm.getpte(kernel, root, va + offset)
                assert pte_to_pa(pte) == pa + offset

    @pytest.mark.parametrize("nth", [1, 2, 5])
    def test_panics_without_frames(self, kernel, nth):
        with failing_kalloc(kernel, nth), pytest.raises(KernelPanic, match="kvmma"):
            vm.kvmmake(kernel, kernel.trampoline)
