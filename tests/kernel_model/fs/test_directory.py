from struct import pack

import pytest

from kernel_model.facts.costs import Step
from kernel_model.facts.panic import KernelPanic
from kernel_model.facts.param import BSIZE
from kernel_model.fs.directory import dirlink, dirlookup, dirunlink, isdirempty
from kernel_model.fs.inode import ialloc, iget, iput, readi
from kernel_model.fs.state import FileType
from tests.kernel_model.files import make_files
from tests.kernel_model.tables import charged


@pytest.fixture
def kernel():
    return make_files()


@pytest.fixture
def dp(kernel):
    dp = ialloc(kernel, FileType.DIR)
    for name in (b".", b".."):
        dirlink(kernel, dp, name, dp.inum)
    return dp


def test_every_entry_that_is_looked_at_counts(kernel, dp):
    dirlink(kernel, dp, b"name", dp.inum)
    looked_at = charged(kernel, Step.ENTRY)
    for name, entries in ((b".", 1), (b"name", 3), (b"none", 3)):
        before = looked_at()
        dirlookup(kernel, dp, name)
        assert looked_at() - before == entries


def lookup(kernel, dp, name):
    """Number and offset."""
    found = dirlookup(kernel, dp, name)
    if found is None:
        return None
    ip, off = found
    iput(kernel, ip)
    return ip.inum, off


def test_entries_are_xv6s_bytes(kernel, dp):
    dirlink(kernel, dp, b"console", 2)
    assert readi(kernel, dp, 32, 16) == b"\2\0console" + bytes(7)


def test_names_may_have_14_bytes_and_then_no_nul(kernel, dp):
    dirlink(kernel, dp, b"fourteen-bytes", 2)
    assert readi(kernel, dp, 32, 16) == b"\2\0fourteen-bytes"
    assert lookup(kernel, dp, b"fourteen-bytes") == (2, 32)
    assert lookup(kernel, dp, b"fourteen-bytes-and-more") == (2, 32)
    assert lookup(kernel, dp, b"fourteen-byte") is None


def test_a_name_is_there_once(kernel, dp):
    assert dirlink(kernel, dp, b"a", 2)
    assert not dirlink(kernel, dp, b"a", 1)
    assert (dp.size, lookup(kernel, dp, b"a")) == (48, (2, 32))
    assert iget(kernel, 2).ref == 1  # both look-ups gave theirs back


def test_an_emptied_place_is_taken_again(kernel, dp):
    for name in (b"a", b"b", b"c"):
        dirlink(kernel, dp, name, 2)
    dirunlink(kernel, dp, 48)
    assert lookup(kernel, dp, b"b") is None
    assert readi(kernel, dp, 48, 16) == bytes(16)
    dirlink(kernel, dp, b"d", 2)
    assert lookup(kernel, dp, b"d") == (2, 48)


def test_an_empty_name_is_not_found_in_an_emptied_place(kernel, dp):
    dirlink(kernel, dp, b"a", 2)
    dirunlink(kernel, dp, 32)
    assert lookup(kernel, dp, b"") is None


def test_empty_means_nothing_but_the_dots(kernel, dp):
    assert isdirempty(kernel, dp)
    dirlink(kernel, dp, b"a", 2)
    assert not isdirempty(kernel, dp)
    dirunlink(kernel, dp, 32)
    assert isdirempty(kernel, dp)


def test_no_block_for_an_entry(kernel, dp):
    for n in range(BSIZE // 16 - 2):
        assert dirlink(kernel, dp, b"%d" % n, 2)
    kernel.fs.free_blocks = 0
    assert not dirlink(kernel, dp, b"one more", 2)
    assert (dp.size, lookup(kernel, dp, b"one more")) == (BSIZE, None)


def test_looking_into_a_file_panics(kernel):
    with pytest.raises(KernelPanic, match="dirlookup not DIR"):
        dirlookup(kernel, ialloc(kernel, FileType.FILE), b"a")


def test_a_directory_is_looked_at_block_by_block(kernel, dp):
    for number in range(BSIZE // 16 - 2):
        dirlink(kernel, dp, b"%d" % number, dp.inum)
    looked_at = charged(kernel, Step.BLOCK)
    lookup(kernel, dp, b"missing")
    assert looked_at() == 1
    dirlink(kernel, dp, b"one more", dp.inum)
    before = looked_at()
    lookup(kernel, dp, b"missing")
    assert looked_at() - before == 2


def test_the_root_has_itself_and_the_console(kernel):
    assert readi(kernel, iget(kernel, 1), 0, 100) == b"".join(
        pack("<H14s", inum, name) for inum, name in [(1, b"."), (1, b".."), (2, b"console")]
    )
