import pytest

from hdl.arch import PAGE_SIZE, Pte
from kernel_model.layout import MAXVA
from kernel_model.lazy import vmfault
from kernel_model.pagetable import getpte, uvmunmap
from tests.kernel_model.support import DATA, X, elf_file, failing_kalloc, make_hart, segment

MIB = 1 << 20


@pytest.fixture
def hart():
    hart = make_hart()
    hart.sbrk(64 * MIB)
    return hart


def test_maps_a_cleared_page_for_the_user(hart):
    kernel, proc = hart.kernel, hart.kernel.proc

    frame, what = vmfault(kernel, proc, hart.heap + 0x123)

    assert what == f"mapped frame {frame:#x}"
    assert kernel.memory.read(frame, PAGE_SIZE) == bytes(PAGE_SIZE)
    flags = Pte.V | Pte.R | Pte.W | Pte.U | Pte.A | Pte.D
    assert hart.pte(hart.heap) == frame >> 12 << 10 | flags


def test_says_how_many_page_tables_it_made(hart):
    kernel, proc = hart.kernel, hart.kernel.proc
    proc.sz = 4 << 30

    _, one = vmfault(kernel, proc, 32 * MIB)
    _, two = vmfault(kernel, proc, 3 << 30)

    assert one.endswith("(+1 page table)")
    assert two.endswith("(+2 page tables)")


def test_the_size_counts_to_the_byte(hart):
    kernel, proc = hart.kernel, hart.kernel.proc
    proc.sz = hart.heap + 0x1001

    assert vmfault(kernel, proc, proc.sz)[0] == 0
    assert vmfault(kernel, proc, proc.sz - 1)[0] != 0


@pytest.mark.parametrize("va", [MAXVA - 1, MAXVA, 1 << 63, (1 << 64) - 1], ids=hex)
def test_refuses_what_is_past_the_size(hart, va):
    frame, what = vmfault(hart.kernel, hart.kernel.proc, va)
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

    assert vmfault(kernel, kernel.proc, hart.heap - below_heap) == (0, why)

    assert (kernel.kmem.used, hart.pte(hart.heap - below_heap)) == (used, before)
    assert before


def test_refuses_a_page_that_is_only_to_be_run():
    hart = make_hart(elf_file(segment(0, b"code", X), DATA))
    assert vmfault(hart.kernel, hart.kernel.proc, 0) == (0, "page is mapped --x")


@pytest.mark.parametrize("nth", [1, 2, 3])
def test_takes_nothing_if_a_frame_lacks(hart, nth):
    kernel, proc = hart.kernel, hart.kernel.proc
    proc.sz = 4 << 30
    used = kernel.kmem.used

    with failing_kalloc(kernel, nth) as calls:
        frame, what = vmfault(kernel, proc, 3 << 30)  # a page and two page tables

    assert len(calls) == nth
    assert frame == 0
    assert what.startswith("no frame left")
    assert kernel.kmem.used == used
    assert getpte(kernel, proc.pagetable, 3 << 30) == 0


def test_counts_heap_pages_only(hart):
    kernel, proc = hart.kernel, hart.kernel.proc
    uvmunmap(kernel, proc.pagetable, 0, 1, do_free=True)  # a hole below the heap

    assert vmfault(kernel, proc, 0)[0]
    assert kernel.heap_frames_used == 0
    assert vmfault(kernel, proc, hart.heap)[0]
    assert kernel.heap_frames_used == 1
