import pytest

from hdl.arch import PAGE_SIZE, Pte, pte_to_pa
from kernel_model.facts.memlayout import TRAPFRAME
from kernel_model.mm.areas import (
    add_backing,
    born_with,
    common_references,
    drop_part,
    first_frame,
    is_written_back,
    make_area,
    mark_stored,
    parts_of,
    populate,
    retain_backings,
    tables_wanted,
    unmap_areas,
)
from kernel_model.mm.pagetable import count_tables
from kernel_model.mm.policy import make_policy
from kernel_model.mm.regions import Area, Owner, Region
from kernel_model.mm.space import AddressSpace
from tests.kernel_model.mapping import ANONYMOUS, PRIVATE, READ, SHARED, WRITE, mmap, open_file
from tests.kernel_model.support import failing_kalloc, make_hart, switch_to

RW = int(Pte.R | Pte.W)
A, D = int(Pte.A), int(Pte.D)


@pytest.fixture
def hart():
    hart = make_hart(files=lambda: {"file": b"content" * 1000})
    hart.sbrk(PAGE_SIZE)
    return hart


def region(pages=1, rights=RW, shared=True, inum=0, start=1 << 30):
    area = Area(0, shared, inum, start)
    return Region(start, start + pages * PAGE_SIZE, rights, Owner.MMAP, area)


def placed(space, pages):
    made = make_area(space, pages * PAGE_SIZE, RW, Area(0, False, 0, 0))
    if made:
        space.regions = space.regions.with_area(made)
    return made and made.start


def test_areas_lie_as_high_as_they_fit():
    space = AddressSpace(0)
    space.resize(TRAPFRAME - 20 * PAGE_SIZE)
    assert placed(space, 4) == TRAPFRAME - 4 * PAGE_SIZE
    assert placed(space, 6) == TRAPFRAME - 10 * PAGE_SIZE
    assert placed(space, 4) == TRAPFRAME - 14 * PAGE_SIZE
    space.regions = space.regions.without(TRAPFRAME - 10 * PAGE_SIZE, TRAPFRAME - 4 * PAGE_SIZE)
    assert placed(space, 7) is None
    assert placed(space, 5) == TRAPFRAME - 9 * PAGE_SIZE
    assert placed(space, 2) == TRAPFRAME - 16 * PAGE_SIZE
    assert placed(space, 5) is None
    assert placed(space, 4) == TRAPFRAME - 20 * PAGE_SIZE
    assert space.ceiling == TRAPFRAME - 20 * PAGE_SIZE


def test_the_base_is_where_the_file_would_begin():
    made = make_area(AddressSpace(0), PAGE_SIZE, RW, Area(0, True, 7, -3 * PAGE_SIZE))
    assert made.area.base == made.start - 3 * PAGE_SIZE
    assert made.name == "mmap (shared, file 7 from 0x3000)"


def test_backings_are_kept_as_long_as_an_area_shows_a_part_of_them(hart):
    kernel = hart.kernel
    mmap(hart, 3 * PAGE_SIZE, READ | WRITE, SHARED | ANONYMOUS)
    (area,) = hart.proc.space.regions.areas
    (key,) = kernel.backings
    backing = kernel.backings[key]
    retain_backings(kernel, hart.proc.space)
    assert backing.parts == [(0, 3 * PAGE_SIZE)] * 2
    middle = area.start + PAGE_SIZE
    assert drop_part(kernel, area, middle, middle + PAGE_SIZE) is None
    assert sorted(backing.parts) == [
        (0, PAGE_SIZE),
        (0, 3 * PAGE_SIZE),
        (2 * PAGE_SIZE, 3 * PAGE_SIZE),
    ]
    assert drop_part(kernel, area, area.start, area.end) is None
    first, last = area._replace(end=middle), area._replace(start=middle + PAGE_SIZE)
    assert drop_part(kernel, first, first.start, first.end) is None
    assert backing.parts == [(2 * PAGE_SIZE, 3 * PAGE_SIZE)]
    assert drop_part(kernel, last, last.start, last.end) is backing
    assert kernel.backings == {}


def test_a_new_backing_is_shown_where_its_area_is(hart):
    kernel, space = hart.kernel, hart.proc.space
    here, there = region(2), region(start=1 << 31)._replace(rights=int(Pte.R))
    for each, key in ((here, 1), (there, 2)):
        made = add_backing(kernel, each, None)
        assert made == each._replace(area=each.area._replace(backing=key))
        space.regions = space.regions.with_area(made)
    assert list(parts_of(space)) == [(1, (0, 2 * PAGE_SIZE)), (2, (0, PAGE_SIZE))]


def test_all_who_share_an_area_have_the_frame_that_the_first_touch_brings(hart):
    kernel = hart.kernel
    area = add_backing(kernel, region(), None)
    frame = first_frame(kernel, area, area.start + 5)
    assert first_frame(kernel, area, area.start) == frame
    assert kernel.kmem.references(frame) == 3
    assert common_references(kernel) == 2
    assert kernel.memory.read(frame, PAGE_SIZE) == bytes(PAGE_SIZE)


def test_the_first_frame_of_a_file_has_its_bytes(hart):
    mmap(hart, 1, READ, PRIVATE, open_file(hart, "file"), PAGE_SIZE)
    (area,) = hart.proc.space.regions.areas
    frame = first_frame(hart.kernel, area, area.start)
    content = (b"content" * 1000)[PAGE_SIZE:]
    assert hart.kernel.memory.read(frame, PAGE_SIZE) == content.ljust(PAGE_SIZE, b"\0")
    with failing_kalloc(hart.kernel, 1):
        assert first_frame(hart.kernel, area, area.start) == 0


@pytest.mark.parametrize(
    "area, written",
    [
        (region(inum=5), True),
        (region(), False),
        (region(inum=5, shared=False), False),
        (region(inum=5, rights=int(Pte.R)), False),
        (Region(0, PAGE_SIZE, RW, Owner.HEAP), False),
    ],
)
@pytest.mark.parametrize("svadu", [False, True])
def test_pages_that_go_to_a_file_are_born_clean_but_by_a_store(area, written, svadu):
    kernel = make_hart(svadu=svadu).kernel
    assert is_written_back(area) is written
    usual = 0 if svadu else A | D
    assert born_with(kernel, area, Pte.R) == (usual & ~D if written else usual)
    assert born_with(kernel, area, Pte.W) == (A | D if written else usual)


def test_what_the_kernel_stores_is_marked_in_pages_that_go_to_a_file(hart):
    fd = open_file(hart, "file")
    shared, private = (mmap(hart, 1, READ | WRITE, kind, fd) for kind in (SHARED, PRIVATE))
    for va in (shared, private):
        hart.load(va)
        before = hart.pte(va)
        mark_stored(hart.kernel, hart.proc.space, va + 9)
        assert hart.pte(va) == (before | D if va == shared else before)


def test_a_populated_area_has_all_its_pages_or_none(hart):
    kernel, space = hart.kernel, hart.proc.space
    area = region(3)
    used, resident = kernel.kmem.used, space.resident
    for nth in range(1, 10):
        with failing_kalloc(kernel, nth):
            if populate(kernel, space, area):
                break
        assert (space.resident, hart.pte(area.start)) == (resident, 0)
        assert kernel.kmem.used <= used + 2  # page tables stay
    assert nth == 5  # the two page tables that the fourth has made are there for the fifth
    assert space.resident == resident + 3
    frames = {pte_to_pa(hart.pte(area.start + page * PAGE_SIZE)) for page in range(3)}
    assert len(frames) == 3


def test_a_frame_of_a_shared_area_goes_with_the_last_who_can_touch_it(hart):
    kernel, space = hart.kernel, hart.proc.space
    start = mmap(hart, 3 * PAGE_SIZE, READ | WRITE, SHARED | ANONYMOUS)
    for page in range(3):
        hart.store(start + page * PAGE_SIZE, page)
    used = kernel.kmem.used
    assert unmap_areas(kernel, space, start, start + PAGE_SIZE) == []
    assert kernel.kmem.used == used - 1
    (childs,) = space.regions.areas
    retain_backings(kernel, space)  # as if there were a child
    assert unmap_areas(kernel, space, start, start + 2 * PAGE_SIZE) == []
    assert kernel.kmem.used == used - 1
    assert unmap_areas(kernel, space, start, start + 3 * PAGE_SIZE) == []
    assert kernel.kmem.used == used - 1
    backing = kernel.backings[1]
    assert drop_part(kernel, childs, childs.start, childs.end) is backing
    assert kernel.kmem.used == used - 3


@pytest.mark.parametrize("policy", ["lazy", "eager", "cow"])
@pytest.mark.parametrize("ends", [False, True])
def test_a_page_that_parent_and_child_have_unmapped_has_no_frame(policy, ends):
    hart = make_hart(policy=make_policy(policy))
    start = mmap(hart, 8 * PAGE_SIZE, READ | WRITE, SHARED | ANONYMOUS)
    for page in range(8):
        hart.store(start + page * PAGE_SIZE, page)
    child = hart.call("fork")
    (backing,) = hart.kernel.backings.values()
    hart.call("munmap", start, 7 * PAGE_SIZE)
    assert len(backing.frames) == 8
    parent = hart.proc.pid
    switch_to(hart, child)
    if ends:
        hart.call("exit", 0)
    else:
        hart.call("munmap", start + PAGE_SIZE, 6 * PAGE_SIZE)
        assert list(backing.frames) == [0, 7 * PAGE_SIZE]
        hart.call("munmap", start, PAGE_SIZE)
        switch_to(hart, parent)
    assert list(backing.frames) == [7 * PAGE_SIZE]


def test_page_tables_that_areas_lack_are_counted():
    hart = make_hart(size=4 << 20)
    kernel, space = hart.kernel, hart.proc.space
    assert tables_wanted(kernel, space, space.root) == 0
    # Those at the very top are there for the trap frame.
    space.regions = space.regions.with_area(region(start=TRAPFRAME - PAGE_SIZE))
    assert tables_wanted(kernel, space, space.root) == 0
    space.regions = space.regions.with_area(region(513, start=1 << 32))
    assert tables_wanted(kernel, space, space.root) == 1 + 2
    before = count_tables(kernel, space.root)
    assert populate(kernel, space, region(513, start=1 << 32))
    assert count_tables(kernel, space.root) == before + 3
    assert tables_wanted(kernel, space, space.root) == 0
