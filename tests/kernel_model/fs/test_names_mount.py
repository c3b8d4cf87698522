"""The files of the host on the disk: which fit, and what of the disk they take."""

import pytest

from kernel_model.facts.abi import Abi
from kernel_model.facts.param import BSIZE, CONSOLEINO, DATA_BLOCKS, MAXFILE, NDIRECT
from kernel_model.fs.disk import Device, Folder, Geometry, Linked
from kernel_model.fs.inode import iput
from kernel_model.fs.names import FsError, namei, resize
from kernel_model.fs.state import FileType
from tests.kernel_model.files import User, content, make_files, references

BIG = MAXFILE * BSIZE


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
