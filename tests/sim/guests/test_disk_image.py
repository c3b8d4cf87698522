"""Disk images, as xv6's mkfs writes them and as nobody does."""

import random
import struct

import pytest

from kernel_model.fs.disk import Device, Folder, Linked
from sim.guests.disk_image import ImageError, read_image
from tests.sim.mkfs import BSIZE, Mkfs

LARGEST = (12 + 256) * BSIZE


def contents(image):
    return {
        path: entry.data if isinstance(entry, Linked) else entry
        for path, entry in read_image(image)[0].items()
    }


@pytest.fixture
def mkfs():
    return Mkfs()


@pytest.mark.parametrize(
    "size, nlog, data_blocks",
    [(1000, 30, 954), (2000, 30, 1954), (2000, 31, 1953)],
    ids=["2020", "2022", "2025"],
)
def test_the_disks_of_three_releases(size, nlog, data_blocks):
    mkfs = Mkfs(size=size, nlog=nlog)
    mkfs.file("README", b"xv6 is a re-implementation\n")
    mkfs.file("cat", b"\x7fELF" * 5000)

    files, geometry = read_image(mkfs.image())

    assert {name: entry.data for name, entry in files.items()} == {
        "README": b"xv6 is a re-implementation\n",
        "cat": b"\x7fELF" * 5000,
    }
    assert (geometry.inodes, geometry.data_blocks) == (200, data_blocks)


@pytest.mark.parametrize("size", [0, 1, 1023, 1024, 1025, 12 * BSIZE, 12 * BSIZE + 1, LARGEST])
def test_files_of_every_size(mkfs, size):
    data = random.Random(size).randbytes(size)
    mkfs.file("before", b"b" * 3000)
    mkfs.file("file", data)
    mkfs.file("after", b"a" * 3000)
    assert contents(mkfs.image()) == {"before": b"b" * 3000, "file": data, "after": b"a" * 3000}


def test_folders_devices_and_names(mkfs):
    mkfs.folder("a")
    mkfs.folder("a/empty")
    mkfs.file("a/fourteen.bytes", b"1")
    mkfs.file("a/\xff\xfe", b"2")
    mkfs.device("console", 1, 0)
    for n in range(70):
        mkfs.file(f"a/{n}", b"%d" % n)
    assert contents(mkfs.image(rounded=False)) == {
        "a": Folder(),
        "a/empty": Folder(),
        "a/fourteen.bytes": b"1",
        "a/\udcff\udcfe": b"2",
        "console": Device(1, 0),
    } | {f"a/{n}": b"%d" % n for n in range(70)}


def test_links_are_one_file(mkfs):
    mkfs.folder("bin")
    mkfs.file("one", b"data")
    mkfs.enter("bin/two", mkfs.inums["one"])
    mkfs.file("other", b"data")
    files, _ = read_image(mkfs.image())
    assert files["one"] is files["bin/two"]
    assert files["other"] is not files["one"]


def test_an_entry_that_was_removed_is_none(mkfs):
    mkfs.file("old", b"1")
    mkfs.file("new", b"2")
    mkfs.folders[""][1][2] = (0, b"old")
    assert contents(mkfs.image()) == {"new": b"2"}


def test_a_committed_log_is_recovered_as_the_kernel_does_at_boot(mkfs):
    mkfs.file("file", b"before".ljust(2000, b"."))
    first, second, *_ = mkfs.addrs(mkfs.inums["file"])
    mkfs.commit({second: b"second".ljust(BSIZE, b"!"), first: b"first".ljust(BSIZE, b"!")})
    assert contents(mkfs.image())["file"] == (
        b"first".ljust(BSIZE, b"!") + b"second".ljust(2000 - BSIZE, b"!")
    )


@pytest.mark.parametrize("count", [255, 256])
def test_a_log_has_no_more_blocks_than_its_first_one_has_numbers(count):
    mkfs = Mkfs(nlog=300)
    data = mkfs.nlog + 100  # a block of no file
    mkfs.write(2, number(count) + number(data) * 255)
    if count == 255:
        assert read_image(mkfs.image())
        return
    with pytest.raises(ImageError, match="log is damaged: 256 blocks in one of 300"):
        read_image(mkfs.image())


def number(value):
    return struct.pack("<I", value)


def broken(damage):
    """The image of a disk with `d/f`, a file of 20 blocks, after `damage(mkfs)`."""
    mkfs = Mkfs(size=200)
    mkfs.folder("d")
    mkfs.file("d/f", b"f" * 20 * BSIZE)
    mkfs.file("g", b"g" * 2000)
    damage(mkfs)
    return mkfs.image()


F, G = 3, 4  # inodes of d/f and g


@pytest.mark.parametrize(
    "damage, message",
    [
        (lambda m: m.write(1, b"\0\0\0\0"), "no disk image of xv6 for RISC-V: block 1 begins with"),
        (lambda m: m.write(1, number(2001), 4), "truncated: 204800 bytes, but .* 2001 blocks"),
        (lambda m: m.write(1, number(2001), 8), "super block is damaged"),
        (lambda m: m.write(1, number(1 << 31), 12), "super block is damaged"),
        (lambda m: m.write(1, number(1), 12), "super block is damaged"),
        (lambda m: m.write(1, number(0), 24), "super block is damaged"),
        (lambda m: m.write(2, number(1 << 31)), "log is damaged"),
        (lambda m: m.write(2, number(30)), "log is damaged"),
        (lambda m: m.write(2, number(1) + number(5000)), "log is damaged: .* past the disk's end"),
        (lambda m: m.patch_inode(1, 0, b"\2\0"), "inode 1 is no folder"),
        (lambda m: m.patch_inode(F, 0, b"\4\0"), "/d/f: inode 3 has the type 4"),
        (lambda m: m.patch_inode(F, 0, b"\0\0"), "/d/f: inode 3 has the type 0"),
        (lambda m: m.patch_inode(F, 8, number(LARGEST + 1)), "/d/f: 274433 bytes, more than"),
        (lambda m: m.patch_inode(F, 12, number(0)), "/d/f: block 0 of inode 3 is none for data"),
        (lambda m: m.patch_inode(F, 60, number(0)), "/d/f: block 0 of inode 3"),
        (lambda m: m.patch_inode(F, 12, number(2000)), "block 2000 .* which are 46 to 199"),
        (lambda m: m.patch_inode(G, 12, number(m.addrs(F)[0])), "/d/f: block 46 is in inode 4"),
        (lambda m: m.patch_inode(G, 16, number(m.addrs(G)[0])), "/g: block .* is in inode 4, too"),
        (lambda m: m.enter("h", 200), "/h: there is no inode 200"),
        (lambda m: m.enter("g", F), "/g is there twice"),
        (lambda m: m.enter("d/again", 1), "/d/again: the folder has two places"),
        (lambda m: m.enter("also", 2), "/also: the folder has two places"),
        (lambda m: m.folders["d"][1].append((F, b"a/b")), "/d/: inode 3 has no proper name"),
        (lambda m: m.folders["d"][1].append((F, b"")), "/d/: inode 3 has no proper name"),
    ],
)
def test_a_broken_image_is_one_line_that_says_where(damage, message):
    with pytest.raises(ImageError, match=message) as error:
        read_image(broken(damage))
    assert "\n" not in str(error.value)


def test_there_are_no_more_inodes_than_a_folder_can_name():
    read_image(Mkfs(size=5000, ninodes=1 << 16).image())

    with pytest.raises(ImageError, match="super block is damaged"):
        read_image(Mkfs(size=5000, ninodes=(1 << 16) + 1).image())


def test_a_folder_that_ends_in_half_an_entry(mkfs):
    mkfs.folder("d")
    image = mkfs.image()
    at = mkfs.inodestart * BSIZE + mkfs.inums["d"] * 64 + 8
    with pytest.raises(ImageError, match="/d/: a folder of 40 bytes, no multiple of 16"):
        read_image(image[:at] + number(40) + image[at + 4 :])


@pytest.mark.parametrize("image", [b"", b"\0" * 2047, b"\x7fELF" * 1000])
def test_what_is_no_image(image):
    with pytest.raises(ImageError, match="no disk image of xv6"):
        read_image(image)


def test_no_damage_is_anything_but_an_error():
    """Random numbers in the parts that the reader looks at."""
    rng = random.Random(5)
    whole = broken(lambda mkfs: None)
    kept = 0
    for _ in range(400):
        image = bytearray(whole)
        for _ in range(rng.randint(1, 3)):
            at = rng.choice(
                [
                    rng.randrange(1024, 1056),
                    rng.randrange(32 * BSIZE, 32 * BSIZE + 320),
                    rng.randrange(46 * BSIZE, 70 * BSIZE),
                ]
            )
            image[at] = rng.choice([0, 1, 0xFF, rng.randrange(256)])
        try:
            read_image(bytes(image))
            kept += 1
        except ImageError:
            pass
    assert 0 < kept < 400
