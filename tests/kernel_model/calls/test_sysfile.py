import pytest

from hdl.arch import PAGE_SIZE
from kernel_model.calls.sysfile import O_CREATE, O_RDONLY, O_RDWR, O_TRUNC, O_WRONLY
from kernel_model.facts.param import MAXPATH, NFILE, NOFILE
from tests.kernel_model.files import BAD, BUFFER, PATH, User, make_files

PATH_CALLS = ("open", "mkdir", "mknod", "chdir", "unlink", "link")


@pytest.fixture
def user():
    return User(make_files({"file": b"0123456789", "dir/inside": b"in"}))


def nlink(user, path):
    fd = user.open(path)
    user.call("fstat", fd, BUFFER)
    user.close(fd)
    return int.from_bytes(user.get(2, BUFFER + 10), "little")


class TestDescriptors:
    @pytest.mark.parametrize("name", ["read", "write", "close", "dup", "fstat"])
    @pytest.mark.parametrize("fd", [-1, 0, 1, NOFILE - 1, NOFILE, 1 << 31])
    def test_that_are_not_open(self, user, name, fd):
        assert user.call(name, fd, BUFFER, 1) == -1

    def test_the_lowest_free_one_is_taken(self, user):
        assert [user.open("file") for _ in range(3)] == [0, 1, 2]
        user.close(1)
        assert user.open("file") == 1

    def test_only_the_low_half_of_the_argument_counts(self, user):
        user.open("file")
        assert user.read(1 << 32, 4) == b"0123"

    def test_they_run_out(self, user):
        assert [user.open("file") for _ in range(NOFILE)] == list(range(NOFILE))
        open_files = list(user.kernel.ftable)
        assert user.open("file") == user.call("dup", 0) == -1
        assert user.kernel.ftable == open_files
        assert (open_files[0].ref, open_files[0].ip.ref) == (1, NOFILE)

    def test_files_run_out(self, user):
        others = [User(user.kernel) for _ in range(-(-NFILE // NOFILE))]
        opened = sum(other.open("file") >= 0 for other in others for _ in range(NOFILE))
        assert opened == NFILE
        assert user.open("file") == -1
        assert user.create("new") == -1
        others[0].close(0)
        assert user.open("new") == 0  # xv6 does not take the new file back

    def test_dup_shares_the_offset(self, user):
        assert user.call("dup", user.open("file")) == 1
        assert [user.read(0, 3), user.read(1, 3)] == [b"012", b"345"]
        user.close(0)
        assert user.read(1, 3) == b"678"

    def test_closed_is_closed(self, user):
        fd = user.open("file")
        assert [user.close(fd), user.close(fd)] == [0, -1]
        assert user.kernel.ftable == []


class TestOpen:
    def test_what_is_not_there(self, user):
        assert user.open("missing") == user.open("missing", O_RDWR | O_TRUNC) == -1

    def test_flags_say_what_is_allowed(self, user):
        for flags, readable, writable in [
            (O_RDONLY, True, False),
            (O_WRONLY, False, True),
            (O_RDWR, True, True),
            (O_RDWR | O_WRONLY, False, True),
            (O_CREATE | O_RDONLY, True, False),
        ]:
            file = user.proc.ofile[user.open("file", flags)]
            assert (file.readable, file.writable) == (readable, writable), flags

    def test_create_leaves_a_file_that_is_there(self, user):
        user.close(user.create("file"))
        assert user.load("file") == b"0123456789"

    @pytest.mark.parametrize("flags", [O_TRUNC, O_TRUNC | O_WRONLY, O_TRUNC | O_RDWR | O_CREATE])
    def test_truncate(self, user, flags):
        free = user.kernel.fs.free_blocks
        user.open("/")
        free = user.kernel.fs.free_blocks
        assert user.open("file", flags) >= 0
        assert user.load("file") == b""
        assert user.kernel.fs.free_blocks == free + 1

    def test_truncated_under_a_reader(self, user):
        fd = user.open("file", O_RDWR)
        assert user.read(fd, 5) == b"01234"
        user.open("file", O_TRUNC)
        assert user.read(fd, 5) == 0
        assert user.write(fd, b"x") == -1  # its offset is behind the end

    @pytest.mark.parametrize("flags", [O_WRONLY, O_RDWR, O_TRUNC, O_CREATE, O_CREATE | O_RDWR])
    @pytest.mark.parametrize("path", ["dir", "/", "dir/.", "dir/.."])
    def test_a_directory_only_to_read(self, user, path, flags):
        assert user.open(path, flags) == -1
        assert user.open(path, O_RDONLY) == 0

    @pytest.mark.parametrize("flags", [O_RDONLY, O_WRONLY, O_RDWR, O_TRUNC])
    def test_what_is_not_there_is_made_only_on_demand(self, user, flags):
        assert user.open("missing", flags) == -1
        assert user.open("missing", flags | O_CREATE) == 0

    def test_a_device(self, user):
        fd = user.open("console", O_CREATE | O_RDWR | O_TRUNC)
        assert user.write(fd, b"hi") == 2
        assert user.kernel.console.printed == b"hi"

    def test_a_device_has_its_numbers(self, user):
        user.mknod("dev", 3, 4)
        ip = user.proc.ofile[user.open("dev")].ip
        assert (ip.major, ip.minor) == (3, 4)

    @pytest.mark.parametrize("major", [-1, 10, 1 << 15])
    def test_a_device_with_an_impossible_number(self, user, major):
        assert user.mknod("dev", major) == 0
        assert user.open("dev") == -1
        assert user.unlink("dev") == 0

    def test_nothing_stays_referenced(self, user):
        user.open("/")
        for path, flags in [("dir", O_RDWR), ("missing", 0), ("file/x", 0), ("dir", O_CREATE)]:
            assert user.open(path, flags) == -1
        inodes = {ip.inum: ip.ref for ip in user.kernel.fs.inodes if ip and ip.ref}
        assert inodes == {1: 2}  # the working directory and descriptor 0


class TestPathArguments:
    @pytest.mark.parametrize("name", PATH_CALLS)
    @pytest.mark.parametrize("address", [BAD, 1 << 38, (1 << 64) - 1], ids=hex)
    def test_bad_pointer(self, user, name, address):
        assert user.call(name, address, 0) == -1

    @pytest.mark.parametrize("name", PATH_CALLS)
    def test_no_nul_before_the_end_of_memory(self, user, name):
        user.put(BAD - 5, b"/file")
        assert user.call(name, BAD - 5, 0) == -1

    def test_link_needs_two(self, user):
        assert user.call("link", user.path("file"), BAD) == -1
        assert nlink(user, "file") == 1

    def test_over_two_pages(self, user):
        assert user.call("open", user.path("./file", 5 * PAGE_SIZE - 3), O_RDONLY) == 0

    @pytest.mark.parametrize("call", ["open", "unlink", "mkdir", "mknod", "chdir"])
    def test_length(self, user, call):
        name = {"open": "file", "unlink": "file", "chdir": "dir"}.get(call, "new")
        for length, result in ((MAXPATH, -1), (MAXPATH - 1, 0)):
            assert user.call(call, user.path(name.rjust(length, "/"))) == result

    @pytest.mark.parametrize("old, new", [(MAXPATH, 3), (4, MAXPATH)])
    def test_length_of_a_link(self, user, old, new):
        assert user.link("file".rjust(old, "/"), "new".rjust(new, "/")) == -1
        shorter = [
            name.rjust(min(length, MAXPATH - 1), "/")
            for name, length in (("file", old), ("new", new))
        ]
        assert user.link(*shorter) == 0

    def test_a_path_in_untouched_memory_is_empty(self, user):
        assert user.call("open", 40 * PAGE_SIZE, O_RDONLY) == 0
        assert user.proc.ofile[0].ip is user.proc.cwd


class TestDirectories:
    def test_mkdir(self, user):
        assert user.mkdir("new") == 0
        ip = user.proc.ofile[user.open("new")].ip
        assert (ip.major, ip.minor) == (0, 0)
        assert user.mkdir("new/er") == 0
        inner, outer = user.read(user.open("new/er"), 100), user.read(user.open("new"), 100)
        assert inner == outer[32:34] + b".".ljust(14, b"\0") + outer[:2] + b"..".ljust(14, b"\0")
        assert outer[34:] == b"er".ljust(14, b"\0")
        assert (nlink(user, "new"), nlink(user, "new/er")) == (2, 1)

    @pytest.mark.parametrize("path", ["file", "dir", "/", "", ".", "dir/..", "missing/x", "file/x"])
    def test_mkdir_where_it_cannot_be(self, user, path):
        user.open("/")
        free = user.kernel.fs.free_inodes
        assert user.mkdir(path) == -1
        assert user.mknod(path, 1) == -1
        assert user.kernel.fs.free_inodes == free

    def test_chdir(self, user):
        assert user.chdir("dir") == 0
        assert user.load("inside") == b"in"
        assert user.chdir("..") == 0
        assert user.load("file") == b"0123456789"
        assert user.proc.cwd.ref == 1

    @pytest.mark.parametrize("path", ["file", "console", "missing", "file/.."])
    def test_chdir_to_what_is_none(self, user, path):
        assert user.chdir(path) == -1
        assert user.proc.cwd.inum == 1

    def test_deep_and_back(self, user):
        """Deeper than a path is long."""
        for _ in range(100):
            assert user.mkdir("deeper") == user.chdir("deeper") == 0
        for _ in range(100):
            assert user.chdir("..") == user.unlink("deeper") == 0
        assert user.proc.cwd.inum == 1
        assert user.chdir("deeper") == -1


class TestLink:
    def test_two_names_are_one_file(self, user):
        assert user.link("file", "dir/alias") == 0
        assert nlink(user, "dir/alias") == 2
        user.write(user.open("dir/alias", O_WRONLY), b"ab")
        assert user.load("file") == b"ab23456789"
        assert user.unlink("file") == 0
        assert user.load("dir/alias") == b"ab23456789"
        assert nlink(user, "dir/alias") == 1

    @pytest.mark.parametrize(
        "old, new",
        [
            ("missing", "new"),
            ("dir", "new"),
            (".", "new"),
            ("file", "file"),
            ("file", "dir"),
            ("file", "."),
            ("file", "missing/new"),
            ("file", "dir/inside/new"),
            ("file", "/"),
            ("file", ""),
        ],
    )
    def test_refused(self, user, old, new):
        assert user.link(old, new) == -1
        assert nlink(user, "file") == 1
        assert user.open("new") == -1

    def test_no_block_for_the_name(self, user):
        for n in range(59):
            user.close(user.create(f"{n}"))
        user.kernel.fs.free_blocks = 0
        assert user.link("file", "new") == -1
        assert nlink(user, "file") == 1
        assert user.unlink("0") == user.link("file", "new") == 0

    def test_a_device_too(self, user):
        assert user.link("console", "tty") == 0
        assert user.write(user.open("tty", O_WRONLY), b"x") == 1


class TestUnlink:
    def test_frees_the_last_name(self, user):
        user.open("/")
        free = user.kernel.fs.free_blocks, user.kernel.fs.free_inodes
        assert user.unlink("file") == 0
        assert user.open("file") == -1
        assert (user.kernel.fs.free_blocks, user.kernel.fs.free_inodes) == (
            free[0] + 1,
            free[1] + 1,
        )

    def test_an_open_file_lives_on(self, user):
        fd = user.open("file", O_RDWR)
        free = user.kernel.fs.free_inodes
        assert user.unlink("file") == 0
        assert user.write(fd, b"still ") == 6
        assert user.read(fd, 10) == b"6789"
        assert user.create("file") != fd  # a new one of that name
        assert user.kernel.fs.free_inodes == free - 1
        user.close(fd)
        assert user.kernel.fs.free_inodes == free

    @pytest.mark.parametrize(
        "path", ["missing", "dir", ".", "..", "dir/.", "dir/..", "/", "", "file/x", "missing/x"]
    )
    def test_refused(self, user, path):
        free = user.kernel.fs.free_inodes
        assert user.unlink(path) == -1
        assert user.load("dir/inside") == b"in"
        assert user.kernel.fs.free_inodes < free  # those of the host; none has come back
        assert user.unlink(path) == -1

    def test_an_empty_directory(self, user):
        assert user.unlink("dir/inside") == 0
        assert user.unlink("dir") == 0
        assert user.open("dir") == -1
        assert nlink(user, "/") == 1

    def test_the_working_directory_of_another(self, user):
        other = User(user.kernel)
        user.mkdir("d")
        other.chdir("d")
        free = user.kernel.fs.free_inodes
        assert user.unlink("d") == 0
        assert other.open(".") == 0
        other.exit()
        assert user.kernel.fs.free_inodes == free + 1

    def test_the_number_is_used_again(self, user):
        user.unlink("file")
        user.store("new", b"new")
        assert user.load("new") == b"new"
        assert user.kernel.fs.inodes.count(None) == user.kernel.fs.free_inodes + 1


def test_every_inode_can_be_used_again_and_again(user):
    user.open("/")
    free = user.kernel.fs.free_inodes, user.kernel.fs.free_blocks
    for _ in range(2):
        made = 0
        while user.mknod(f"n{made}", 1) == 0:
            made += 1
        assert made == free[0]
        assert user.kernel.fs.free_inodes == 0
        for n in range(made):
            assert user.unlink(f"n{n}") == 0
    # The root directory keeps the blocks that it grew by, as in xv6.
    assert user.kernel.fs.free_inodes == free[0]
    assert free[1] - user.kernel.fs.free_blocks == (199 + 3) * 16 // 1024


def test_500_names_of_one_file(user):
    for n in range(500):
        assert user.link("file", f"x{n}") == 0
    assert nlink(user, "file") == 501
    for n in range(500):
        assert user.unlink(f"x{n}") == 0
    assert nlink(user, "file") == 1


def test_a_call_reads_its_path_where_the_register_says(user):
    user.path("dir", PATH)
    assert user.call("chdir", PATH) == 0
    assert user.call("chdir", PATH) == -1
