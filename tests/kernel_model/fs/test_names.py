import random
from copy import deepcopy

import pytest

from kernel_model.calls.sysfile import O_RDWR, O_TRUNC
from kernel_model.facts.abi import Abi
from kernel_model.facts.panic import KernelPanic
from kernel_model.facts.param import BSIZE, CONSOLEINO, DATA_BLOCKS, MAXFILE, NDIRECT, NINODES
from kernel_model.fs.disk import Device, Folder, Geometry, Linked
from kernel_model.fs.inode import iput, readi
from kernel_model.fs.names import FsError, create, fsinit, namei, nameiparent, resize
from kernel_model.fs.state import FileType
from tests.kernel_model.files import User, make_files

BIG = MAXFILE * BSIZE


def content(kernel, path, proc=None):
    ip = namei(kernel, proc, path)
    assert ip is not None, path
    iput(kernel, ip)
    return readi(ip, 0, ip.size)


def references(kernel):
    """Those of all inodes."""
    return {ip.inum: ip.ref for ip in kernel.fs.inodes if ip is not None and ip.ref}


def usage(kernel):
    """Inodes and blocks that are taken."""
    return NINODES - 1 - kernel.fs.free_inodes, DATA_BLOCKS[Abi.LAB] - kernel.fs.free_blocks


def test_a_disk_is_made_once():
    with pytest.raises(KernelPanic, match="fsinit: the disk is not empty"):
        fsinit(make_files())


def test_a_path_from_nowhere_panics():
    with pytest.raises(KernelPanic, match="name"):
        namei(make_files(), None, b"relative")


def test_the_hosts_files_are_there():
    kernel = make_files({"sh": b"shell", "etc/rc/local": b"run", "etc/motd": b""})
    assert content(kernel, b"/sh") == b"shell"
    assert content(kernel, b"/etc/rc/local") == b"run"
    assert content(kernel, b"/etc/motd") == b""
    assert namei(kernel, None, b"/etc/rc").nlink == 1
    assert namei(kernel, None, b"/etc").nlink == 2  # its own name and `..` of `rc`


def test_the_host_is_asked_at_the_first_look_up_and_once():
    kernel = make_files()
    asked = []
    kernel.fs.files = lambda: asked.append(1) or {"a": b"1"}
    assert asked == []
    assert content(kernel, b"/a") == b"1"
    assert namei(kernel, None, b"/b") is None
    assert asked == [1]


@pytest.mark.parametrize(
    "files, message",
    [
        ({"a" * 15: b""}, "aaaaaaaaaaaaaaa: a name has more than 14 bytes"),
        ({"d/" + "a" * 15: b""}, "d/aaaaaaaaaaaaaaa: a name has more than 14 bytes"),
        ({"": b""}, "'': not a path of a file"),
        ({"/a": b""}, "'/a': not a path of a file"),
        ({"a/": b""}, "'a/': not a path of a file"),
        ({"../a": b""}, "'../a': not a path of a file"),
        ({"a\0b": b""}, r"'a\\x00b': not a path of a file"),
        ({"a": b"", "a/b": b""}, "a/b: /a is there already"),
        ({"a/b": b"", "a": b""}, "a: /a is there already"),
        ({"console": b""}, "console: /console is there already"),
        ({"a": bytes(BIG + 1)}, "a: 274433 bytes, more than a file's 274432"),
        (
            {f"big{n}": bytes(BIG) for n in range(8)},
            "big7: 274432 bytes, but only 70656 are left on the disk",
        ),
        ({f"{n}": b"" for n in range(198)}, "197: no inode left on the disk, which has 199"),
    ],
)
def test_what_does_not_fit_is_named(files, message):
    kernel = make_files(files)
    with pytest.raises(FsError, match=f"^{message}$"):
        namei(kernel, None, b"/")
    assert kernel.console.printed == b""


def test_a_folder_may_be_empty_or_come_after_what_is_in_it():
    kernel = make_files({"empty": Folder(), "d/f": b"1", "d": Folder()})
    assert namei(kernel, None, b"/empty").type is FileType.DIR
    assert content(kernel, b"/d/f") == b"1"


def test_a_device_has_its_numbers_and_that_which_is_there_may_come_again():
    kernel = make_files({"dev/disk": Device(3, 4), "console": Device(1, 0)})
    disk, console = namei(kernel, None, b"/dev/disk"), namei(kernel, None, b"/console")
    assert (disk.type, disk.major, disk.minor) == (FileType.DEVICE, 3, 4)
    assert (console.inum, console.nlink) == (CONSOLEINO, 1)
    with pytest.raises(FsError, match="console: /console is there already"):
        namei(make_files({"console": Device(3, 0)}), None, b"/")
    with pytest.raises(FsError, match="d: /d is there already"):
        namei(make_files({"d/x": b"", "d": Device(1, 0)}), None, b"/")


def test_names_of_one_file_are_links():
    one, other = Linked(b"data"), Linked(b"data")
    kernel = make_files({"a": one, "d/b": one, "c": other, "d/e": one})
    a, b, c = (namei(kernel, None, path) for path in (b"/a", b"/d/b", b"/c"))
    assert a is b
    assert a.inum != c.inum
    assert (a.nlink, c.nlink) == (3, 1)
    for ip in (a, b, c):
        iput(kernel, ip)
    assert references(kernel) == references(make_files())
    assert content(kernel, b"/d/e") == b"data"


def test_a_disk_is_as_large_as_it_is_said_to_be():
    geometry = Geometry(inodes=6, data_blocks=5)
    kernel = make_files({"a": bytes(BSIZE), "b": bytes(BSIZE), "c": b""}, geometry=geometry)
    namei(kernel, None, b"/")
    assert (kernel.fs.free_inodes, kernel.fs.free_blocks) == (0, 2)
    with pytest.raises(FsError, match="d: no inode left on the disk, which has 5"):
        namei(make_files(dict.fromkeys("abcd", b""), geometry=geometry), None, b"/")


def test_names_of_14_bytes_fit():
    assert content(
        make_files({"12345678901234/abcdefghijklmn": b"x"}), b"/12345678901234/abcdefghijklmn"
    )


def test_all_that_fits_fits():
    kernel = make_files({f"big{n}": bytes(BIG) for n in range(7)} | {"rest": bytes(69 * BSIZE)})
    namei(kernel, None, b"/")
    assert kernel.fs.free_blocks == 0


class TestTheLastBlocks:
    """The root directory has one, which is full with 61 files."""

    FULL = dict.fromkeys((f"{n}" for n in range(61)), b"")

    @pytest.mark.parametrize(
        "files, blocks",
        [
            (FULL, 1),
            ({"a": bytes(BSIZE), "b": b"", "c": Device(3, 4)}, 2),
            ({"d": Folder()}, 2),
            ({"d/a": b"x"}, 3),
            (FULL | {"61": b""}, 2),
            (FULL | {"d": Folder()}, 3),
            ({"a": bytes(NDIRECT * BSIZE)}, 1 + NDIRECT),
            ({"a": bytes(NDIRECT * BSIZE + 1)}, 1 + NDIRECT + 2),
        ],
    )
    def test_may_all_be_taken(self, files, blocks):
        kernel = make_files(files, geometry=Geometry(data_blocks=blocks))
        namei(kernel, None, b"/")
        assert kernel.fs.free_blocks == 0
        assert kernel.console.printed == b""

    @pytest.mark.parametrize(
        "files, blocks, message",
        [
            ({"a": b"x"}, 1, "a: 1 bytes, but only 0 are left on the disk"),
            ({"d": Folder()}, 1, "d: no block left on the disk"),
            ({"d/a": b""}, 1, "d/a: no block left on the disk"),
            (FULL | {"61": b""}, 1, "61: no block left on the disk"),
            (FULL | {"d": Folder()}, 2, "d: no block left on the disk"),
            (FULL | {"c": Device(3, 4)}, 1, "c: no block left on the disk"),
            ({"a": bytes(13 * BSIZE)}, 14, "a: 13312 bytes, but only 12288 are left on the disk"),
        ],
    )
    def test_may_lack(self, files, blocks, message):
        kernel = make_files(files, geometry=Geometry(data_blocks=blocks))
        with pytest.raises(FsError, match=f"^{message}$"):
            namei(kernel, None, b"/")
        assert kernel.console.printed == b""


@pytest.mark.parametrize("files, blocks", [(0, 1), (61, 1), (62, 2), (125, 2), (126, 3)])
def test_the_root_directory_has_whole_blocks(files, blocks):
    """xv6's mkfs rounds what it has filled, a full block to the next one; `console` comes later."""
    kernel = make_files({f"{n}": b"" for n in range(files)})
    root = namei(kernel, None, b"/")
    assert (root.size, root.blocks) == (blocks * BSIZE, blocks)
    assert bytes(root.data).rstrip(b"\0").endswith(f"{files - 1}".encode() if files else b"console")


def test_the_next_file_takes_the_first_empty_entry_of_the_root_directory():
    user = User(make_files({"a": b""}))
    user.store("/next")
    root = namei(user.kernel, None, b"/")
    assert root.data[4 * 16 :].startswith(b"\4\0next\0")
    assert root.size == BSIZE


class TestResize:
    """The release of 2025 has a block less."""

    def test_the_blocks_that_are_left_are_fewer(self):
        kernel = make_files()
        for abi, blocks in DATA_BLOCKS.items():
            resize(kernel, abi)
            assert (kernel.fs.data_blocks, kernel.fs.free_blocks) == (blocks, blocks - 1)

    def test_an_image_has_the_blocks_that_it_has(self):
        kernel = make_files(geometry=Geometry(data_blocks=100))
        resize(kernel, Abi.RELEASE_2025)
        assert (kernel.fs.data_blocks, kernel.fs.free_blocks) == (100, 99)

    def test_files_that_need_the_last_block_are_named(self):
        sizes = [MAXFILE] * 7 + [69]
        kernel = make_files({f"{n}": bytes(size * BSIZE) for n, size in enumerate(sizes)})
        namei(kernel, None, b"/")
        message = "^the disk's files need 1954 blocks, but that of --abi 2025 has 1953$"
        with pytest.raises(FsError, match=message):
            resize(kernel, Abi.RELEASE_2025)
        resize(kernel, Abi.LAB)
        assert kernel.fs.free_blocks == 0


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


@pytest.mark.parametrize("seed", range(6))
def test_random_operations_agree_with_a_simple_model(seed):
    """Files are bytes in a dict, names too; afterwards everything is deleted and nothing is left.

    Inodes and blocks run out on the way: then the operation fails and the model does not change.
    """
    rng = random.Random(seed)
    user = User(make_files())
    kernel = user.kernel
    model = Model()
    kernel.fs.free_blocks = free = 120
    failed = 0
    for _ in range(400):
        failed += not step(rng, user, model)
        assert kernel.fs.free_blocks >= 0
    assert failed > 0, f"seed {seed}: nothing ran out"
    for path, data in model.contents().items():
        assert user.load(path) == data, f"seed {seed}: {path}"
    for path in sorted(model.names, reverse=True):
        assert user.unlink(path) == 0, f"seed {seed}: {path}"
    for fd, held in model.open.items():
        assert user.read(fd, 0) == 0
        assert user.proc.ofile[fd].ip.data == held
        user.close(fd)
    user.exit()
    assert kernel.fs.free_inodes == NINODES - 3
    assert kernel.fs.free_blocks == free
    assert references(kernel) == {}
    assert kernel.ftable == []


class Model:
    """Names of files and directories; what is open."""

    def __init__(self):
        self.names = {}  # path -> bytearray, or None for a directory
        self.open = {}  # descriptor -> bytearray

    def contents(self):
        return {path: bytes(data) for path, data in self.names.items() if data is not None}

    def files(self):
        return sorted(self.contents())

    def directories(self):
        return ["", *sorted(path for path, data in self.names.items() if data is None)]

    def empty(self, path):
        return not any(name.startswith(path + "/") for name in self.names)


def step(rng, user, model):
    """One operation on both; whether it succeeded."""
    operation = rng.choice([make_file, make_file, make_directory, grow, link, remove, keep, drop])
    return operation(rng, user, model)


def new_path(rng, model):
    return f"{rng.choice(model.directories())}/{rng.choice('abcdefgh')}"


def make_file(rng, user, model):
    path, data = new_path(rng, model), rng.randbytes(rng.choice([0, 10, 1024, 5000, 15000]))
    there = model.names.get(path, b"")
    fd = user.open(path, 0x202 | O_TRUNC)
    if there is None:
        assert fd == -1
        return True
    if fd == -1:
        assert path not in model.names
        return False
    held = model.names.setdefault(path, bytearray())
    held.clear()
    result = user.write(fd, data)
    stored = user.proc.ofile[fd].ip.size
    held += data[:stored]
    user.close(fd)
    assert result == (len(data) if stored == len(data) else -1)
    return result == len(data)


def make_directory(rng, user, model):
    path = new_path(rng, model)
    result = user.mkdir(path)
    if path in model.names:
        assert result == -1
        return True
    if result == 0:
        model.names[path] = None
    return result == 0


def grow(rng, user, model):
    """Overwrite the start of a file, and sometimes more."""
    files = model.files()
    if not files:
        return True
    path, data = rng.choice(files), rng.randbytes(rng.randrange(3000))
    fd = user.open(path, O_RDWR)
    result = user.write(fd, data)
    written = user.proc.ofile[fd].off
    model.names[path][:written] = data[:written]
    user.close(fd)
    return result == len(data)


def link(rng, user, model):
    files = model.files()
    if not files:
        return True
    old, new = rng.choice(files), new_path(rng, model)
    result = user.link(old, new)
    if new in model.names:
        assert result == -1
        return True
    if result == 0:
        model.names[new] = model.names[old]
    return result == 0


def remove(rng, user, model):
    path = new_path(rng, model)
    allowed = path in model.names and (model.names[path] is not None or model.empty(path))
    assert user.unlink(path) == (0 if allowed else -1)
    if allowed:
        del model.names[path]
    return True


def keep(rng, user, model):
    """Open a file that may be unlinked later."""
    files = model.files()
    if files and len(model.open) < 8:
        path = rng.choice(files)
        model.open[user.open(path)] = model.names[path]
    return True


def drop(rng, user, model):
    if model.open:
        fd = rng.choice(sorted(model.open))
        assert user.proc.ofile[fd].ip.data == model.open.pop(fd)
        assert user.close(fd) == 0
    return True
