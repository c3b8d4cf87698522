import pytest

from hdl.arch import PAGE_SIZE, Pte
from kernel_model.facts.costs import Step
from kernel_model.fs.mapped import dropareas, filepage, filesync, unmapareas
from tests.kernel_model.mapping import PRIVATE, READ, SHARED, WRITE, mmap, open_file
from tests.kernel_model.support import make_hart
from tests.kernel_model.tables import charged

CONTENT = bytes(range(1, 256)) * 17  # a page and 239 bytes
RW = READ | WRITE


@pytest.fixture
def hart():
    hart = make_hart(files=lambda: {"file": CONTENT})
    hart.sbrk(PAGE_SIZE)
    return hart


@pytest.fixture
def file(hart):
    return hart.proc.ofile[open_file(hart, "file")]


def test_a_page_of_a_file_ends_where_the_file_does(hart, file):
    assert filepage(hart.kernel, file, 0) == CONTENT[:PAGE_SIZE]
    assert filepage(hart.kernel, file, PAGE_SIZE) == CONTENT[PAGE_SIZE:]
    assert filepage(hart.kernel, file, 2 * PAGE_SIZE) == b""
    assert filepage(hart.kernel, file, 1 << 62) == b""
    assert file.off == 0


def test_a_page_costs_the_blocks_that_are_looked_at(hart, file):
    blocks = charged(hart.kernel, Step.BLOCK)
    filepage(hart.kernel, file, 0)
    assert blocks() == 4


def test_what_was_stored_is_written_once(hart, file):
    area = mmap(hart, 2 * PAGE_SIZE, RW, SHARED, 3)
    hart.store(area + 1, 7)
    hart.load(area + PAGE_SIZE)
    written = charged(hart.kernel, Step.OPERATION)
    filesync(hart.kernel, hart.proc.space, area, area + 2 * PAGE_SIZE)
    assert file.ip.data == CONTENT[:1] + b"\7" + CONTENT[2:]
    assert not hart.pte(area) & Pte.D
    assert written() == 2  # three blocks, and one
    filesync(hart.kernel, hart.proc.space, area, area + 2 * PAGE_SIZE)
    assert written() == 2


@pytest.mark.parametrize("kind, prot", [(PRIVATE, RW), (SHARED, READ)])
def test_other_areas_are_never_written(hart, file, kind, prot):
    area = mmap(hart, PAGE_SIZE, prot, kind, 3)
    hart.load(area)
    file.ip.data[0] = 99
    filesync(hart.kernel, hart.proc.space, area, area + PAGE_SIZE)
    assert file.ip.data[0] == 99


def test_a_part_is_written_and_the_rest_stays(hart, file):
    area = mmap(hart, 2 * PAGE_SIZE, RW, SHARED, 3)
    hart.store(area, 1)
    hart.store(area + PAGE_SIZE, 2)
    unmapareas(hart.kernel, hart.proc.space, area + PAGE_SIZE, area + 2 * PAGE_SIZE)
    assert (file.ip.data[0], file.ip.data[PAGE_SIZE]) == (CONTENT[0], 2)
    assert hart.load(area) == 1
    assert file.ref == 2
    hart.store(area, 3)
    dropareas(hart.kernel, hart.proc.space)
    assert (file.ip.data[0], file.ref) == (3, 1)
    dropareas(hart.kernel, hart.proc.space)
    assert hart.kernel.backings == {}
