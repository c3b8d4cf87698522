"""Disk images that are made here: read back, and as the kernel model's own disk."""

import random
from struct import unpack_from

import pytest

from kernel_model.facts.param import BSIZE, MAXFILE
from kernel_model.fs.disk import Device, Folder, Geometry, Linked
from kernel_model.fs.names import FsError
from sim import start
from sim.guests.disk_image import read_image
from sim.guests.image_writer import GEOMETRY, image_of, write_image

CONSOLE = {"console": Device(1, 0)}


def read_back(image):
    contents, geometry = read_image(image)
    return {path: plain(entry) for path, entry in contents.items()}, geometry


def plain(entry):
    return entry.data if isinstance(entry, Linked) else entry


def test_an_empty_disk_has_the_console():
    image = write_image({})

    assert len(image) == 2000 * BSIZE
    assert read_back(image) == (CONSOLE, GEOMETRY)


def test_the_parts_lie_where_those_of_2025_do():
    assert unpack_from("<8I", write_image({}), BSIZE) == (
        0x10203040, 2000, 1953, 200, 31, 2, 33, 46,
    )  # fmt: skip


def test_files_are_numbered_as_by_the_kernel_model():
    """The root is 1, the console 2; then comes what is there, a folder before what is in it."""
    image = write_image({"a": b"1", "d/e": b"2", "b": b"3"})

    root = image[47 * BSIZE : 48 * BSIZE]
    entries = [unpack_from("<H14s", root, 16 * n) for n in range(6)]
    assert [(inum, name.rstrip(b"\0")) for inum, name in entries] == [
        (1, b"."), (1, b".."), (2, b"console"), (3, b"a"), (4, b"d"), (6, b"b"),
    ]  # fmt: skip


def test_the_disk_of_a_kernel_that_has_run():
    with start("sh", "-c", "echo x > y; mkdir d; ln y d/z; rm y", memory_mib=8) as session:
        session.run()
        image = image_of(session.kernel.fs)

    contents, _ = read_back(image)
    assert (contents["d"], contents["d/z"]) == (Folder(), b"x\n")
    assert "y" not in contents


@pytest.mark.parametrize("size", [0, 1, BSIZE, 12 * BSIZE, 12 * BSIZE + 1, MAXFILE * BSIZE])
def test_files_of_every_size(size):
    data = random.Random(size).randbytes(size)
    contents, _ = read_back(write_image({"before": b"b", "file": data, "after": b"a"}))
    assert contents == {**CONSOLE, "before": b"b", "file": data, "after": b"a"}


def test_names_of_one_file_are_links():
    file = Linked(b"data")
    contents, _ = read_image(write_image({"one": file, "d/two": file, "other": b"data"}))
    assert contents["one"] is contents["d/two"] is not contents["other"]


def test_links_and_folders_are_counted():
    file = Linked(b"")
    image = write_image({"d": Folder(), "d/e": Folder(), "x": file, "d/y": file})
    links = [unpack_from("<h", image, 33 * BSIZE + 64 * inum + 6)[0] for inum in range(7)]
    assert links == [0, 2, 1, 2, 1, 2, 0]  # none, /, console, d, d/e, x


def test_a_block_is_in_use_exactly_if_it_holds_something():
    image = write_image({"file": bytes(13 * BSIZE)})
    bits = int.from_bytes(image[46 * BSIZE : 47 * BSIZE], "little")
    # 47 of the disk's own, one of the root directory, and 13 with the one that lists the last.
    assert bits == (1 << 47 + 1 + 14) - 1


@pytest.mark.parametrize(
    "geometry", [Geometry(30, 100), Geometry(), Geometry(400, 8100), Geometry(200, 20_000)]
)
def test_disks_of_other_sizes(geometry):
    assert read_back(write_image({"f": b"x"}, geometry)) == ({**CONSOLE, "f": b"x"}, geometry)


@pytest.mark.parametrize("seed", range(20))
def test_whatever_is_written_is_read_back(seed):
    contents = anything(random.Random(seed))
    image = write_image(contents)

    again, geometry = read_back(image)

    assert again == {**CONSOLE, **{path: plain(entry) for path, entry in contents.items()}}
    assert geometry == GEOMETRY
    assert read_back(write_image(read_image(image)[0])) == (again, geometry)


def anything(rng):
    """Folders in folders, with files, devices and links in them."""
    folders, contents, shared = [""], {}, Linked(rng.randbytes(3000))
    for n in range(rng.randrange(40)):
        path = f"{rng.choice(folders)}{n}"
        kind = rng.choice(["file", "file", "folder", "device", "link"])
        if kind == "folder":
            folders.append(f"{path}/")
            contents[path] = Folder()
        elif kind == "device":
            contents[path] = Device(rng.randrange(10), rng.randrange(-5, 5))
        elif kind == "link":
            contents[path] = shared
        else:
            contents[path] = rng.randbytes(rng.choice([0, 1, 1024, 20_000, rng.randrange(5000)]))
    return contents


@pytest.mark.parametrize(
    "contents, message",
    [
        ({"fifteen.letters": b""}, "fifteen.letters: a name has more than 14 bytes"),
        ({"big": bytes(MAXFILE * BSIZE + 1)}, "big: 274433 bytes, more than a file's 274432"),
        ({f"{n}": b"" for n in range(198)}, "197: no inode left on the disk, which has 199"),
        (
            {f"{n}": bytes(MAXFILE * BSIZE) for n in range(8)},
            "7: 274432 bytes, but only 69632 are left on the disk",
        ),
    ],
)
def test_what_does_not_fit_is_refused(contents, message):
    with pytest.raises(FsError, match=message):
        write_image(contents)
