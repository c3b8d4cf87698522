"""Bad arguments of `mmap` and `munmap`, and the last good ones: they change nothing."""

import pytest

from hdl.arch import PAGE_SIZE
from kernel_model.calls.sysfile import O_CREATE, O_RDONLY, O_RDWR, O_WRONLY
from kernel_model.facts.memlayout import MAXVA, TRAPFRAME
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
from tests.kernel_model.under import use

RW = READ | WRITE


@pytest.fixture(params=["lazy", "eager"])
def hart(request, monkeypatch):
    use(request.param, monkeypatch)
    hart = support.make_hart(files=lambda: {"file": bytes(5000)})
    hart.sbrk(PAGE_SIZE)
    return hart


@pytest.fixture
def ip(hart):
    """The file's inode; its descriptor is 3."""
    return hart.proc.ofile[open_file(hart, "file")].ip


BIG = (1 << 64) - PAGE_SIZE


BAD = [
    (0x10000, 1, RW, PRIVATE, 3, 0),
    (0, 0, RW, PRIVATE, 3, 0),
    (0, MAXVA, RW, PRIVATE, 3, 0),
    (0, BIG, RW, PRIVATE, 3, 0),
    (0, (1 << 64) - 1, RW, PRIVATE, 3, 0),
    (0, 1, 0, PRIVATE, 3, 0),
    (0, 1, RW | 8, PRIVATE, 3, 0),
    (0, 1, WRITE | EXEC, PRIVATE, 3, 0),
    (0, 1, RW | EXEC, PRIVATE, 3, 0),
    (0, 1, RW, 0, 3, 0),
    (0, 1, RW, ANONYMOUS, 3, 0),
    (0, 1, RW, SHARED | PRIVATE, 3, 0),
    (0, 1, RW, PRIVATE | 0x40, 3, 0),
    (0, 1, RW, PRIVATE, 3, 1),
    (0, 1, RW, PRIVATE, 3, -PAGE_SIZE),
    (0, 1, RW, PRIVATE, -1, 0),
    (0, 1, RW, PRIVATE, 16, 0),
    (0, 1, RW, PRIVATE, 15, 0),
    (0, 1, READ, PRIVATE, 0, 0),  # the console
    (0, 1, READ, PRIVATE, 4, 0),  # a pipe
    (0, 1, READ, PRIVATE, 6, 0),  # a directory
    (0, 1, READ, PRIVATE, 7, 0),  # not open for reading
    (0, 1, WRITE, SHARED, 8, 0),  # not open for writing
]


def test_bad_arguments_of_mmap_change_nothing(hart, ip):
    assert hart.call("pipe", hart.heap) == 0
    assert open_file(hart, ".", O_RDONLY) == 6
    assert open_file(hart, "file", O_WRONLY) == 7
    assert open_file(hart, "file", O_RDONLY) == 8
    used, refs = hart.kernel.kmem.used, [file.ref for file in hart.kernel.ftable]
    for arguments in BAD:
        assert hart.call("mmap", *arguments) == -1, arguments
        assert (hart.kernel.kmem.used, hart.kernel.backings) == (used, {})
        assert [file.ref for file in hart.kernel.ftable] == refs
        assert hart.proc.space.regions.areas == ()


def test_offsets_up_to_the_largest_are_taken(hart, ip):
    area = mmap(hart, PAGE_SIZE, READ, PRIVATE, 3, (1 << 63) - PAGE_SIZE)
    assert hart.get(area, 8) == bytes(8)


def test_a_new_file_is_mapped_as_zeros(hart):
    fd = open_file(hart, "empty", O_CREATE | O_RDWR)
    area = mmap(hart, 1, RW, SHARED, fd)
    hart.store(area, 3)
    assert hart.call("munmap", area, 1) == 0
    assert hart.proc.ofile[fd].ip.size == 0


#: From the start of an area of two pages.
BAD_PARTS = [
    (0, 0),
    (1, PAGE_SIZE),
    (0, 3 * PAGE_SIZE),
    (0, BIG),
    (0, MAXVA),
    (-PAGE_SIZE, PAGE_SIZE),
    (-PAGE_SIZE, 2 * PAGE_SIZE),
    (2 * PAGE_SIZE, PAGE_SIZE),  # the trap frame
    (4 * PAGE_SIZE, PAGE_SIZE),  # MAXVA
    (-TRAPFRAME + 2 * PAGE_SIZE, PAGE_SIZE),  # address 0
]


def test_bad_arguments_of_munmap_change_nothing(hart):
    area = mmap(hart, 2 * PAGE_SIZE, RW, PRIVATE | ANONYMOUS)
    hart.store(area, 1)
    used, before = hart.kernel.kmem.used, hart.proc.space.regions
    for start, length in BAD_PARTS:
        assert hart.call("munmap", area + start, length) == -1, (start, length)
        assert (hart.kernel.kmem.used, hart.proc.space.regions) == (used, before)
    assert hart.call("munmap", hart.heap, PAGE_SIZE) == -1
    assert hart.load(area) == 1
