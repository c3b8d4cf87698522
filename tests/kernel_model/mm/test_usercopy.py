import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hdl.arch import PAGE_SIZE, Cause, Pte
from kernel_model.facts.abi import SBRK_LAZY
from kernel_model.facts.costs import Step
from kernel_model.facts.memlayout import MAXVA, TRAMPOLINE, TRAPFRAME
from kernel_model.mm.pagetable import walk
from kernel_model.mm.served import Decision, Via
from kernel_model.mm.usercopy import copyin, copyinstr, copyout
from kernel_model.mm.vm import uvmclear
from tests.kernel_model.support import (
    DATA,
    TEXT,
    R,
    W,
    X,
    elf_file,
    failing_kalloc,
    make_hart,
    segment,
)
from tests.kernel_model.tables import MIB2, charged, map_superpage

TOP = (1 << 64) - 1
HEAP_PAGES = 6


@pytest.fixture
def hart():
    hart = make_hart()
    hart.sbrk(HEAP_PAGES * PAGE_SIZE)
    return hart


def test_copies_over_untouched_pages(hart):
    kernel, proc = hart.kernel, hart.kernel.proc
    address = hart.heap + PAGE_SIZE - 3
    data = bytes(range(256)) * 33  # touches four pages

    assert copyout(kernel, proc, address, data)
    assert copyin(kernel, proc, address, len(data)) == data
    assert copyin(kernel, proc, address - 2, 4) == b"\0\0" + data[:2]

    assert [(f.cause, f.stval, f.via, f.pc, f.outcome.decision) for f in kernel.faults] == [
        (Cause.STORE_PAGE, va, Via.COPYOUT, None, Decision.MAPPED)
        for va in (address, *(hart.heap + n * PAGE_SIZE for n in (1, 2, 3)))
    ]
    assert kernel.heap_frames_used == 4


def test_copyin_faults_in_as_a_load(hart):
    assert copyin(hart.kernel, hart.kernel.proc, hart.heap, 8) == bytes(8)
    assert [(f.cause, f.via) for f in hart.kernel.faults] == [(Cause.LOAD_PAGE, Via.COPYIN)]


def test_nothing_is_copied_from_anywhere(hart):
    assert copyin(hart.kernel, hart.kernel.proc, TOP, 0) == b""
    assert copyout(hart.kernel, hart.kernel.proc, TOP, b"")


BAD = [
    pytest.param(lambda hart: hart.heap + HEAP_PAGES * PAGE_SIZE - 7, id="end of the heap"),
    pytest.param(lambda hart: hart.heap - 2 * PAGE_SIZE, id="guard page"),
    pytest.param(lambda hart: hart.heap - 3 * PAGE_SIZE + PAGE_SIZE - 7, id="into the guard page"),
    pytest.param(lambda hart: TRAPFRAME, id="trap frame"),
    pytest.param(lambda hart: TRAMPOLINE, id="trampoline"),
    pytest.param(lambda hart: MAXVA - 4, id="over MAXVA"),
    pytest.param(lambda hart: MAXVA, id="MAXVA"),
    pytest.param(lambda hart: 1 << 63, id="bit 63"),
    pytest.param(lambda hart: TOP - 3, id="wraps at 2**64"),
    pytest.param(lambda hart: TOP, id="last byte"),
]


@pytest.mark.parametrize("address", BAD)
def test_bad_addresses_fail(hart, address):
    kernel, proc = hart.kernel, hart.kernel.proc
    assert copyin(kernel, proc, address(hart), 8) is None
    assert not copyout(kernel, proc, address(hart), bytes(8))
    assert copyinstr(kernel, proc, min(address(hart) + 7, TOP), 8) is None


def test_what_is_not_writable_is_not_written(hart):
    kernel, proc = hart.kernel, hart.kernel.proc
    looked_up = charged(kernel, Step.FAULT)

    assert not copyout(kernel, proc, 4, b"text")

    assert looked_up() == 0, "nobody may write it, so it is not shared"
    assert copyin(kernel, proc, 0, 8) == b"\x13\0\0\0\x13\0\0\0"


def test_what_is_not_readable_is_not_read():
    hart = make_hart()
    entry = walk(hart.kernel, hart.proc.pagetable, 0)
    hart.kernel.memory.write_u64(entry, hart.pte(0) & ~Pte.R)
    assert copyin(hart.kernel, hart.kernel.proc, 0, 4) is None
    assert copyinstr(hart.kernel, hart.kernel.proc, 0, 9) is None


class TestBytePastTheSize:
    """On a page that begins below it, and that nobody has touched."""

    @pytest.fixture
    def make(self):
        def make(abi):
            hart = make_hart(abi=abi)
            hart.call("sbrk", 100, SBRK_LAZY)
            return hart.kernel, hart.proc, hart.heap

        return make

    def test_the_lab_compares_to_the_byte(self, make):
        kernel, proc, heap = make("lab")
        assert copyin(kernel, proc, heap + 100, 1) is None
        assert not copyout(kernel, proc, heap + 200, b"x")
        assert kernel.faults == []
        assert copyin(kernel, proc, heap + 99, 2) == b"\0\0"  # the page is there now

    @pytest.mark.parametrize("past", [100, PAGE_SIZE - 1])
    def test_the_release_of_2025_rounds_down_first(self, make, past):
        kernel, proc, heap = make("2025")
        assert copyin(kernel, proc, heap + past, 1) == b"\0"
        assert [(fault.stval, fault.via) for fault in kernel.faults] == [(heap + past, Via.COPYIN)]
        kernel, proc, heap = make("2025")
        assert copyout(kernel, proc, heap + past, b"x")
        assert copyin(kernel, proc, heap + past, 1) == b"x"

    @pytest.mark.parametrize("abi", ["lab", "2025"])
    def test_nothing_of_the_next_page(self, make, abi):
        kernel, proc, heap = make(abi)
        assert copyin(kernel, proc, heap + PAGE_SIZE, 1) is None
        assert copyin(kernel, proc, heap + PAGE_SIZE - 1, 2) is None

    @pytest.mark.parametrize("abi", ["lab", "2025"])
    def test_strings_compare_to_the_byte(self, make, abi):
        kernel, proc, heap = make(abi)
        assert copyinstr(kernel, proc, heap + 100, 1) is None
        assert copyinstr(kernel, proc, heap + 99, 1) == b""


def test_what_exec_left_unmapped_is_copied_as_its_rights_say():
    elf = elf_file(segment(0x10000, b"text", R | X), segment(0x20000, b"data", R | W))
    hart = make_hart(elf)
    kernel, proc = hart.kernel, hart.proc
    used = kernel.kmem.used
    assert not copyout(kernel, proc, 0, b"x")
    assert kernel.kmem.used == used
    assert copyin(kernel, proc, 0, 4) == bytes(4)
    assert copyinstr(kernel, proc, 0xF000, 4) == b""
    assert copyout(kernel, proc, 0x1F000, b"x")


def test_writing_code_asks_for_a_fence():
    hart = make_hart(elf_file(segment(0, b"code", 7)))
    assert not hart.kernel.wrote_code

    copyin(hart.kernel, hart.kernel.proc, 0, 4)
    assert not hart.kernel.wrote_code
    copyout(hart.kernel, hart.kernel.proc, hart.heap - PAGE_SIZE, b"data")
    assert not hart.kernel.wrote_code, "the stack is not code"
    copyout(hart.kernel, hart.kernel.proc, 0, b"CODE")
    assert hart.kernel.wrote_code


@pytest.mark.parametrize("n, steps", [(1, 1), (8, 1), (9, 2), (16, 2), (17, 3)])
def test_copying_is_charged_by_eight_bytes_or_a_part_of_them(hart, n, steps):
    copyin(hart.kernel, hart.kernel.proc, hart.heap, 1)  # no fault from here on
    for copy in (copyin, copyinstr):
        copied = charged(hart.kernel, Step.COPY)
        copy(hart.kernel, hart.kernel.proc, hart.heap, n)
        assert copied() == steps


@pytest.mark.parametrize("nth", range(1, 6))
def test_out_of_frames_in_the_middle(nth):
    # Five frames: the page, its last table missing, then three pages more.
    hart = make_hart(elf_file(TEXT, DATA))
    kernel, proc = hart.kernel, hart.kernel.proc
    hart.sbrk((2 << 20) - hart.heap + 4 * PAGE_SIZE)
    used = kernel.kmem.used

    with failing_kalloc(kernel, nth) as calls:
        assert copyin(kernel, proc, 2 << 20, 4 * PAGE_SIZE) is None

    assert len(calls) == nth
    whole_pages = max(0, nth - 2)
    assert kernel.heap_frames_used == len(kernel.faults) == whole_pages
    assert kernel.kmem.used == used + (whole_pages + 1 if whole_pages else 0)
    hart.exit()
    assert kernel.panicked is None


class TestCopyinstr:
    def test_of_a_page_that_is_only_to_be_read(self):
        hart = make_hart(elf_file(segment(0, b"name\0", R)))
        assert copyinstr(hart.kernel, hart.kernel.proc, 0, 9) == b"name"

    def test_stops_at_nul(self, hart):
        copyout(hart.kernel, hart.kernel.proc, hart.heap, b"name\0rest\0")
        assert copyinstr(hart.kernel, hart.kernel.proc, hart.heap, 128) == b"name"

    def test_an_untouched_page_is_an_empty_string(self, hart):
        assert copyinstr(hart.kernel, hart.kernel.proc, hart.heap + 9, 128) == b""
        assert [fault.via for fault in hart.kernel.faults] == [Via.COPYIN]

    def test_crosses_pages(self, hart):
        address = hart.heap + PAGE_SIZE - 3
        copyout(hart.kernel, hart.kernel.proc, address, b"a" * PAGE_SIZE)
        assert copyinstr(hart.kernel, hart.kernel.proc, address, 9999) == b"a" * PAGE_SIZE

    def test_does_not_touch_the_page_behind_the_nul(self, hart):
        end = hart.heap + HEAP_PAGES * PAGE_SIZE
        copyout(hart.kernel, hart.kernel.proc, end - 3, b"ok\0")
        assert copyinstr(hart.kernel, hart.kernel.proc, end - 3, 128) == b"ok"

    @pytest.mark.parametrize("limit, found", [(5, b"name"), (4, None)])
    def test_the_nul_counts(self, hart, limit, found):
        copyout(hart.kernel, hart.kernel.proc, hart.heap, b"name")
        assert copyinstr(hart.kernel, hart.kernel.proc, hart.heap, limit) == found


@settings(max_examples=40, deadline=None, derandomize=True)
@given(
    st.lists(
        st.tuples(
            st.booleans(),
            st.integers(-100, HEAP_PAGES * PAGE_SIZE + 100),
            st.integers(0, 3 * PAGE_SIZE),
        ),
        max_size=12,
    )
)
def test_agrees_with_flat_memory(copies):
    # Reference: the heap as one bytearray, bounded below by a page that is not the user's.
    hart = make_hart()
    hart.sbrk(HEAP_PAGES * PAGE_SIZE)
    kernel, proc = hart.kernel, hart.kernel.proc
    flat = bytearray(HEAP_PAGES * PAGE_SIZE)
    touched = set()
    base = hart.heap
    uvmclear(kernel, proc.pagetable, base - PAGE_SIZE)

    for number, (out, start, n) in enumerate(copies):
        legal = n == 0 or (start >= 0 and start + n <= len(flat))
        last = min(start + n, len(flat))
        if n and start >= 0:
            touched |= set(range(start // PAGE_SIZE, -(-last // PAGE_SIZE)))
        if out:
            data = bytes([number + 1]) * n
            assert copyout(kernel, proc, base + start, data) == legal
            if n and 0 <= start < len(flat):
                flat[start:last] = data[: last - start]
        else:
            expected = bytes(flat[start : start + n]) if n else b""
            assert copyin(kernel, proc, base + start, n) == (expected if legal else None)
    assert kernel.heap_frames_used == len(touched)


def test_copies_within_a_superpage_and_gives_it_back():
    hart = make_hart(size=8 << 20)
    kernel, proc, used = hart.kernel, hart.proc, hart.kernel.kmem.used
    hart.promise(2 * MIB2)
    run = map_superpage(kernel, proc.pagetable, MIB2)

    assert copyout(kernel, proc, MIB2 + 0x5FFE, b"over")

    assert kernel.memory.read(run + 0x5FFE, 4) == b"over"
    assert copyin(kernel, proc, MIB2 + 0x5FFE, 4) == b"over"
    assert (kernel.faults, kernel.kmem.used) == ([], used + 512)
    hart.exit()
    assert kernel.kmem.used == kernel.own_frames
