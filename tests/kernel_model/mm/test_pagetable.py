import pytest

from hdl.arch import PAGE_SIZE, Pte, make_pte, pte_to_pa
from kernel_model.facts.costs import Step
from kernel_model.facts.memlayout import KERNBASE, MAXVA
from kernel_model.facts.panic import KernelPanic
from kernel_model.mm import pagetable, vm
from tests.kernel_model.support import failing_kalloc, make_kernel
from tests.kernel_model.tables import charged, map_new, superpage_table

GIB = 1 << 30


@pytest.fixture
def kernel():
    return make_kernel()


@pytest.fixture
def root(kernel):
    return vm.uvmcreate(kernel)


class TestWalk:
    def test_finds_nothing_in_an_empty_table(self, kernel, root):
        assert pagetable.walk(kernel, root, 0x1000) == 0

    def test_makes_cleared_tables(self, kernel, root):
        used = kernel.kmem.used

        entry = pagetable.walk(kernel, root, 0x1000, alloc=True)

        assert kernel.kmem.used == used + 2
        assert entry % PAGE_SIZE == 8
        table = entry - 8
        assert kernel.memory.read(table, PAGE_SIZE) == bytes(PAGE_SIZE)
        assert pagetable.walk(kernel, root, 0x1000) == entry

    def test_uses_each_field_of_the_address(self, kernel, root):
        va = 3 << 30 | 5 << 21 | 7 << 12 | 0xFFF

        entry = pagetable.walk(kernel, root, va, alloc=True)

        middle = pte_to_pa(kernel.memory.read_u64(root + 8 * 3))
        last = pte_to_pa(kernel.memory.read_u64(middle + 8 * 5))
        assert entry == last + 8 * 7
        assert pagetable.walk(kernel, root, va, level=1) == middle + 8 * 5
        assert pagetable.walk(kernel, root, va, level=2) == root + 8 * 3

    @pytest.mark.parametrize("nth", [1, 2])
    def test_takes_nothing_if_a_table_lacks_its_frame(self, kernel, root, nth):
        used = kernel.kmem.used

        with failing_kalloc(kernel, nth):
            assert pagetable.walk(kernel, root, 0x1000, alloc=True) == 0

        assert kernel.kmem.used == used
        assert kernel.memory.read(root, PAGE_SIZE) == bytes(PAGE_SIZE)

    def test_panics_beyond_maxva(self, kernel, root):
        with pytest.raises(KernelPanic, match="walk: 0x4000000000 is beyond MAXVA"):
            pagetable.walk(kernel, root, MAXVA)
        with pytest.raises(KernelPanic, match="walk: 0x4000000000 is beyond MAXVA"):
            pagetable.getpte(kernel, root, 1 << 38)

    def test_panics_in_a_superpage(self, kernel):
        root = superpage_table(kernel)
        with pytest.raises(KernelPanic, match="walk: 0x80001000 is in a superpage"):
            pagetable.walk(kernel, root, KERNBASE + 0x1000)


class TestMappages:
    @pytest.mark.parametrize("svadu", [False, True])
    def test_sets_a_and_d_unless_the_hart_does(self, svadu):
        kernel = make_kernel(svadu=svadu)
        root = vm.uvmcreate(kernel)

        frame = map_new(kernel, root, 0x5000, Pte.R | Pte.U)

        flags = Pte.V | Pte.R | Pte.U | (0 if svadu else Pte.A | Pte.D)
        assert pagetable.getpte(kernel, root, 0x5000) == make_pte(frame, flags)

    def test_maps_a_run_of_pages(self, kernel, root):
        assert pagetable.mappages(kernel, root, 0x1FF000, 3 * PAGE_SIZE, KERNBASE, Pte.R)

        frames = [pte_to_pa(pte) for _, _, pte in pagetable.leaves(kernel, root, 0, MAXVA)]
        assert frames == [KERNBASE + n * PAGE_SIZE for n in range(3)]

    @pytest.mark.parametrize("nth", [1, 2, 3])
    def test_maps_nothing_if_a_table_lacks_its_frame(self, kernel, root, nth):
        # The run needs three tables: two for its first page, and the next one's at 2 MiB.
        with failing_kalloc(kernel, nth) as calls:
            assert not pagetable.mappages(kernel, root, 0x1FF000, 2 * PAGE_SIZE, KERNBASE, Pte.R)

        assert len(calls) == nth
        assert list(pagetable.leaves(kernel, root, 0, MAXVA)) == []
        used = kernel.kmem.used
        pagetable.freewalk(kernel, root)
        assert kernel.kmem.used == used - (3 if nth == 3 else 1)

    def test_a_failure_undoes_its_own_pages_only_and_frees_none(self, kernel, root):
        others = [map_new(kernel, root, va) for va in (0x3000, 0x40_0000)]
        frame = pagetable.zalloc(kernel)
        used = kernel.kmem.used

        with failing_kalloc(kernel, 1):  # the run is over before its second table
            assert not pagetable.mappages(kernel, root, 0x1FF000, 2 * PAGE_SIZE, frame, Pte.R)

        assert kernel.kmem.used == used
        assert [pte_to_pa(pte) for _, _, pte in pagetable.leaves(kernel, root, 0, MAXVA)] == others

    def test_maps_more_pages_than_a_page_has_bytes(self):
        kernel = make_kernel(size=20 << 20)
        root = vm.uvmcreate(kernel)
        pages = PAGE_SIZE + 2

        assert pagetable.mappages(kernel, root, 0, pages * PAGE_SIZE, KERNBASE, Pte.R)

        frames = [pte_to_pa(pte) for _, _, pte in pagetable.leaves(kernel, root, 0, MAXVA)]
        assert frames == [KERNBASE + n * PAGE_SIZE for n in range(pages)]

    @pytest.mark.parametrize("perm", [Pte.R, Pte.X])
    def test_remap_panics(self, kernel, root, perm):
        map_new(kernel, root, 0x1000, perm)
        with pytest.raises(KernelPanic, match="mappages: remap of 0x1000"):
            pagetable.mappages(kernel, root, 0x1000, PAGE_SIZE, KERNBASE, Pte.R)

    @pytest.mark.parametrize("va, size", [(0x1001, PAGE_SIZE), (0x1000, 1), (0x1000, 0)])
    def test_what_is_no_run_of_pages_panics(self, kernel, root, va, size):
        with pytest.raises(KernelPanic, match="mappages: "):
            pagetable.mappages(kernel, root, va, size, KERNBASE, Pte.R)


class TestWalkaddr:
    @pytest.mark.parametrize("perm", [Pte.R | Pte.W, Pte.X], ids=str)
    def test_finds_a_user_page(self, kernel, root, perm):
        frame = map_new(kernel, root, 0x1000, perm | Pte.U)
        assert pagetable.walkaddr(kernel, root, 0x1FFF) == frame

    @pytest.mark.parametrize("va", [0x2000, MAXVA, (1 << 64) - 1], ids=hex)
    def test_finds_no_page(self, kernel, root, va):
        map_new(kernel, root, 0x1000)
        assert pagetable.walkaddr(kernel, root, va) == 0

    def test_hides_what_is_not_the_users(self, kernel, root):
        map_new(kernel, root, 0x1000)
        vm.uvmclear(kernel, root, 0x1000)
        assert pagetable.walkaddr(kernel, root, 0x1000) == 0


class TestEntries:
    def test_are_the_valid_ones_of_the_range(self, kernel, root):
        for index, pte in [(0, 1), (3, 0x11), (4, 0x10), (5, 0x21), (511, 0x31)]:
            kernel.memory.write_u64(root + 8 * index, pte)
        assert pagetable.entries(kernel, root) == [(0, 1), (3, 0x11), (5, 0x21), (511, 0x31)]
        assert pagetable.entries(kernel, root, 1, 5) == [(3, 0x11)]
        assert (
            pagetable.entries(kernel, root, 5, 5) == pagetable.entries(kernel, root, 6, 511) == []
        )

    def test_of_an_empty_range_are_none_and_cost_nothing(self, kernel, root):
        pagetable.walk(kernel, root, 4 * GIB, alloc=True)
        looked_at = charged(kernel, Step.PTE, Step.SCAN)

        assert pagetable.entries(kernel, root, 4, 4) == []
        assert pagetable.entries(kernel, root, 5, 3) == []
        assert looked_at() == 0


def test_leaves_come_with_the_address_of_their_entry(kernel, root):
    pages = [0x5000, 0x40_0000, 3 * GIB]
    for va in pages:
        map_new(kernel, root, va)

    found = list(pagetable.leaves(kernel, root, 0, MAXVA))

    assert [va for va, _, _ in found] == pages
    assert [entry for _, entry, _ in found] == [pagetable.walk(kernel, root, va) for va in pages]


class TestUvmunmap:
    def test_frees_the_pages_of_the_range_and_no_others(self, kernel, root):
        frames = {va: map_new(kernel, root, va) for va in range(0, 5 * PAGE_SIZE, PAGE_SIZE)}
        used = kernel.kmem.used

        pagetable.uvmunmap(kernel, root, 0x1000, 3, do_free=True)

        assert kernel.kmem.used == used - 3
        left = {va: pte_to_pa(pte) for va, _, pte in pagetable.leaves(kernel, root, 0, MAXVA)}
        assert left == {va: frames[va] for va in (0, 0x4000)}

    def test_keeps_frames_that_are_not_to_be_freed(self, kernel, root):
        map_new(kernel, root, 0x1000)
        used = kernel.kmem.used

        pagetable.uvmunmap(kernel, root, 0x1000, 1, do_free=False)

        assert kernel.kmem.used == used
        assert pagetable.getpte(kernel, root, 0x1000) == 0

    @pytest.mark.parametrize("start", [0, 0x1F_F000, 0x20_0000, GIB - PAGE_SIZE, GIB], ids=hex)
    @pytest.mark.parametrize("npages", [1, 2, 512, 513, 1 << 18, (1 << 18) + 1])
    def test_bounds_at_every_level(self, kernel, root, start, npages):
        end = start + npages * PAGE_SIZE
        inside = {start, end - PAGE_SIZE}
        outside = {end} | ({start - PAGE_SIZE} if start else set())
        for va in inside | outside:
            map_new(kernel, root, va)

        pagetable.uvmunmap(kernel, root, start, npages, do_free=True)

        assert {va for va, _, _ in pagetable.leaves(kernel, root, 0, MAXVA)} == outside

    def test_skips_holes_by_level(self, kernel, root):
        for va in (0, 100 * GIB):
            map_new(kernel, root, va)
        looked_at = charged(kernel, Step.PTE, Step.SCAN)

        pagetable.uvmunmap(kernel, root, 0, 101 * GIB // PAGE_SIZE, do_free=True)

        # 101 entries of the root, and for either page one table of 512 at each level below.
        assert looked_at() == 101 + 4 * 512

    def test_looks_only_where_the_range_is(self, kernel, root):
        map_new(kernel, root, 0x7000)
        looked_at = charged(kernel, Step.PTE, Step.SCAN)

        pagetable.uvmunmap(kernel, root, 0x5000, 3, do_free=True)
        assert looked_at() == 1 + 1 + 3
        pagetable.uvmunmap(kernel, root, 0, 0, do_free=True)
        assert looked_at() == 1 + 1 + 3

    @pytest.mark.parametrize("perm", [Pte.R, Pte.W, Pte.X], ids=str)
    def test_any_permission_makes_a_leaf(self, kernel, root, perm):
        map_new(kernel, root, 0x1000, perm)
        with pytest.raises(KernelPanic, match="freewalk: leaf"):
            pagetable.freewalk(kernel, root)
        pagetable.uvmunmap(kernel, root, 0x1000, 1, do_free=True)
        assert pagetable.getpte(kernel, root, 0x1000) == 0

    def test_what_is_no_leaf_panics(self, kernel, root):
        map_new(kernel, root, 0x1000)
        kernel.memory.write_u64(pagetable.walk(kernel, root, 0x1000), make_pte(KERNBASE, Pte.V))
        with pytest.raises(KernelPanic, match="uvmunmap: 0x1000 is not a leaf"):
            pagetable.uvmunmap(kernel, root, 0, 2, do_free=True)

    def test_an_address_inside_a_page_panics(self, kernel, root):
        with pytest.raises(KernelPanic, match="uvmunmap: 0x10 is not aligned"):
            pagetable.uvmunmap(kernel, root, 0x10, 1, do_free=True)

    @pytest.mark.parametrize("first, npages", [(0, 1), (0, 511), (1, 511), (511, 2)])
    def test_a_part_of_a_superpage_panics(self, kernel, first, npages):
        root = superpage_table(kernel)
        with pytest.raises(KernelPanic, match="uvmunmap: a part of the superpage at 0x80000000"):
            pagetable.uvmunmap(kernel, root, KERNBASE + first * PAGE_SIZE, npages, do_free=True)


def test_what_is_written_is_noted(kernel, root):
    log = []

    assert pagetable.mappages(kernel, root, 0x1FF000, 2 * PAGE_SIZE, KERNBASE, Pte.R, log=log)

    assert [write.level for write in log] == [2, 1, 0, 1, 0]
    assert all(write.before == 0 for write in log)
    assert all(kernel.memory.read_u64(write.address) == write.after for write in log)


class TestCountTables:
    def test_counts_every_level(self, kernel, root):
        counts = [pagetable.count_tables(kernel, root)]
        for va in (0, 0x1000, 0x20_0000, GIB):
            map_new(kernel, root, va)
            counts.append(pagetable.count_tables(kernel, root))
        assert counts == [1, 3, 3, 4, 6]

    def test_is_not_charged(self, kernel, root):
        map_new(kernel, root, 0)
        looked_at = charged(kernel, Step.PTE, Step.SCAN)
        pagetable.count_tables(kernel, root)
        assert looked_at() == 0


def test_freewalk_panics_on_a_page_that_is_still_mapped(kernel, root):
    map_new(kernel, root, 0x1000)
    with pytest.raises(KernelPanic, match="freewalk: leaf"):
        pagetable.freewalk(kernel, root)


def test_freewalk_looks_at_every_entry_of_every_table(kernel, root):
    pagetable.walk(kernel, root, 0x1000, alloc=True)
    looked_at = charged(kernel, Step.PTE, Step.SCAN)
    pagetable.freewalk(kernel, root)
    assert looked_at() == 3 * 512


def test_freewalk_passes_over_entries_that_are_not_valid(kernel, root):
    used = kernel.kmem.used
    kernel.memory.write_u64(root + 8, make_pte(KERNBASE, 0))
    pagetable.freewalk(kernel, root)
    assert kernel.kmem.used == used - 1
