"""Whether a disk is whole: what every boot may rely on, wherever the machine went down before."""

from collections import Counter
from struct import iter_unpack, unpack_from

__all__ = ["Summary", "check", "log_of", "recovered"]

BSIZE = 1024
T_DIR = 1
ROOT = 1

#: Numbers of the inodes in use, of the blocks that are free, and of inodes without a name.
Summary = tuple[int, int, int]


def log_of(image: bytes) -> list[int]:
    """Where the blocks belong that a committed log holds."""
    start = unpack_from("<8I", image, BSIZE)[5]
    (count,) = unpack_from("<i", image, start * BSIZE)
    return list(unpack_from(f"<{count}I", image, start * BSIZE + 4))


def recovered(image: bytes) -> bytes:
    """The disk after what a boot does first with its log."""
    start = unpack_from("<8I", image, BSIZE)[5]
    disk = bytearray(image)
    for index, block in enumerate(log_of(image), start + 1):
        disk[block * BSIZE : (block + 1) * BSIZE] = image[index * BSIZE : (index + 1) * BSIZE]
    disk[start * BSIZE : start * BSIZE + 4] = bytes(4)
    return bytes(disk)


def check(image: bytes) -> Summary:
    """What is on the disk, in numbers; AssertionError if a block has two owners, if the map of the
    blocks is wrong, or if links are not as many as an inode says."""
    _, size, nblocks, ninodes, _, _, inodestart, bmapstart = unpack_from("<8I", image, BSIZE)
    first, owners = size - nblocks, Counter()
    inodes = {}
    for inum in range(1, ninodes):
        kind, _, _, nlink, length, *addresses = unpack_from(
            "<4hI13I", image, inodestart * BSIZE + 64 * inum
        )
        if kind:
            blocks = _blocks(image, addresses)
            owners.update([*blocks, addresses[12]] if addresses[12] else blocks)
            data = b"".join(image[block * BSIZE : (block + 1) * BSIZE] for block in blocks)
            inodes[inum] = kind, nlink, data[:length]
            assert len(data) >= length, f"inode {inum} has {len(data)} of {length} bytes"
    assert max(owners.values()) == 1, "a block has two owners"
    assert min(owners) >= first
    used = {*range(first), *owners}
    bits = int.from_bytes(image[bmapstart * BSIZE : first * BSIZE], "little")
    assert bits == sum(1 << block for block in used), "the map is not that of the blocks in use"
    links = _links(inodes)
    wrong = {inum: nlink for inum, (_, nlink, _) in inodes.items() if nlink != links[inum]}
    assert wrong == {}, f"links of inodes are not {wrong}, but {links}"
    return len(inodes), size - len(used), sum(links[inum] == 0 for inum in inodes)


def _blocks(image, addresses):
    blocks = [block for block in addresses[:12] if block]
    if addresses[12]:
        listed = unpack_from("<256I", image, addresses[12] * BSIZE)
        blocks += [block for block in listed if block]
    return blocks


def _links(inodes):
    """How many entries name each inode, its own `.` left out; the root has one for itself."""
    links = Counter({ROOT: 1})
    for inum, (kind, nlink, data) in inodes.items():
        if kind != T_DIR:
            continue
        for number, field in iter_unpack("<H14s", data):
            name = field.rstrip(b"\0")
            # A folder that is gone, but still somebody's, has none above it any more.
            above = name == b".." and (inum == ROOT or nlink == 0)
            if number and name != b"." and not above:
                links[number] += 1
    return links
