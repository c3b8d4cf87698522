"""Leaves above the lowest level, and runs of frames below them."""

import pytest

from hdl.arch import PAGE_SIZE, Pte, make_pte, pte_to_pa
from kernel_model.facts.costs import Step
from kernel_model.facts.memlayout import KERNBASE
from kernel_model.facts.panic import KernelPanic
from kernel_model.mm import pagetable, vm
from tests.kernel_model.support import make_kernel
from tests.kernel_model.tables import MIB2, RWU, charged, map_new, map_superpage

GIB = 1 << 30


@pytest.fixture
def large():
    """A kernel with room for superpages."""
    return make_kernel(size=10 << 20)


def test_one_is_an_entry_of_its_level(large):
    root = vm.uvmcreate(large)
    used = large.kmem.used

    run = map_superpage(large, root, 3 * MIB2)

    assert large.kmem.used == used + 512 + 1  # and the page table of level 1
    entry = pagetable.walk(large, root, 3 * MIB2, level=1)
    flags = RWU | Pte.V | Pte.A | Pte.D
    assert large.memory.read_u64(entry) == make_pte(run, flags)


@pytest.mark.parametrize("offset", [0, 0x1FFF, MIB2 - 1], ids=hex)
def test_any_address_in_it_is_found(large, offset):
    root = vm.uvmcreate(large)
    run = map_superpage(large, root, MIB2)

    pte, level = pagetable.find(large, root, MIB2 + offset)

    assert (pte_to_pa(pte), level) == (run, 1)
    assert pagetable.getpte(large, root, MIB2 + offset) == pte
    page = run + offset // PAGE_SIZE * PAGE_SIZE
    assert pagetable.walkaddr(large, root, MIB2 + offset) == page


def test_looking_for_it_costs_a_look_a_level(large):
    root = vm.uvmcreate(large)
    map_superpage(large, root, MIB2)
    looked_at = charged(large, Step.PTE, Step.SCAN)

    pagetable.getpte(large, root, MIB2)

    assert looked_at() == 2


@pytest.mark.parametrize(
    "va, size, pa",
    [
        (MIB2 + PAGE_SIZE, MIB2, KERNBASE),
        (MIB2, PAGE_SIZE, KERNBASE),
        (MIB2, MIB2, KERNBASE + PAGE_SIZE),
    ],
)
def test_what_is_not_aligned_to_it_panics(large, va, size, pa):
    with pytest.raises(KernelPanic, match="mappages: .* is not aligned"):
        pagetable.mappages(large, vm.uvmcreate(large), va, size, pa, Pte.R, level=1)


def test_a_page_in_it_is_mapped_already(large):
    root = vm.uvmcreate(large)
    map_superpage(large, root, MIB2)
    with pytest.raises(KernelPanic, match="mappages: remap of 0x200000"):
        pagetable.mappages(large, root, MIB2, MIB2, KERNBASE, Pte.R, level=1)
    with pytest.raises(KernelPanic, match="walk: 0x201000 is in a superpage"):
        pagetable.mappages(large, root, MIB2 + PAGE_SIZE, PAGE_SIZE, KERNBASE, Pte.R)


def test_they_stand_among_pages_in_order(large):
    root = vm.uvmcreate(large)
    for va in (0x5000, 2 * MIB2):
        map_new(large, root, va)
    map_superpage(large, root, MIB2)

    found = list(pagetable.leaf_tables(large, root, 0, GIB))

    assert [(each.va, each.level) for each in found] == [(0, 0), (0, 1), (2 * MIB2, 0)]
    addresses = [va for va, _, _ in pagetable.leaves(large, root, 0, GIB)]
    assert addresses == [0x5000, MIB2, 2 * MIB2]
    assert pagetable.count_tables(large, root) == 4


@pytest.mark.parametrize("do_free", [True, False])
def test_unmapping_one_gives_back_all_its_frames(large, do_free):
    root = vm.uvmcreate(large)
    map_superpage(large, root, MIB2)
    map_new(large, root, 0)
    used = large.kmem.used

    assert pagetable.uvmunmap(large, root, 0, 1024, do_free) == 513

    assert large.kmem.used == used - (513 if do_free else 0)
    assert list(pagetable.leaves(large, root, 0, GIB)) == []
    pagetable.freewalk(large, root)


def test_a_copy_has_one_of_its_own(large):
    old, new = vm.uvmcreate(large), vm.uvmcreate(large)
    run = map_superpage(large, old, MIB2, Pte.R | Pte.U)
    large.memory.write(run + 5 * PAGE_SIZE, b"five")

    assert vm.uvmcopy(large, old, new, 2 * MIB2) == 512

    pte, level = pagetable.find(large, new, MIB2)
    assert (level, pte & (Pte.R | Pte.W | Pte.U)) == (1, Pte.R | Pte.U)
    assert pte_to_pa(pte) not in (0, run)
    assert large.memory.read(pte_to_pa(pte) + 5 * PAGE_SIZE, 4) == b"five"


def test_a_copy_without_a_run_takes_nothing(large):
    old, new = vm.uvmcreate(large), vm.uvmcreate(large)
    map_new(large, old, 0)
    map_superpage(large, old, MIB2)
    while large.kmem.kalloc_run(512):
        pass
    mapped = large.kmem.used

    assert vm.uvmcopy(large, old, new, 2 * MIB2) is None

    assert list(pagetable.leaves(large, new, 0, GIB)) == []
    vm.uvmfree(large, new, 0)
    assert large.kmem.used == mapped - 1


def test_tables_that_lack_below_a_size_are_counted(large):
    root = vm.uvmcreate(large)
    memory = large.memory
    assert pagetable.missing_tables(memory, root, 0) == 0
    assert pagetable.missing_tables(memory, root, GIB + 1) == 2 + 513
    map_new(large, root, 5 * MIB2)
    map_superpage(large, root, 6 * MIB2)
    map_new(large, root, 3 * GIB)
    assert pagetable.missing_tables(memory, root, 7 * MIB2) == 6  # a superpage has none
    assert pagetable.missing_tables(memory, root, 5 * MIB2) == 5
    assert pagetable.missing_tables(memory, root, 4 * GIB) == 4 + 2048 - 4
