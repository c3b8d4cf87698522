import pytest

from hdl.arch import PAGE_SIZE, Pte
from kernel_model.facts.memlayout import MAXVA
from kernel_model.facts.panic import KernelPanic
from kernel_model.mm.lazy import vmfault
from kernel_model.mm.pagetable import getpte, mappages, uvmunmap
from tests.kernel_model.support import R, W, X, elf_file, failing_kalloc, make_hart, segment

MIB = 1 << 20


@pytest.fixture
def hart():
    hart = make_hart()
    hart.sbrk(64 * MIB)
    return hart


def test_maps_a_cleared_page_for_the_user(hart):
    kernel, proc = hart.kernel, hart.kernel.proc

    frame, what = vmfault(kernel, proc.space, hart.heap + 0x123, Pte.R)

    assert what == f"mapped frame {frame:#x}"
    assert kernel.memory.read(frame, PAGE_SIZE) == bytes(PAGE_SIZE)
    flags = Pte.V | Pte.R | Pte.W | Pte.U | Pte.A | Pte.D
    assert hart.pte(hart.heap) == frame >> 12 << 10 | flags


def test_says_how_many_page_tables_it_made(hart):
    kernel, proc = hart.kernel, hart.kernel.proc
    hart.promise(4 << 30)

    _, one = vmfault(kernel, proc.space, 32 * MIB, Pte.R)
    _, two = vmfault(kernel, proc.space, 3 << 30, Pte.R)

    assert one.endswith("(+1 page table)")
    assert two.endswith("(+2 page tables)")


def test_the_size_counts_to_the_byte(hart):
    kernel, proc = hart.kernel, hart.kernel.proc
    hart.promise(hart.heap + 0x1001)

    assert vmfault(kernel, proc.space, proc.sz, Pte.R)[0] == 0
    assert vmfault(kernel, proc.space, proc.sz - 1, Pte.R)[0] != 0


@pytest.mark.parametrize("va", [MAXVA - 1, MAXVA, 1 << 63, (1 << 64) - 1], ids=hex)
def test_refuses_what_is_past_the_size(hart, va):
    frame, what = vmfault(hart.kernel, hart.kernel.proc.space, va, Pte.R)
    assert (frame, what) == (0, f"address past the size {hart.kernel.proc.sz:#x}")


@pytest.mark.parametrize(
    "below_heap, why",
    [
        (2 * PAGE_SIZE, "guard page"),
        (PAGE_SIZE, "page is mapped rw-"),
        (5 * PAGE_SIZE, "page is mapped r-x"),
    ],
)
def test_refuses_a_page_that_is_mapped(hart, below_heap, why):
    kernel = hart.kernel
    used, before = kernel.kmem.used, hart.pte(hart.heap - below_heap)

    assert vmfault(kernel, kernel.proc.space, hart.heap - below_heap, Pte.R) == (0, why)

    assert (kernel.kmem.used, hart.pte(hart.heap - below_heap)) == (used, before)
    assert before


def test_refuses_a_page_that_is_mapped_for_execution_alone(hart):
    kernel, proc = hart.kernel, hart.kernel.proc
    frame = kernel.kmem.kalloc()
    assert mappages(kernel, proc.pagetable, hart.heap, PAGE_SIZE, frame, Pte.X | Pte.U)

    assert vmfault(kernel, proc.space, hart.heap, Pte.R) == (0, "page is mapped --x")


@pytest.mark.parametrize("nth", [1, 2, 3])
def test_takes_nothing_if_a_frame_lacks(hart, nth):
    kernel, proc = hart.kernel, hart.kernel.proc
    hart.promise(4 << 30)
    used = kernel.kmem.used

    with failing_kalloc(kernel, nth) as calls:
        frame, what = vmfault(kernel, proc.space, 3 << 30, Pte.R)  # a page and two page tables

    assert len(calls) == nth
    assert frame == 0
    assert what.startswith("no frame left")
    assert kernel.kmem.used == used
    assert getpte(kernel, proc.pagetable, 3 << 30) == 0


FAR = 0x10000


@pytest.fixture
def far():
    """Linked as a plain compiler does: text at 64 KiB, data beyond a hole of a page."""
    return make_hart(
        elf_file(segment(FAR, b"text", R | X), segment(FAR + 2 * PAGE_SIZE, b"data", R | W))
    )


@pytest.mark.parametrize(
    "va, access, why",
    [
        (0, Pte.W, "page is the segment's, r-x"),
        (FAR - 1, Pte.W, "page is the segment's, r-x"),
        (FAR + PAGE_SIZE, Pte.X, "page is the segment's, rw-"),
    ],
)
def test_what_exec_left_unmapped_has_the_rights_of_the_segment_above(far, va, access, why):
    used = far.kernel.kmem.used
    assert vmfault(far.kernel, far.proc.space, va, access) == (0, why)
    assert far.kernel.kmem.used == used
    assert not far.kernel.faults


@pytest.mark.parametrize(
    "va, access, rights",
    [
        (0, Pte.R, Pte.R | Pte.X),
        (FAR - 1, Pte.X, Pte.R | Pte.X),
        (FAR + PAGE_SIZE, Pte.W, Pte.R | Pte.W),
        (FAR + PAGE_SIZE, Pte.R, Pte.R | Pte.W),
    ],
)
def test_a_page_below_a_segment_gets_its_frame_when_it_may_be_touched(far, va, access, rights):
    far.kernel.wrote_code = False
    frame, _ = vmfault(far.kernel, far.proc.space, va, access)
    flags = Pte.V | Pte.U | Pte.A | Pte.D | rights
    assert far.pte(va) == frame >> 12 << 10 | flags
    assert far.kernel.memory.read(frame, PAGE_SIZE) == bytes(PAGE_SIZE)
    assert far.kernel.wrote_code == bool(rights & Pte.X)
    assert far.kernel.heap_frames_used == 0
    assert far.proc.space.most == 5


def test_heap_pages_are_not_executed(hart):
    used = hart.kernel.kmem.used
    refused = 0, "page is the heap's, rw-"
    assert vmfault(hart.kernel, hart.kernel.proc.space, hart.heap, Pte.X) == refused
    assert hart.kernel.kmem.used == used


def test_a_page_of_nobody_panics(hart):
    hart.proc.space.size += PAGE_SIZE
    with pytest.raises(KernelPanic, match=f"vmfault: {hart.proc.sz - 1:#x} is nobody's"):
        vmfault(hart.kernel, hart.proc.space, hart.proc.sz - 1, Pte.R)


def test_counts_heap_pages_only(hart):
    kernel, proc = hart.kernel, hart.kernel.proc
    uvmunmap(kernel, proc.pagetable, 0, 1, do_free=True)  # a hole below the heap

    assert vmfault(kernel, proc.space, 0, Pte.R)[0]
    assert kernel.heap_frames_used == 0
    assert vmfault(kernel, proc.space, hart.heap, Pte.R)[0]
    assert kernel.heap_frames_used == 1
