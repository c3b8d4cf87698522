from copy import deepcopy

import pytest

from kernel_model.calls.sysfile import O_RDWR
from kernel_model.facts.panic import KernelPanic
from kernel_model.fs.inode import iput
from kernel_model.fs.names import create, fsinit, namei, nameiparent
from kernel_model.fs.state import FileType
from tests.kernel_model.files import User, content, make_files, references, usage


def test_a_disk_is_made_once():
    with pytest.raises(KernelPanic, match="fsinit: the disk is not empty"):
        fsinit(make_files())


def test_a_path_from_nowhere_panics():
    with pytest.raises(KernelPanic, match="name"):
        namei(make_files(), None, b"relative")


class TestPaths:
    @pytest.fixture
    def user(self):
        user = User(make_files({"a/b/c": b"deep", "top": b"flat"}))
        user.chdir("/a")
        return user

    @pytest.mark.parametrize(
        "path", [b"/a/b/c", b"b/c", b"//a///b/c", b"./b/c", b"../a/./b/c", b"/../../a/b/../b/c"]
    )
    def test_ways_to_a_file(self, user, path):
        assert content(user.kernel, path, user.proc) == b"deep"

    @pytest.mark.parametrize("path", [b"c", b"/b", b"/top/x", b"/top/..", b"b/c/", b"b/missing/c"])
    def test_ways_to_nothing(self, user, path):
        before = references(user.kernel)
        found = namei(user.kernel, user.proc, path)
        if path == b"b/c/":  # xv6 does not mind a slash behind a file
            assert found.size == 4
            iput(user.kernel, found)
        else:
            assert found is None
        assert references(user.kernel) == before

    def test_the_empty_path_is_the_working_directory(self, user):
        assert namei(user.kernel, user.proc, b"") is user.proc.cwd
        assert nameiparent(user.kernel, user.proc, b"") is None
        assert nameiparent(user.kernel, user.proc, b"/") is None

    def test_parent(self, user):
        dp, name = nameiparent(user.kernel, user.proc, b"b/new/")
        assert (dp, name) == (namei(user.kernel, user.proc, b"/a/b"), b"new")

    @pytest.mark.parametrize("path", [b"/top/x", b"missing/x"])
    def test_no_parent(self, user, path):
        before = references(user.kernel)
        assert nameiparent(user.kernel, user.proc, path) is None
        assert create(user.kernel, user.proc, path, FileType.FILE) is None
        assert references(user.kernel) == before

    def test_names_are_cut_at_14_bytes(self, user):
        user.store("123456789012345", b"x")
        assert content(user.kernel, b"/a/12345678901234", user.proc) == b"x"
        assert content(user.kernel, b"/a/12345678901234567", user.proc) == b"x"


class TestUnlinkedDirectory:
    """The working directory has no name any more, but the process is still in it."""

    @pytest.fixture
    def user(self):
        user = User(make_files())
        user.mkdir("/outer")
        user.mkdir("/outer/inner")
        user.chdir("/outer/inner")
        assert user.unlink("/outer/inner") == 0
        return user

    def test_it_keeps_its_dots(self, user):
        assert namei(user.kernel, user.proc, b".") is user.proc.cwd
        assert namei(user.kernel, user.proc, b"..") is namei(user.kernel, None, b"/outer")
        assert user.unlink(".") == user.unlink("..") == -1
        assert user.open("/outer/inner") == -1

    def test_files_are_made_in_it_and_found_as_in_xv6(self, user):
        user.store("x", b"lost soon")
        assert user.load("./x") == b"lost soon"
        assert user.link("x", "y") == user.unlink("x") == user.unlink("y") == 0
        assert user.mkdir("d") == user.chdir("d") == user.chdir("..") == user.unlink("d") == 0

    def test_its_parent_is_there_as_long_as_it_is_itself(self, user):
        """xv6 would panic at the look-up, or find what has the number now."""
        outer = namei(user.kernel, None, b"/outer")
        iput(user.kernel, outer)
        assert user.unlink("/outer") == 0
        user.mkdir("/other")  # it does not get the number
        assert namei(user.kernel, user.proc, b"..") is outer
        iput(user.kernel, outer)
        assert user.chdir("..") == user.chdir("..") == 0
        assert user.proc.cwd is namei(user.kernel, None, b"/")

    def test_leaving_it_frees_it_and_its_parent(self, user):
        assert usage(user.kernel) == (4, 3)
        assert user.unlink("/outer") == 0
        assert usage(user.kernel) == (4, 3)
        assert user.chdir("/") == 0
        assert usage(user.kernel) == (2, 1)
        assert set(references(user.kernel).values()) == {1}

    def test_one_that_nobody_is_in_is_gone_at_once(self, user):
        before = usage(user.kernel), references(user.kernel)
        assert user.mkdir("/d") == user.unlink("/d") == 0
        assert (usage(user.kernel), references(user.kernel)) == before


class TestCreate:
    @pytest.mark.parametrize("type", list(FileType))
    def test_without_an_inode(self, type):
        kernel = make_files()
        kernel.fs.inodes = [ip or object() for ip in kernel.fs.inodes]
        assert create(kernel, None, b"/a", type) is None
        assert content(kernel, b"/").count(b"a\0") == 0

    @pytest.mark.parametrize("type, blocks", [(FileType.FILE, 0), (FileType.DIR, 1)])
    def test_without_a_block(self, type, blocks):
        """Whichever block is missing, that of the new directory or of its parent."""
        kernel = make_files({f"{n:03}": b"" for n in range(61)})  # 64 entries: the block is full
        namei(kernel, None, b"/")
        for left in range(blocks + 1):
            kernel.fs.free_blocks = left
            inodes = kernel.fs.free_inodes
            assert create(kernel, None, b"/new", type) is None
            assert (kernel.fs.free_inodes, kernel.fs.free_blocks) == (inodes, left)
            assert namei(kernel, None, b"/").nlink == 1
        kernel.fs.free_blocks = blocks + 1
        assert create(kernel, None, b"/new", type) is not None


def test_a_copy_of_the_kernel_has_files_of_its_own():
    kernel = make_files({"a": b"before"})
    user = User(kernel)
    fd = user.open("a", O_RDWR)
    user.read(fd, 3)
    kernel.user = user
    twin = deepcopy(kernel).user

    user.write(fd, b"XYZ")

    assert twin.load("a") == b"before"
    assert twin.read(fd, 3) == b"ore"
    assert twin.proc.ofile[fd].ip in twin.kernel.fs.inodes
    assert user.load("a") == b"befXYZ"
