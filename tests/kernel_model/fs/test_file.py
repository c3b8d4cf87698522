import pytest

from hdl.arch import PAGE_SIZE
from kernel_model.calls.sysfile import O_CREATE, O_RDONLY, O_RDWR, O_WRONLY
from kernel_model.facts.abi import Abi
from kernel_model.facts.panic import KernelPanic
from kernel_model.facts.param import BSIZE, DATA_BLOCKS, MAXFILE, NFILE
from kernel_model.fs.file import (
    filealloc,
    fileclose,
    filedup,
    fileread,
    filewrite,
    openconsole,
    pipealloc,
)
from kernel_model.fs.state import FileKind
from tests.kernel_model.files import BAD, BUFFER, User, make_files


@pytest.fixture
def user():
    return User(make_files({"file": b"0123456789"}))


def test_files_run_out(user):
    files = [filealloc(user.kernel) for _ in range(NFILE)]
    assert None not in files
    assert filealloc(user.kernel) is None
    fileclose(user.kernel, files.pop())
    assert filealloc(user.kernel) is not None


def test_the_console_needs_a_file(user):
    while filealloc(user.kernel):
        pass
    with pytest.raises(KernelPanic, match="openconsole: no file left"):
        openconsole(user.kernel)


@pytest.mark.parametrize("move", [fileread, filewrite])
def test_a_file_that_is_nothing_panics(user, move):
    file = filealloc(user.kernel)
    file.readable = file.writable = True
    with pytest.raises(KernelPanic, match=move.__name__):
        move(user.kernel, user.proc, file, BUFFER, 1)


def test_closing_more_often_than_opening_panics(user):
    file = filedup(filealloc(user.kernel))
    fileclose(user.kernel, file)
    fileclose(user.kernel, file)
    with pytest.raises(KernelPanic, match="fileclose"):
        fileclose(user.kernel, file)
    with pytest.raises(KernelPanic, match="filedup"):
        filedup(file)


def test_the_console_needs_no_look_up(user):
    file = openconsole(user.kernel)
    assert user.kernel.fs.files is not None  # the host was not asked
    assert (file.kind, file.readable, file.writable) == (FileKind.DEVICE, True, True)
    assert (file.ip.inum, file.ip.ref) == (2, 1)
    fileclose(user.kernel, file)
    assert file.ip.ref == 0


def test_pipe_ends(user):
    reader, writer = pipealloc(user.kernel)
    assert (reader.readable, reader.writable) == (True, False)
    assert (writer.readable, writer.writable) == (False, True)


@pytest.mark.parametrize("left", [0, 1])
def test_pipe_without_files(user, left):
    files = [filealloc(user.kernel) for _ in range(NFILE - left)]
    used = user.kernel.kmem.used
    assert pipealloc(user.kernel) is None
    assert user.kernel.ftable == files
    assert user.kernel.kmem.used == used


def test_pipe_without_a_frame(user):
    while user.kernel.kmem.kalloc():
        pass
    assert pipealloc(user.kernel) is None
    assert user.kernel.ftable == []


class TestRead:
    def test_goes_on_where_the_last_one_ended(self, user):
        fd = user.open("file")
        assert [user.read(fd, 4) for _ in range(4)] == [b"0123", b"4567", b"89", 0]

    def test_n(self, user):
        fd = user.open("file")
        assert user.read(fd, 0) == 0
        assert user.read(fd, -1) == b"0123456789"  # a large unsigned number, as in xv6
        assert user.read(fd, -1) == 0

    def test_over_untouched_pages(self, user):
        data = bytes(range(256)) * 48
        user.store("big", data)
        fd = user.open("big")
        va = BUFFER + 40 * PAGE_SIZE - 5
        assert user.call("read", fd, va, 1 << 30) == len(data)
        assert user.get(len(data), va) == data

    def test_to_a_bad_buffer(self, user):
        fd = user.open("file")
        assert user.call("read", fd, BAD, 4) == -1
        assert user.call("read", fd, BAD - 2, 4) == -1
        assert user.call("read", fd, (1 << 64) - 2, 4) == -1
        assert user.read(fd, 4) == b"0123"  # the offset is where it was
        assert user.get(2, BAD - 2) == b"01"  # the page before the bad one was written

    def test_from_a_file_for_writing_only(self, user):
        assert user.read(user.open("file", O_WRONLY), 4) == -1

    def test_a_directory(self, user):
        fd = user.open("/")
        entries = user.read(fd, 2000)
        assert len(entries) == BSIZE
        assert entries[48:64] == b"\3\0file" + bytes(10)


class TestWrite:
    def test_goes_on_where_the_last_one_ended(self, user):
        fd = user.open("file", O_RDWR)
        assert user.write(fd, b"ab") == 2
        assert user.read(fd, 3) == b"234"
        assert user.write(fd, b"XYZ") == 3
        assert user.load("file") == b"ab234XYZ89"

    @pytest.mark.parametrize("n, result", [(0, 0), (-1, -1), (-5, -1)])
    def test_nothing(self, user, n, result):
        fd = user.open("file", O_RDWR)
        assert user.call("write", fd, BAD, n) == result

    def test_the_largest_file(self, user):
        data = bytes(range(256)) * 4 * MAXFILE
        fd = user.create("big")
        assert user.write(fd, data) == MAXFILE * BSIZE
        assert user.write(fd, b"x") == -1
        assert user.load("big") == data

    def test_past_the_largest_file(self, user):
        """Parts of three blocks are written; the one that does not fit is not begun."""
        fd = user.create("big")
        assert user.write(fd, bytes((MAXFILE + 1) * BSIZE)) == -1
        assert user.proc.ofile[fd].ip.size == MAXFILE // 3 * 3 * BSIZE

    def test_the_disk_is_full(self, user):
        sizes = []
        for n in range(8):
            fd = user.create(f"big{n}")
            while user.write(fd, bytes(BSIZE)) == BSIZE:
                pass
            sizes.append(user.proc.ofile[fd].ip.size // BSIZE)
            user.close(fd)
        # Those in the root directory, in `file`, and the indirect blocks take the others.
        assert sizes == [MAXFILE] * 7 + [DATA_BLOCKS[Abi.LAB] - 2 - 7 * (MAXFILE + 1) - 1]
        assert user.kernel.fs.free_blocks == 0
        assert user.mkdir("d") == -1
        assert user.unlink("big0") == 0
        assert user.mkdir("d") == 0

    def test_from_a_bad_buffer(self, user):
        fd = user.open("file", O_RDWR)
        assert user.call("write", fd, BAD, 4) == -1
        user.put(BAD - 2, b"ab")
        assert user.call("write", fd, BAD - 2, 4) == -1
        assert user.load("file") == b"0123456789"  # a block is written whole or not at all
        assert user.proc.ofile[fd].off == 0

    def test_whole_blocks_only_before_a_bad_page(self, user):
        """Three writes that meet a bad page: what of them is a whole block of the file stays."""
        fd = user.create("new")
        sizes = []
        for good in (100, 3000, 5000):
            user.put(BAD - good, bytes([good & 0xFF]) * good)
            assert user.call("write", fd, BAD - good, good + 100) == -1
            sizes.append(user.proc.ofile[fd].ip.size)
        assert sizes == [0, 2048, 6144]
        assert user.load("new") == bytes([3000 & 0xFF]) * 2048 + bytes([5000 & 0xFF]) * 4096
        assert user.proc.ofile[fd].off == 6144

    def test_the_block_that_is_not_written_is_the_files(self, user):
        fd = user.create("new")
        free = user.kernel.fs.free_blocks
        assert user.call("write", fd, BAD, 1) == -1
        assert (user.proc.ofile[fd].ip.size, user.kernel.fs.free_blocks) == (0, free - 1)
        assert user.write(fd, b"x") == 1
        assert user.kernel.fs.free_blocks == free - 1
        assert user.unlink("new") == user.close(fd) == 0
        assert user.kernel.fs.free_blocks == free

    def test_past_the_largest_file_nothing_is_written_whatever_can_be_read(self, user):
        fd = user.create("new")
        user.write(fd, bytes(MAXFILE * BSIZE // (3 * BSIZE) * 3 * BSIZE))
        size = user.proc.ofile[fd].ip.size
        assert user.call("write", fd, BAD - 1, (MAXFILE - size // BSIZE) * BSIZE + 1) == -1
        assert user.proc.ofile[fd].ip.blocks == size // BSIZE

    def test_to_a_file_for_reading_only(self, user):
        assert user.write(user.open("file"), b"x") == -1
        assert user.write(user.open("new", O_CREATE | O_RDONLY), b"x") == -1
        assert user.load("new") == b""

    def test_no_frame_for_the_buffer(self, user):
        fd = user.open("file", O_RDWR)
        while user.kernel.kmem.kalloc():
            pass
        assert user.call("write", fd, BUFFER + PAGE_SIZE, 4) == -1
        assert user.call("read", fd, BUFFER + PAGE_SIZE, 4) == -1


class TestStat:
    @pytest.mark.parametrize(
        "path, ino, type, nlink, size",
        [("/", 1, 1, 1, BSIZE), ("file", 3, 2, 1, 10), ("console", 2, 3, 1, 0)],
    )
    def test_of_what_has_an_inode(self, user, path, ino, type, nlink, size):
        fd = user.open(path)
        assert user.call("fstat", fd, BUFFER) == 0
        stat = user.get(24)
        fields = [(0, 4), (4, 8), (8, 10), (10, 12), (16, 24)]
        assert [int.from_bytes(stat[a:b], "little") for a, b in fields] == [
            1,
            ino,
            type,
            nlink,
            size,
        ]

    def test_over_two_untouched_pages(self, user):
        assert user.call("fstat", user.open("/"), BUFFER + 5 * PAGE_SIZE - 12) == 0
        assert user.get(8, BUFFER + 5 * PAGE_SIZE + 4) == BSIZE.to_bytes(8, "little")

    def test_of_a_pipe(self, user):
        for fd in user.pipe():
            assert user.call("fstat", fd, BUFFER) == -1

    @pytest.mark.parametrize("address", [BAD, BAD - 23])
    def test_to_a_bad_address(self, user, address):
        assert user.call("fstat", user.open("/"), address) == -1


class TestDevice:
    @pytest.mark.parametrize("major", [0, 2, 9])
    def test_without_a_driver(self, user, major):
        user.mknod("dev", major)
        fd = user.open("dev", O_RDWR)
        assert fd >= 0
        assert user.read(fd, 1) == user.write(fd, b"x") == -1

    def test_console_under_another_name(self, user):
        user.mknod("tty", 1)
        assert user.write(user.open("tty", O_RDWR), b"hello") == 5
        assert user.kernel.console.printed == b"hello"
