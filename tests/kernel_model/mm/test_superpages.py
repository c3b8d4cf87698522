"""Superpages are mapped, demoted, and given back in part."""

import pytest

from hdl.arch import PAGE_SIZE, Pte, make_pte, pte_to_pa
from kernel_model.facts.costs import Step
from kernel_model.mm import pagetable, superpages, vm
from kernel_model.mm.superpages import MEGAPAGE
from tests.kernel_model.support import failing_kalloc, make_kernel
from tests.kernel_model.tables import MIB2, RWU, charged, map_new, map_superpage

PAGE = PAGE_SIZE


@pytest.fixture
def large():
    """A kernel with room for four superpages."""
    return make_kernel(size=10 << 20)


def pages(kernel, root):
    return sum(span for *_, span in map_spans(kernel, root)) // PAGE


def map_spans(kernel, root):
    for base, _, level, found in pagetable.leaf_tables(kernel, root, 0, 1 << 30):
        for index, pte in found:
            yield base + index * pagetable.SPAN[level], pte, pagetable.SPAN[level]


def take_all(kernel):
    """No frame is left."""
    while kernel.kmem.kalloc():
        pass


def test_it_is_cleared_and_one_entry(large):
    root = vm.uvmcreate(large)
    table, leaf = superpages.map_zeros(large, root, 3 * MIB2, RWU)
    assert (table.level, leaf.level, MEGAPAGE) == (2, 1, MIB2)
    assert leaf.after & (RWU | Pte.V) == RWU | Pte.V
    assert large.memory.read(pte_to_pa(leaf.after), MIB2) == bytes(MIB2)


@pytest.mark.parametrize("nth", [1, 2])
def test_without_a_run_or_a_table_nothing_is_mapped(large, nth):
    root = vm.uvmcreate(large)
    used = large.kmem.used
    with failing_kalloc(large, nth):
        assert superpages.map_zeros(large, root, MIB2, RWU) == []
    assert (large.kmem.used, pages(large, root)) == (used, 0)


def test_demoted_it_maps_the_same_frames_with_the_same_flags(large):
    root = vm.uvmcreate(large)
    run = map_superpage(large, root, MIB2, Pte.R | Pte.U)
    table = pagetable.zalloc(large)
    entries = charged(large, Step.PTE)

    write = superpages.demote(large, root, MIB2 + 5 * PAGE + 8, table)

    assert (write.level, write.after) == (1, make_pte(table, Pte.V))
    assert entries() == 2 + 512 + 1  # found, filled, and replaced
    found = list(pagetable.leaves(large, root, 0, 2 * MIB2))
    assert [va for va, _, _ in found] == list(range(MIB2, 2 * MIB2, PAGE))
    flags = write.before & 0x3FF
    assert [pte for _, _, pte in found] == [make_pte(pa, flags) for pa in superpages.run_of(run)]


@pytest.mark.parametrize("start, end", [(0, 100), (100, 512), (3, 4), (0, 1)])
def test_what_stays_of_one_keeps_its_frames(large, start, end):
    root = vm.uvmcreate(large)
    run = map_superpage(large, root, MIB2)
    used = large.kmem.used
    gone = range(start, end)

    freed = superpages.unmap(large, root, MIB2 + start * PAGE, MIB2 + end * PAGE)

    assert freed == len(gone)
    assert large.kmem.used == used - len(gone) + 1  # the page table
    stay = [index for index in range(512) if index not in gone]
    found = list(pagetable.leaves(large, root, 0, 2 * MIB2))
    assert [(va - MIB2) // PAGE for va, _, _ in found] == stay
    assert [pte_to_pa(pte) for _, _, pte in found] == [run + index * PAGE for index in stay]


def test_two_are_cut_and_what_lies_between_goes(large):
    root = vm.uvmcreate(large)
    for number in (1, 2, 3):
        map_superpage(large, root, number * MIB2)
    map_new(large, root, 0)
    assert superpages.unmap(large, root, 2 * MIB2 - PAGE, 3 * MIB2 + PAGE) == 1 + 512 + 1
    assert pages(large, root) == 1 + 511 + 511


def test_whole_ones_are_not_demoted(large):
    root = vm.uvmcreate(large)
    map_superpage(large, root, MIB2)
    with failing_kalloc(large, 1) as calls:
        assert superpages.unmap(large, root, 0, 4 * MIB2) == 512
        assert superpages.unmap(large, root, 0, 0) == 0
    assert calls == []


def test_one_beside_another_is_not_demoted_either(large):
    root = vm.uvmcreate(large)
    for number in (1, 2):
        map_superpage(large, root, number * MIB2)
    with failing_kalloc(large, 1) as calls:
        assert superpages.unmap(large, root, MIB2, 2 * MIB2) == 512
    assert calls == []
    assert [span for *_, span in map_spans(large, root)] == [MIB2]


def test_without_a_frame_the_page_table_is_one_of_those_that_go(large):
    root = vm.uvmcreate(large)
    run = map_superpage(large, root, MIB2)
    large.memory.write(run + 7 * PAGE, b"seven")
    take_all(large)

    assert superpages.unmap(large, root, MIB2 + 100 * PAGE, 2 * MIB2) == 412

    assert large.kmem.free == 411
    assert pages(large, root) == 100
    assert large.memory.read(pagetable.walkaddr(large, root, MIB2 + 7 * PAGE), 5) == b"seven"
    vm.uvmfree(large, root, 2 * MIB2)
    assert large.kmem.free == 411 + 100 + 3


def test_if_others_share_them_all_nothing_changes(large):
    root = vm.uvmcreate(large)
    runs = [map_superpage(large, root, number * MIB2) for number in (1, 2)]
    for pa in superpages.run_of(runs[1]):
        large.kmem.share(pa)
    take_all(large)
    before = list(map_spans(large, root))

    # The first one could give a frame of its own, the second cannot.
    assert superpages.unmap(large, root, MIB2 + PAGE, 2 * MIB2 + PAGE) is None

    assert list(map_spans(large, root)) == before
    assert large.kmem.free == 0


def test_a_frame_that_was_taken_for_nothing_is_given_back(large):
    root = vm.uvmcreate(large)
    for number in (1, 2):
        for pa in superpages.run_of(map_superpage(large, root, number * MIB2)):
            large.kmem.share(pa)
    used = large.kmem.used
    with failing_kalloc(large, 2):
        assert superpages.unmap(large, root, MIB2 + PAGE, 2 * MIB2 + PAGE) is None
    assert large.kmem.used == used
