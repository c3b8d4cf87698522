"""What files cost is counted as the kernel in C does it: locks, blocks, the log."""

import pytest

from kernel_model.facts.costs import Step
from kernel_model.facts.param import BSIZE, NBUF
from kernel_model.fs.inode import ialloc, iget, iput, itrunc, readi, writei
from kernel_model.fs.log import bread, end_op, ilock, log_write
from kernel_model.fs.state import FileType
from tests.kernel_model.files import make_files
from tests.kernel_model.tables import charged


@pytest.fixture
def kernel():
    return make_files()


def test_a_block_is_read_from_the_disk_once(kernel):
    looks, reads = charged(kernel, Step.BLOCK, Step.DISK), None
    bread(kernel, "block")
    reads = looks()
    bread(kernel, "block")
    assert (reads, looks()) == (2, 3)


def test_the_buffer_that_was_used_longest_ago_is_taken(kernel):
    reads = charged(kernel, Step.DISK)
    for block in range(NBUF):
        bread(kernel, block)
    bread(kernel, 0)
    bread(kernel, NBUF)  # in the place of block 1
    assert reads() == NBUF + 1
    bread(kernel, 0)
    assert reads() == NBUF + 1
    bread(kernel, 1)
    assert reads() == NBUF + 2


def test_an_inode_is_read_while_nobody_has_it(kernel):
    ip = iget(kernel, 1)
    looks = charged(kernel, Step.BLOCK)
    ilock(kernel, ip)
    ilock(kernel, ip)
    assert looks() == 1
    iput(kernel, ip)
    ilock(kernel, iget(kernel, 1))
    assert looks() == 2


def test_what_is_read_is_looked_at_by_the_block(kernel):
    ip = ialloc(kernel, FileType.FILE)
    writei(kernel, ip, 0, bytes(2 * BSIZE))
    looks = charged(kernel, Step.BLOCK)
    readi(kernel, ip, BSIZE - 1, 2)
    assert looks() == 2
    readi(kernel, ip, 0, BSIZE)
    assert looks() == 3


def test_blocks_behind_the_twelfth_are_found_in_a_list(kernel):
    ip = ialloc(kernel, FileType.FILE)
    writei(kernel, ip, 0, bytes(13 * BSIZE))
    looks = charged(kernel, Step.BLOCK)
    readi(kernel, ip, 12 * BSIZE, 1)
    assert looks() == 2


def test_an_operation_that_changes_nothing_writes_nothing(kernel):
    end_op(kernel)
    done, writes = charged(kernel, Step.OPERATION), charged(kernel, Step.DISK)
    end_op(kernel)
    assert writes() == 0
    done = charged(kernel, Step.OPERATION)
    end_op(kernel)
    assert done() == 1


def test_each_changed_block_goes_to_the_log_and_to_its_place(kernel):
    end_op(kernel)
    for block in ("a", "b", "a"):
        log_write(kernel, block)
    end_op(kernel)  # the log's blocks have their buffers now
    for block in ("a", "b", "a"):
        log_write(kernel, block)
    writes = charged(kernel, Step.DISK)
    end_op(kernel)
    assert writes() == 2 * 2 + 2


def test_a_write_changes_the_data_the_map_and_the_inode(kernel):
    ip = ialloc(kernel, FileType.FILE)
    end_op(kernel)
    writei(kernel, ip, 0, b"data")
    assert len(kernel.fs.changed) == 3
    end_op(kernel)
    writei(kernel, ip, 0, b"more")
    assert len(kernel.fs.changed) == 2
    end_op(kernel)
    itrunc(kernel, ip)
    assert len(kernel.fs.changed) == 2
