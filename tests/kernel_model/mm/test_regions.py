import pytest
from hypothesis import given
from hypothesis import strategies as st

from hdl.arch import PAGE_SIZE, Pte
from kernel_model.mm.regions import HEAP_RIGHTS, Area, Owner, Region, Regions

RX, RW = int(Pte.R | Pte.X), int(Pte.R | Pte.W)
HEAP = int(Pte.R | Pte.W)


@pytest.fixture
def regions():
    """Text, data, guard and stack, of a page each, as `exec` leaves them."""
    regions = Regions()
    for page, (rights, owner) in enumerate(
        [(RX, Owner.SEGMENT), (RW, Owner.SEGMENT), (0, Owner.GUARD), (RW, Owner.STACK)], 1
    ):
        regions = regions.grown(page * PAGE_SIZE, rights, owner)
    return regions


def owners(regions):
    """Whose each page is."""
    return [regions.at(va).owner for va in range(0, regions.end, PAGE_SIZE)]


def test_nobody_owns_anything_at_first():
    assert (Regions().end, Regions().heap, Regions().at(0)) == (0, 0, None)
    assert Regions().pages(Owner.HEAP) == 0
    assert Regions().resized(0) == Regions()


def test_each_address_has_its_region(regions):
    assert owners(regions) == [Owner.SEGMENT, Owner.SEGMENT, Owner.GUARD, Owner.STACK]
    assert regions.at(0) is regions.at(PAGE_SIZE - 1) is regions.parts[0]
    assert regions.at(PAGE_SIZE) is regions.parts[1]
    assert regions.at(4 * PAGE_SIZE - 1) is regions.parts[3]
    assert regions.at(4 * PAGE_SIZE) is regions.at(1 << 63) is None


def test_growing_to_what_is_there_changes_nothing(regions):
    for end in (0, 1, 4 * PAGE_SIZE):
        assert regions.grown(end, RX, Owner.SEGMENT) is regions


@pytest.mark.parametrize("rights, owner", [(RX, Owner.STACK), (RW, Owner.HEAP), (RW, Owner.STACK)])
def test_only_more_of_the_same_is_one_region(regions, rights, owner):
    grown = regions.grown(5 * PAGE_SIZE - 1, rights, owner)
    same = (rights, owner) == (RW, Owner.STACK)
    assert len(grown.parts) == (4 if same else 5)
    start = (3 if same else 4) * PAGE_SIZE
    assert grown.parts[-1] == Region(start, 5 * PAGE_SIZE, rights, owner)
    assert grown.parts[:3] == regions.parts[:3]


@pytest.mark.parametrize("size, heap_pages", [(4, 0), (4.001, 1), (5, 1), (5.5, 2), (100, 96)])
def test_sbrk_makes_the_heap(regions, size, heap_pages):
    resized = regions.resized(int(size * PAGE_SIZE))
    assert resized.pages(Owner.HEAP) == heap_pages
    assert resized.heap == 4 * PAGE_SIZE
    assert resized.parts[:4] == regions.parts
    if heap_pages:
        assert (resized.parts[4].rights, len(resized.parts)) == (HEAP, 5)


def test_shrinking_keeps_what_is_below(regions):
    assert regions.resized(9 * PAGE_SIZE).resized(4 * PAGE_SIZE) == regions
    assert regions.resized(2 * PAGE_SIZE).parts == regions.parts[:2]
    assert regions.resized(0) == Regions()


def test_what_is_given_back_and_taken_again_is_the_heaps(regions):
    """xv6 unmaps it, be it text, data or stack, and maps it anew for reading and writing."""
    again = regions.resized(PAGE_SIZE).resized(6 * PAGE_SIZE)
    assert owners(again) == [Owner.SEGMENT] + 5 * [Owner.HEAP]
    assert again.heap == PAGE_SIZE
    assert again.at(PAGE_SIZE).rights == HEAP


def test_a_page_that_is_kept_in_part_keeps_its_owner(regions):
    """xv6's `uvmdealloc` rounds up: the page stays mapped, with the rights that it had."""
    again = regions.resized(1).resized(3 * PAGE_SIZE)
    assert owners(again) == [Owner.SEGMENT, Owner.HEAP, Owner.HEAP]
    assert again.at(1).rights == RX


SIZES = st.lists(st.integers(0, 12 * PAGE_SIZE), max_size=12)


@given(SIZES)
def test_after_any_sizes_each_page_is_whose_it_was_last(sizes):
    """A list of owners, a page each, is the model."""
    regions, model = Regions(), []
    for number, sz in enumerate(sizes):
        pages = -(-sz // PAGE_SIZE)
        owner = Owner.SEGMENT if number % 3 == 0 else Owner.HEAP
        if owner is Owner.SEGMENT:
            regions = regions.grown(sz, RX, owner)
        else:
            regions = regions.resized(sz)
            del model[pages:]
        model += [owner] * (pages - len(model))
        assert owners(regions) == model
        assert regions.end == PAGE_SIZE * len(model)
        assert regions.pages(Owner.HEAP) == model.count(Owner.HEAP)
        ends = [part.end for part in regions.parts]
        assert [0, *ends[:-1]] == [part.start for part in regions.parts] or not ends
        assert all(part.start < part.end for part in regions.parts)


def areas(*bounds):
    regions = Regions().grown(0x5000, HEAP_RIGHTS, Owner.HEAP)
    for start, end in bounds:
        area = Area(0, False, 0, start)
        regions = regions.with_area(Region(start, end, HEAP_RIGHTS, Owner.MMAP, area))
    return regions


def bounds(regions):
    return [(area.start, area.end) for area in regions.areas]


def test_areas_lie_above_the_rest_and_are_found_there():
    regions = areas((0x20000, 0x22000), (0x10000, 0x11000))
    assert bounds(regions) == [(0x10000, 0x11000), (0x20000, 0x22000)]
    assert regions.end == 0x5000
    assert [regions.at(va) for va in (0x5000, 0xFFFF, 0x11000, 0x22000)] == [None] * 4
    assert regions.at(0x21FFF).start == regions.whose(0x20000).start == 0x20000
    assert regions.at(0x4FFF).owner is Owner.HEAP


def test_what_grows_or_shrinks_below_leaves_them_alone():
    regions = areas((0x10000, 0x11000))
    for size in (0, 0x3001, 0x10000):
        assert bounds(regions.resized(size)) == [(0x10000, 0x11000)]


@pytest.mark.parametrize(
    "start, end, left",
    [
        (0x10000, 0x14000, []),
        (0x10000, 0x11000, [(0x11000, 0x14000)]),
        (0x13000, 0x14000, [(0x10000, 0x13000)]),
        (0x11000, 0x12000, [(0x10000, 0x11000), (0x12000, 0x14000)]),
        (0x8000, 0x10000, [(0x10000, 0x14000)]),
        (0x14000, 0x15000, [(0x10000, 0x14000)]),
    ],
)
def test_a_part_that_is_cut_out_leaves_the_rest_showing_what_it_did(start, end, left):
    regions = areas((0x10000, 0x14000)).without(start, end)
    assert bounds(regions) == left
    assert {area.area.base for area in regions.areas} <= {0x10000}


@pytest.mark.parametrize(
    "start, end, covered",
    [
        (0x10000, 0x14000, True),
        (0x11000, 0x13000, True),  # across the two
        (0x10000, 0x15000, False),
        (0xF000, 0x11000, False),
        (0x3000, 0x5000, True),
        (0x3000, 0x6000, False),
    ],
)
def test_what_is_covered_without_a_hole(start, end, covered):
    assert areas((0x10000, 0x12000), (0x12000, 0x14000)).cover(start, end) is covered


def test_an_area_touches_the_heap():
    assert areas((0x5000, 0x6000)).cover(0x4000, 0x6000)
