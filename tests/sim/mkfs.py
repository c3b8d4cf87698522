"""Makes disk images of xv6, by what its kernel/fs.h and kernel/param.h publish of the format.

It shares nothing with the reader: block 0 is for a boot loader; block 1 has eight numbers, magic,
size, nblocks, ninodes, nlog, logstart, inodestart and bmapstart; then come the log, whose first
block counts and lists the blocks that follow, 16 inodes a block, a bit a block, and data. An inode
is {short type, major, minor, nlink; uint size; uint addrs[13]}, the last address that of a block of
256 more. A directory is a file of {ushort inum; char name[14]}.
"""

import struct

__all__ = ["Mkfs"]

BSIZE = 1024
T_DIR, T_FILE, T_DEVICE = 1, 2, 3


class Mkfs:
    """An image under construction; `inums` has the inode number of each path."""

    def __init__(self, size=2000, ninodes=200, nlog=30):
        self.ninodes, self.nlog, self.size = ninodes, nlog, size
        self.inodestart = 2 + nlog
        self.bmapstart = self.inodestart + ninodes // 16 + 1
        self.first = self.bmapstart + size // (BSIZE * 8) + 1
        self.blocks = [bytes(BSIZE)] * size
        self.next_block, self.next_inode = self.first, 1
        self.folders = {}
        self.inums = {}
        self._super_block()
        root = self._inode(T_DIR)
        self.folders[""] = (root, [(root, b"."), (root, b"..")])

    def _super_block(self):
        numbers = (
            0x10203040,
            self.size,
            self.size - self.first,
            self.ninodes,
            self.nlog,
            2,
            self.inodestart,
            self.bmapstart,
        )
        self.write(1, struct.pack("<8I", *numbers))

    def write(self, block, data, offset=0):
        old = self.blocks[block]
        self.blocks[block] = old[:offset] + data + old[offset + len(data) :]

    def folder(self, path):
        inum = self._inode(T_DIR)
        above = self.folders[path.rpartition("/")[0]][0]
        self.folders[path] = (inum, [(inum, b"."), (above, b"..")])
        self.enter(path, inum)

    def file(self, path, data):
        inum = self._inode(T_FILE)
        self._fill(inum, data)
        self.enter(path, inum)

    def device(self, path, major, minor):
        self.enter(path, self._inode(T_DEVICE, major, minor))

    def enter(self, path, inum):
        """Another entry for an inode."""
        folder, _, name = path.rpartition("/")
        self.inums[path] = inum
        self.folders[folder][1].append((inum, name.encode("latin-1")))

    def patch_inode(self, inum, offset, data):
        """Bytes of an inode: type at 0, size at 8, addrs from 12 on."""
        self.write(self.inodestart + inum // 16, data, inum % 16 * 64 + offset)

    def addrs(self, inum):
        block = self.blocks[self.inodestart + inum // 16]
        return struct.unpack_from("<13I", block, inum % 16 * 64 + 12)

    def commit(self, copies):
        """A log that the kernel had committed when the machine went down: block -> content."""
        self.write(2, struct.pack(f"<i{len(copies)}I", len(copies), *copies))
        for n, content in enumerate(copies.values()):
            self.write(3 + n, content)

    def image(self, rounded=True):
        """The image. As xv6's mkfs does it, the root's size is whole blocks."""
        for path, (inum, entries) in self.folders.items():
            data = b"".join(struct.pack("<H14s", *entry) for entry in entries)
            if path == "" and rounded:
                data = data.ljust((len(data) // BSIZE + 1) * BSIZE, b"\0")
            self._fill(inum, data)
        self.folders = {}
        used = (1 << self.next_block) - 1
        self.write(self.bmapstart, (used & (1 << BSIZE * 8) - 1).to_bytes(BSIZE, "little"))
        return b"".join(self.blocks)

    def _inode(self, kind, major=0, minor=0):
        inum = self.next_inode
        self.next_inode += 1
        self.patch_inode(inum, 0, struct.pack("<4h", kind, major, minor, 1))
        return inum

    def _fill(self, inum, data):
        numbers = []
        for start in range(0, len(data), BSIZE):
            if len(numbers) == 12:
                indirect = self._take()
            numbers.append(self._take())
            self.write(numbers[-1], data[start : start + BSIZE])
        addrs = numbers[:12]
        if len(numbers) > 12:
            self.write(indirect, struct.pack(f"<{len(numbers) - 12}I", *numbers[12:]))
            addrs.append(indirect)
        self.patch_inode(inum, 8, struct.pack(f"<I{len(addrs)}I", len(data), *addrs))

    def _take(self):
        self.next_block += 1
        return self.next_block - 1
