"""A disk that the kernel in C cannot use: it says what is wrong with it, and panics."""

import struct

import pytest

from sim import End, start_boot
from sim.guests.image_writer import write_image

BLOCK = 1024
#: What the fields of the super block are called, in their order.
FIELDS = "magic size nblocks ninodes nlog logstart inodestart bmapstart".split()


@pytest.fixture(scope="module")
def image():
    return write_image({})


def with_fields(image, **changes):
    """The image with other numbers in its super block; a change is a function of the field."""
    values = dict(zip(FIELDS, struct.unpack_from("<8I", image, BLOCK), strict=True))
    for name, change in changes.items():
        values[name] = change(values[name]) % (1 << 32)
    return image[:BLOCK] + struct.pack("<8I", *values.values()) + image[BLOCK + 32 :]


@pytest.fixture(scope="module")
def said(image, tmp_path_factory):
    """What it says last, in lines, when it finds this on the disk of a machine that it boots."""
    path = tmp_path_factory.mktemp("disk") / "fs.img"
    path.write_bytes(image)
    with start_boot(disk=path) as session:
        at_reset = session.snapshot()

        def said(image):
            session.restore(at_reset)
            session.disk.__init__(image)
            before = len(session.output)
            assert session.run(3_000_000) is End.FINISHED
            assert session.exit_code == 134
            return session.output[before:].decode().splitlines()

        yield said


@pytest.mark.parametrize("blocks", [0, 1])
def test_a_disk_without_a_super_block(said, image, blocks):
    assert said(image[: BLOCK * blocks]) == [
        f"the disk has {blocks} blocks",
        "panic: readsb: no room for a super block",
    ]


def test_a_disk_that_is_too_small(said, image):
    assert said(image[: BLOCK * 100]) == [
        "the super block tells of 2000 blocks, the disk has 100",
        "panic: readsb: the disk is too small",
    ]


def test_a_disk_of_something_else(said):
    assert said(bytes(4 * BLOCK)) == [
        "block 1 of the disk begins with 0x0, not 0x10203040",
        "panic: readsb: invalid file system",
    ]


@pytest.mark.parametrize(
    "field, change",
    [
        ("logstart", lambda value: 1),
        ("nlog", lambda value: value + 1),
        ("nlog", lambda value: -1),
        ("inodestart", lambda value: value - 1),
        ("ninodes", lambda value: value + 16),
        ("ninodes", lambda value: -1),
        ("bmapstart", lambda value: value - 1),
        ("nblocks", lambda value: value + 1),
        ("size", lambda value: value - 1),
    ],
)
def test_parts_that_overlap(said, image, field, change):
    lines = said(with_fields(image, **{field: change}))
    assert lines == ["panic: readsb: the parts of the disk do not follow each other"]


@pytest.mark.parametrize(
    "field, number, reason",
    [
        ("ninodes", 1, "no inode for the root directory"),
        ("nlog", 10, "the log is too small for a system call"),
    ],
)
def test_parts_that_are_too_small(said, image, field, number, reason):
    lines = said(with_fields(image, **{field: lambda value: number}))
    assert lines == [f"panic: readsb: {reason}"]


@pytest.mark.parametrize("log", [(-1,), (31,), (1, 2000), (1, -1)])
def test_a_log_of_blocks_that_there_are_not(said, image, log):
    start = 2 * BLOCK
    damaged = image[:start] + struct.pack(f"<{len(log)}i", *log) + image[start + 4 * len(log) :]
    assert said(damaged) == ["panic: recover: damaged log"]


def test_a_file_whose_block_is_not_on_the_disk(said, image):
    """That of the root directory."""
    at = 33 * BLOCK + 64 + 12
    damaged = image[:at] + struct.pack("<I", 5000) + image[at + 4 :]
    assert said(damaged) == [
        "block 5000 of the disk cannot be read, it has 2000",
        "panic: virtio_disk_intr: status",
    ]


def test_a_legacy_device_is_driven_as_well(image, tmp_path):
    path = tmp_path / "fs.img"
    path.write_bytes(image)
    with start_boot(disk=path, virtio_version=1) as session:
        session.run(3_000_000)
    assert session.output == b"panic: no /init\n"
