import pytest

from hdl.arch import PAGE_SIZE, Pte
from kernel_model.mm.regions import Owner, Regions
from kernel_model.mm.space import AddressSpace

TEXT = int(Pte.R | Pte.X)


@pytest.fixture
def space():
    """A page of text, and two bytes of heap."""
    regions = Regions().grown(PAGE_SIZE, TEXT, Owner.SEGMENT)
    space = AddressSpace(0x8000_0000, PAGE_SIZE, regions)
    space.resize(PAGE_SIZE + 2)
    return space


def test_a_new_one_has_no_page():
    space = AddressSpace(0x8000_0000)
    assert (space.size, space.resident, space.most, space.heap_pages) == (0, 0, 0, 0)
    assert space.region(0) is None


@pytest.mark.parametrize(
    "va, owner",
    [
        (0, Owner.SEGMENT),
        (PAGE_SIZE - 1, Owner.SEGMENT),
        (PAGE_SIZE, Owner.HEAP),
        (PAGE_SIZE + 1, Owner.HEAP),
    ],
)
def test_an_address_below_the_size_has_an_owner(space, va, owner):
    assert space.region(va).owner is owner


@pytest.mark.parametrize("past", [0, 1, PAGE_SIZE, 1 << 62])
def test_one_past_the_size_has_none_though_its_page_may(space, past):
    assert space.region(PAGE_SIZE + 2 + past) is None
    assert space.regions.at(PAGE_SIZE + 2).owner is Owner.HEAP


def test_the_most_pages_in_memory_are_remembered(space):
    for pages in (3, 2, -4, 1):
        space.reside(pages)
    assert (space.resident, space.most) == (2, 5)


def test_what_sbrk_adds_is_the_heaps(space):
    assert space.heap_pages == 1
    space.resize(5 * PAGE_SIZE)
    assert (space.size, space.heap_pages) == (5 * PAGE_SIZE, 4)
    space.resize(1)
    assert (space.size, space.heap_pages, space.regions.end) == (1, 0, PAGE_SIZE)


def test_a_copy_has_the_same_regions_and_pages_of_its_own(space):
    copy = AddressSpace(0x8000_1000)
    copy.copy_of(space, 2)
    assert (copy.root, copy.size, copy.regions) == (0x8000_1000, space.size, space.regions)
    assert (copy.resident, copy.most) == (2, 2)
    copy.resize(PAGE_SIZE)
    assert space.heap_pages == 1
