from kernel_model.mm.regions import Owner
from kernel_model.mm.space import AddressSpace


def test_a_new_one_has_no_page():
    space = AddressSpace(0x8000_0000)
    assert (space.size, space.resident, space.most, space.heap_pages) == (0, 0, 0, 0)
    assert space.region(0) is None


def test_it_ends_with_its_size_and_its_pages_with_theirs():
    space = AddressSpace(0x8000_0000)
    space.resize(10)
    assert space.region(9).owner is Owner.HEAP
    assert space.region(10) is None
    assert space.heap_pages == 1


def test_the_most_pages_that_were_ever_there_are_kept():
    space = AddressSpace(0x8000_0000)
    for pages in (3, -2, 1):
        space.reside(pages)
    assert (space.resident, space.most) == (2, 3)
