"""`mmap` and `munmap`, under every policy, with memory looked through after every entry."""

import pytest

from hdl.arch import PAGE_SIZE, Cause, Pte
from kernel_model.facts.abi import MADV_DONTNEED
from kernel_model.facts.memlayout import MAXVA, TRAPFRAME
from kernel_model.facts.param import NAREA
from kernel_model.mm.served import Why
from tests.kernel_model import support
from tests.kernel_model.mapping import (
    ANONYMOUS,
    EXEC,
    PRIVATE,
    READ,
    SHARED,
    WRITE,
    mmap,
    open_file,
)
from tests.kernel_model.support import switch_to
from tests.kernel_model.under import every_policy, use

pytest_generate_tests = every_policy

RW = READ | WRITE
CONTENT = bytes(range(1, 251)) * 20  # a page and some more
SIZE = len(CONTENT)


@pytest.fixture
def policy(request, monkeypatch):
    use(request.param, monkeypatch)
    return request.param


@pytest.fixture
def hart(policy):
    """A process with a page of heap, and a file."""
    hart = support.make_hart(files=lambda: {"file": CONTENT})
    hart.sbrk(PAGE_SIZE)
    hart.store(hart.heap, 0)
    return hart


@pytest.fixture
def ip(hart):
    """The file's inode; its descriptor is 3."""
    fd = open_file(hart, "file")
    assert fd == 3
    return hart.proc.ofile[fd].ip


def ends_well(hart):
    hart.exit()
    kernel = hart.kernel
    assert (kernel.panicked, kernel.kmem.used) == (None, kernel.own_frames)
    assert (kernel.ftable, kernel.backings) == ([], {})


@pytest.mark.parametrize("kind", [SHARED, PRIVATE])
def test_an_area_shows_the_file_and_zeros_behind_it(hart, ip, kind):
    area = mmap(hart, SIZE, RW, kind, 3)
    assert area == TRAPFRAME - 2 * PAGE_SIZE
    assert hart.get(area, 3) == CONTENT[:3]
    assert hart.get(area + SIZE - 2, 4) == CONTENT[-2:] + b"\0\0"
    assert hart.get(mmap(hart, 1, READ, kind, 3, PAGE_SIZE), 3) == CONTENT[PAGE_SIZE:][:3]
    ends_well(hart)


def test_what_is_stored_to_a_shared_area_goes_to_the_file_and_no_further(hart, ip):
    area = mmap(hart, SIZE, RW, SHARED, 3)
    hart.store(area + SIZE - 1, 7)
    hart.store(area + SIZE, 8)
    assert ip.data == CONTENT
    assert hart.call("munmap", area, SIZE) == 0
    assert ip.data == CONTENT[:-1] + b"\7"
    ends_well(hart)


def test_what_is_stored_to_a_private_area_does_not(hart, ip):
    area = mmap(hart, SIZE, RW, PRIVATE, 3)
    hart.store(area, 7)
    assert hart.call("munmap", area, SIZE) == 0
    ends_well(hart)
    assert ip.data == CONTENT


@pytest.mark.parametrize("svadu", [False, True])
def test_only_pages_that_were_stored_to_are_written(policy, svadu):
    """What `write` has put into the file since would be gone: the page was loaded before."""
    hart = support.make_hart(files=lambda: {"file": CONTENT}, svadu=svadu)
    hart.sbrk(PAGE_SIZE)
    fd = open_file(hart, "file")
    ip = hart.proc.ofile[fd].ip
    area = mmap(hart, SIZE, RW, SHARED, fd)
    hart.load(area)
    hart.load(area + PAGE_SIZE)
    assert hart.call("write", fd, hart.put(hart.heap, b"new"), 3) == 3
    hart.store(area + PAGE_SIZE, 7)
    assert hart.call("munmap", area, SIZE) == 0
    assert ip.data[:4] == b"new" + CONTENT[3:4]
    assert ip.data[PAGE_SIZE] == 7


@pytest.mark.parametrize("svadu", [False, True])
def test_what_a_system_call_has_stored_goes_to_the_file(policy, svadu):
    hart = support.make_hart(files=lambda: {"file": CONTENT}, svadu=svadu)
    hart.sbrk(PAGE_SIZE)
    fd = open_file(hart, "file")
    ip = hart.proc.ofile[fd].ip
    area = mmap(hart, SIZE, RW, SHARED, fd)
    hart.load(area)  # that page is there, clean; the other one is not
    assert hart.call("pipe", area + PAGE_SIZE - 4) == 0
    assert hart.call("munmap", area, SIZE) == 0
    assert ip.data[PAGE_SIZE - 4 : PAGE_SIZE + 4] == bytes([4, 0, 0, 0, 5, 0, 0, 0])


def test_the_first_store_to_a_page_of_a_file_sets_d(hart, ip):
    area = mmap(hart, 1, RW, SHARED, 3)
    hart.load(area)
    assert hart.pte(area) & (Pte.A | Pte.D) == Pte.A
    hart.store(area, 1)
    assert hart.kernel.faults[-1].outcome.why is Why.CLEAN
    assert hart.pte(area) & (Pte.A | Pte.D) == Pte.A | Pte.D


def test_an_accessed_page_that_is_loaded_again_stays_clean(hart, ip):
    area = mmap(hart, 1, RW, SHARED, 3)
    hart.load(area)
    assert hart.call("pgaccess", area, 1, hart.heap) == 0
    assert not hart.pte(area) & Pte.A
    hart.load(area)
    assert hart.pte(area) & (Pte.A | Pte.D) == Pte.A


def test_a_file_that_got_shorter_does_not_grow_again(hart, ip):
    area = mmap(hart, SIZE, RW, SHARED, 3)
    hart.store(area, 7)
    hart.store(area + PAGE_SIZE, 8)
    assert open_file(hart, "file", 0x402) == 4
    assert hart.call("write", 4, hart.heap, 5) == 5
    assert hart.call("munmap", area, SIZE) == 0
    assert ip.data == b"\7" + CONTENT[1:5]


def test_the_file_stays_without_its_descriptor_and_its_name(hart, ip):
    area = mmap(hart, SIZE, READ, PRIVATE, 3)
    assert hart.call("close", 3) == 0
    assert hart.call("unlink", hart.heap) == 0
    assert hart.get(area, 2) == CONTENT[:2]
    assert (ip.ref, len(hart.kernel.ftable)) == (1, 2)
    assert hart.call("munmap", area, SIZE) == 0
    assert (ip.ref, len(hart.kernel.ftable)) == (0, 1)
    assert hart.kernel.fs.inodes[ip.inum] is None
    ends_well(hart)


def test_parent_and_child_share_frames_that_either_has_touched(hart):
    area = mmap(hart, 2 * PAGE_SIZE, RW, SHARED | ANONYMOUS)
    hart.store(area, 1)
    assert hart.call("fork") == 3
    switch_to(hart, 3)
    assert hart.load(area) == 1
    hart.store(area, 2)
    hart.store(area + PAGE_SIZE, 3)
    switch_to(hart, 2)
    assert (hart.load(area), hart.load(area + PAGE_SIZE)) == (2, 3)
    parent, child = (process.space for process in hart.kernel.procs[1:])
    assert parent.regions == child.regions
    # A touch of a frame that is there is none on demand; under eager allocation none faults.
    told = {fault.outcome.why for fault in hart.kernel.faults if fault.pid == 3}
    on_demand = 2 if hart.kernel.faults else 0
    assert (hart.kernel.areas.promised, hart.kernel.areas.frames) == (2, on_demand)
    assert told <= {Why.COMMON, Why.UNTOUCHED}
    assert (Why.COMMON in told) == bool(on_demand)
    hart.call("munmap", area, PAGE_SIZE)
    switch_to(hart, 3)
    assert hart.load(area) == 2
    hart.call("exit", 0)
    ends_well(hart)


def test_a_private_area_is_a_copy_in_the_child(hart, ip):
    area = mmap(hart, SIZE, RW, PRIVATE, 3)
    hart.store(area, 1)
    assert hart.call("fork") == 3
    switch_to(hart, 3)
    assert (hart.load(area), hart.load(area + 1)) == (1, CONTENT[1])
    hart.store(area, 2)
    hart.store(area + PAGE_SIZE, 9)
    switch_to(hart, 2)
    assert (hart.load(area), hart.load(area + PAGE_SIZE)) == (1, CONTENT[PAGE_SIZE])
    switch_to(hart, 3)
    hart.call("exit", 0)
    ends_well(hart)


def test_a_child_that_has_stored_writes_back_at_its_end(hart, ip):
    area = mmap(hart, SIZE, RW, SHARED, 3)
    assert hart.call("fork") == 3
    switch_to(hart, 3)
    hart.store(area + 4, 77)
    hart.call("exit", 0)
    assert ip.data[4] == 77
    assert ip.ref == 1
    ends_well(hart)


@pytest.mark.parametrize("end", ["exit", "kill", "exec"])
def test_whoever_ends_writes_back(policy, end):
    program = support.elf_file()
    hart = support.make_hart(files=lambda: {"file": CONTENT, "new": program})
    hart.sbrk(PAGE_SIZE)
    fd = open_file(hart, "file")
    ip = hart.proc.ofile[fd].ip
    assert hart.call("fork") == 3
    switch_to(hart, 3)
    hart.store(mmap(hart, 1, RW, SHARED, fd), 99)
    if end == "exit":
        hart.call("exit", 0)
    elif end == "kill":
        hart.trap(Cause.STORE_PAGE, stval=MAXVA)
    else:
        argv = hart.put(hart.heap + 8, bytes(8))
        assert hart.call("exec", hart.put(hart.heap, b"new\0"), argv) == 0
        assert hart.proc.space.regions.areas == ()
    assert ip.data[0] == 99
    assert hart.kernel.backings == {}


def test_a_hole_makes_two_areas_that_go_on_as_before(hart, ip):
    area = mmap(hart, 4 * PAGE_SIZE, RW, SHARED, 3)
    hart.store(area, 1)
    hart.store(area + PAGE_SIZE, 2)
    used = hart.kernel.kmem.used
    assert hart.call("munmap", area + PAGE_SIZE, 2 * PAGE_SIZE) == 0
    assert hart.kernel.kmem.used < used
    assert ip.data[PAGE_SIZE] == 2
    assert ip.data[0] == CONTENT[0]
    assert (hart.load(area), hart.load(area + 3 * PAGE_SIZE)) == (1, 0)
    assert len(hart.proc.space.regions.areas) == 2
    assert hart.call("munmap", area, 4 * PAGE_SIZE) == -1
    assert hart.call("munmap", area + 3 * PAGE_SIZE, 1) == 0
    assert hart.call("munmap", area, 1) == 0
    assert ip.data[0] == 1
    assert hart.kernel.backings == {}


def test_there_are_sixteen_areas_and_no_more(hart, ip):
    areas = [mmap(hart, 3 * PAGE_SIZE, RW, PRIVATE | ANONYMOUS) for _ in range(NAREA)]
    assert sorted(set(areas), reverse=True) == areas
    before = hart.proc.space.regions
    assert mmap(hart, 1, RW, PRIVATE, 3) == -1
    assert hart.call("munmap", areas[3] + PAGE_SIZE, PAGE_SIZE) == -1
    assert hart.proc.space.regions == before
    # Across two areas that lie side by side, of which nothing but the ends stays.
    assert hart.call("munmap", areas[1] + PAGE_SIZE, 4 * PAGE_SIZE) == 0
    assert hart.call("munmap", areas[4], 3 * PAGE_SIZE) == 0
    # The highest hole is four pages large, and of it the highest three are taken.
    assert mmap(hart, 3 * PAGE_SIZE, RW, PRIVATE, 3) == areas[1] + 2 * PAGE_SIZE


def test_heap_and_areas_do_not_meet(policy, hart):
    low = mmap(hart, PAGE_SIZE, RW, PRIVATE | ANONYMOUS)
    hart.promise(low - 10)  # a heap of gigabytes that nobody has touched
    assert mmap(hart, 1, RW, PRIVATE | ANONYMOUS) == -1
    assert hart.sbrk(11) == -1
    if policy != "eager":
        assert hart.sbrk(10) == low - 10
        assert hart.sbrk(1) == -1


def test_a_touch_beside_an_area_kills(hart):
    area = mmap(hart, PAGE_SIZE, RW, PRIVATE | ANONYMOUS)
    with pytest.raises(support.Killed):
        hart.trap(Cause.LOAD_PAGE, stval=area - 1)
    outcome = hart.kernel.faults[-1].outcome
    assert (outcome.why, outcome.has_areas) == (Why.PAST_SIZE, True)
    assert hart.kernel.panicked is None


@pytest.mark.parametrize("touched", [False, True])
def test_an_access_that_an_area_does_not_allow_kills(policy, touched):
    accesses = [(READ, Cause.STORE_PAGE), (RW, Cause.FETCH_PAGE), (READ, Cause.FETCH_PAGE)]
    for prot, cause in accesses:
        hart = support.make_hart()
        area = mmap(hart, PAGE_SIZE, prot, PRIVATE | ANONYMOUS)
        if touched:
            hart.load(area)
        assert hart.call("pipe", area) == (-1 if prot == READ else 0)
        with pytest.raises(support.Killed):
            hart.trap(cause, stval=area)
        assert hart.kernel.faults[-1].outcome.why in (Why.PAGE_RIGHTS, Why.OWNER_RIGHTS)
        assert hart.kernel.panicked is None


def test_what_may_be_executed_is_fetched_after_a_fence(hart, ip):
    area = mmap(hart, 1, READ | EXEC, PRIVATE, 3)
    assert hart.fetch(area) == CONTENT[:2]
    assert hart.pte(area) & (Pte.W | Pte.X) == Pte.X


def test_the_lab_s_calls_know_areas(hart, ip):
    area, vector = mmap(hart, SIZE, RW, PRIVATE, 3), hart.heap + 100
    hart.store(area, 1)
    hart.store(area + PAGE_SIZE, 2)
    assert hart.call("mincore", area, SIZE, vector) == 0
    assert hart.get(vector, 2) == b"\1\1"
    assert hart.call("madvise", area, 1, MADV_DONTNEED) == 0
    assert hart.call("mincore", area, SIZE, vector) == 0
    assert hart.get(vector, 2) == b"\0\1"
    assert (hart.load(area), hart.load(area + PAGE_SIZE)) == (CONTENT[0], 2)
    assert hart.call("mincore", area - PAGE_SIZE, SIZE, vector) == -1
    assert hart.call("pgaccess", area, 2, vector) == 0
    assert hart.get(vector, 1) == b"\3"
    assert hart.call("vmprint") == 0
    assert f" .. .. ..{area:#018x}: pte" in hart.printed


def test_pages_of_a_shared_area_that_are_given_back_are_not_lost(hart, ip):
    area = mmap(hart, SIZE, RW, SHARED, 3)
    hart.store(area, 1)
    assert hart.call("madvise", area, SIZE, MADV_DONTNEED) == 0
    assert (ip.data[0], hart.load(area)) == (1, 1)
    zeros = mmap(hart, 1, RW, SHARED | ANONYMOUS)
    hart.store(zeros, 5)
    assert hart.call("madvise", zeros, 1, MADV_DONTNEED) == 0
    assert hart.load(zeros) == 5


def test_a_list_of_arguments_may_lie_in_an_area(hart):
    area = mmap(hart, 1, RW, PRIVATE | ANONYMOUS)
    hart.put(area, hart.heap.to_bytes(8, "little") + bytes(8))
    assert hart.call("exec", hart.put(hart.heap, b"none\0"), area) == -1
    assert hart.call("exec", hart.heap, area - 8) == -1
