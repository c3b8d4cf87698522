import pytest

from kernel_model.facts.panic import KernelPanic
from kernel_model.facts.param import BSIZE, MAXFILE, NDIRECT, NINODES
from kernel_model.fs.inode import ialloc, idup, iget, iput, itrunc, readi, stati, writei
from kernel_model.fs.state import FileType
from tests.kernel_model.files import make_files


@pytest.fixture
def kernel():
    return make_files()


@pytest.fixture
def ip(kernel):
    return ialloc(kernel, FileType.FILE)


def test_inodes_are_numbered_from_the_lowest_free_one(kernel):
    first, second = (ialloc(kernel, FileType.FILE) for _ in range(2))
    assert (first.inum, second.inum) == (3, 4)  # behind `/` and `/console`
    iput(kernel, first)
    assert ialloc(kernel, FileType.DIR).inum == 3


def test_a_new_one_has_nothing(ip):
    assert (ip.major, ip.minor, ip.nlink, ip.ref, ip.size, ip.blocks) == (0, 0, 0, 1, 0, 0)


def test_inodes_run_out(kernel):
    made = [ialloc(kernel, FileType.FILE) for _ in range(kernel.fs.free_inodes)]
    assert len(made) == NINODES - 1 - 2
    assert kernel.console.printed == b""
    assert ialloc(kernel, FileType.FILE) is None
    assert kernel.console.printed == b"ialloc: no inodes\n"


def test_the_last_reference_without_a_link_frees_inode_and_blocks(kernel, ip):
    free = kernel.fs.free_inodes, kernel.fs.free_blocks
    writei(kernel, ip, 0, bytes(20 * BSIZE))
    idup(ip)
    iput(kernel, ip)
    assert kernel.fs.inodes[ip.inum] is ip
    iput(kernel, ip)
    assert (kernel.fs.free_inodes, kernel.fs.free_blocks) == (free[0] + 1, free[1])
    with pytest.raises(KernelPanic, match="iget: inode 3 is free"):
        iget(kernel, ip.inum)


def test_a_link_keeps_the_inode(kernel, ip):
    ip.nlink = 1
    iput(kernel, ip)
    assert iget(kernel, ip.inum) is ip


def test_a_reference_given_back_twice_panics(kernel, ip):
    ip.nlink = 1
    iput(kernel, ip)
    with pytest.raises(KernelPanic, match="iput: inode 3 has no reference"):
        iput(kernel, ip)


@pytest.mark.parametrize(
    "size, blocks",
    [
        (0, 0),
        (1, 1),
        (BSIZE, 1),
        (BSIZE + 1, 2),
        (NDIRECT * BSIZE, NDIRECT),
        (NDIRECT * BSIZE + 1, NDIRECT + 2),  # and the block that lists it
        (MAXFILE * BSIZE, MAXFILE + 1),
    ],
)
def test_blocks_are_counted(kernel, ip, size, blocks):
    free = kernel.fs.free_blocks
    assert writei(kernel, ip, 0, bytes(size)) == size
    assert free - kernel.fs.free_blocks == blocks
    assert writei(kernel, ip, 0, b"x" * size) == size  # in place
    assert free - kernel.fs.free_blocks == blocks
    for _ in range(2):
        itrunc(kernel, ip)
        assert (ip.size, kernel.fs.free_blocks) == (0, free)
    writei(kernel, ip, 0, bytes(size))
    assert free - kernel.fs.free_blocks == blocks


def test_what_is_written_can_be_read(kernel, ip):
    writei(kernel, ip, 0, b"hello world")
    assert writei(kernel, ip, 6, b"there") == 5
    assert writei(kernel, ip, 11, b"!") == 1  # at the end
    assert readi(kernel, ip, 0, 100) == b"hello there!"
    assert readi(kernel, ip, 6, 3) == b"the"
    assert readi(kernel, ip, 12, 1) == readi(kernel, ip, 13, 1) == readi(kernel, ip, 3, 0) == b""


def test_a_negative_count_is_a_large_one_as_in_xv6(kernel, ip):
    writei(kernel, ip, 0, b"hello")
    assert readi(kernel, ip, 0, -1) == b"hello"
    assert readi(kernel, ip, 1, -1) == b""  # offset + count does not fit an unsigned int


@pytest.mark.parametrize("off, size", [(1, 1), (0, MAXFILE * BSIZE + 1)])
def test_writes_that_are_refused_change_nothing(kernel, ip, off, size):
    free = kernel.fs.free_blocks
    assert writei(kernel, ip, off, bytes(size)) == -1
    assert (ip.size, kernel.fs.free_blocks) == (0, free)


@pytest.mark.parametrize(
    "readable, written", [(0, 0), (1023, 0), (1024, 1024), (1025, 1024), (2047, 1024), (2048, 2048)]
)
def test_of_what_can_be_read_in_part_whole_blocks_are_written(kernel, ip, readable, written):
    assert writei(kernel, ip, 0, bytes(readable), 3 * BSIZE) == written
    assert ip.size == written


@pytest.mark.parametrize("left, written", [(0, 24), (1, BSIZE + 24), (2, 2 * BSIZE + 24)])
def test_blocks_run_out_within_a_write(kernel, ip, left, written):
    writei(kernel, ip, 0, bytes(1000))
    kernel.fs.free_blocks = left
    assert writei(kernel, ip, 1000, bytes(3 * BSIZE)) == written
    assert (ip.size, kernel.fs.free_blocks) == (1000 + written, 0)
    assert kernel.console.printed == b"balloc: out of blocks\n"


def test_an_indirect_block_without_a_data_block_is_not_lost(kernel, ip):
    writei(kernel, ip, 0, bytes(NDIRECT * BSIZE))
    for left in (0, 1):
        kernel.fs.free_blocks = left
        assert writei(kernel, ip, NDIRECT * BSIZE, b"x") == 0
        assert kernel.fs.free_blocks == 0
    kernel.fs.free_blocks = 1
    assert writei(kernel, ip, NDIRECT * BSIZE, b"x") == 1
    itrunc(kernel, ip)
    assert kernel.fs.free_blocks == NDIRECT + 2


def test_stat_is_xv6s_structure(kernel, ip):
    ip.nlink = 2
    writei(kernel, ip, 0, bytes(258))
    assert stati(ip) == bytes([1, 0, 0, 0, 3, 0, 0, 0, 2, 0, 2, 0]) + bytes(4) + bytes(
        [2, 1, 0, 0, 0, 0, 0, 0]
    )
