"""Copies of address spaces with superpages and areas, and those that could not be made in full."""

import pytest

from hdl.arch import PAGE_SIZE, Pte, pte_to_pa
from kernel_model.facts.memlayout import MAXVA
from kernel_model.mm import pagetable, vm
from kernel_model.mm.regions import Area, Owner, Region
from kernel_model.mm.space import AddressSpace
from tests.kernel_model.support import failing_kalloc, make_kernel
from tests.kernel_model.tables import MIB2, RWU, map_new, map_superpage

AREA = 1 << 32


def area(start, shared):
    what = Area(0, shared, 0, start)
    return Region(start, start + 2 * PAGE_SIZE, int(Pte.R | Pte.W), Owner.MMAP, what)


@pytest.fixture
def kernel():
    return make_kernel()


@pytest.fixture
def old(kernel):
    """A page of heap, and a private area above a shared one, all of them touched."""
    space = AddressSpace(vm.uvmcreate(kernel))
    space.resize(PAGE_SIZE)
    regions = space.regions.with_area(area(AREA, shared=False))
    space.regions = regions.with_area(area(AREA - 2 * PAGE_SIZE, shared=True))
    for va in (0, AREA - PAGE_SIZE, AREA, AREA + PAGE_SIZE):
        map_new(kernel, space.root, va)
    space.reside(4)
    return space


def pages(kernel, space):
    return [va for va, _, _ in pagetable.leaves(kernel, space.root, 0, MAXVA)]


def test_private_areas_are_copied_and_shared_ones_wait(kernel, old):
    new = AddressSpace(vm.uvmcreate(kernel))
    assert vm.uvmcopyspace(kernel, old, new)
    assert pages(kernel, new) == [0, AREA, AREA + PAGE_SIZE]
    assert (new.resident, new.regions, new.size) == (3, old.regions, old.size)
    for va in pages(kernel, new):
        frames = {pte_to_pa(pagetable.getpte(kernel, each.root, va)) for each in (old, new)}
        assert len(frames) == 2


def test_private_areas_are_shared_as_the_heap_is(kernel, old):
    new = AddressSpace(vm.uvmcreate(kernel))
    assert vm.uvmcopyspace(kernel, old, new, share=lambda frame: True)
    assert kernel.kmem.shared == 3
    for va in pages(kernel, new):
        first, second = (pagetable.getpte(kernel, each.root, va) for each in (old, new))
        assert first == second
        assert not first & Pte.W


def test_whichever_frame_lacks_the_copy_is_empty_again(kernel, old):
    new = AddressSpace(vm.uvmcreate(kernel))
    tables = lambda: pagetable.count_tables(kernel, new.root)  # noqa: E731
    before = kernel.kmem.used - tables()
    for nth in range(1, 20):
        with failing_kalloc(kernel, nth):
            if vm.uvmcopyspace(kernel, old, new):
                break
        assert pages(kernel, new) == []
        assert (new.size, new.resident, new.regions.areas) == (0, 0, ())
        assert kernel.kmem.used - tables() == before
    assert nth > 4
    vm.uvmforget(kernel, new)
    assert pages(kernel, new) == []
    assert kernel.kmem.used - tables() == before


def test_a_superpage_counts_as_its_pages():
    kernel = make_kernel(size=8 << 20)
    root, new = vm.uvmcreate(kernel), vm.uvmcreate(kernel)
    map_superpage(kernel, root, MIB2)
    map_new(kernel, root, 0, RWU)
    assert vm.uvmcopy(kernel, root, new, 2 * MIB2) == 512 + 1


def test_without_a_run_of_frames_a_superpage_is_copied_to_pages():
    kernel = make_kernel(size=8 << 20)
    root, new = vm.uvmcreate(kernel), vm.uvmcreate(kernel)
    run = map_superpage(kernel, root, MIB2)
    kernel.memory.write(run + 5 * PAGE_SIZE, b"here")
    kernel.kmem.kalloc_run = lambda count: 0
    assert vm.uvmcopy(kernel, root, new, 2 * MIB2) == 512
    pte, level = pagetable.lookup(kernel.memory, new, MIB2 + 5 * PAGE_SIZE)
    assert (level, kernel.memory.read(pte_to_pa(pte), 4)) == (0, b"here")
