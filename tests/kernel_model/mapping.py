"""Random programs that map files and memory, and a plain model of what they must see.

The model knows nothing of frames or page tables: an object is bytes, a private area has its own,
a shared one has those of the object. Files are written when all is over: by then every store to a
shared area must have come back, and nothing else may have. So pages with an odd place in a file
are never stored to through an area; what `write` puts there meanwhile has to stay.
"""

from random import Random
from struct import pack
from typing import NamedTuple

from hdl.arch import PAGE_SIZE, page_round_up
from kernel_model.calls.sysfile import O_CREATE, O_RDWR
from kernel_model.facts.memlayout import TRAPFRAME
from kernel_model.facts.param import NAREA, ROOTDEV
from kernel_model.fs.state import FileType
from tests.kernel_model import support

__all__ = [
    "ANONYMOUS",
    "EXEC",
    "FILES",
    "PRIVATE",
    "READ",
    "SHARED",
    "WRITE",
    "Mapping",
    "mmap",
    "open_file",
]

READ, WRITE, EXEC = 1, 2, 4
SHARED, PRIVATE, ANONYMOUS = 1, 2, 0x20
#: Files that are mapped shared, each by one call; pages that they have at most; processes at once.
FILES, PAGES, PROCESSES = 40, 6, 4


def open_file(hart, name, flags=O_RDWR):
    """The descriptor of the file, whose path is put where the heap begins."""
    return hart.call("open", hart.put(hart.heap, name.encode() + b"\0"), flags)


def mmap(hart, length, prot, flags, fd=-1, offset=0):
    """An area, by the system call."""
    return hart.call("mmap", 0, length, prot, flags, fd, offset)


class Thing:
    """What areas show: bytes without an end, and the name of the file that has the first ones."""

    def __init__(self, name="", data=b""):
        self.name = name
        self.size = len(data)
        self.data = bytearray(data.ljust(3 * PAGES * PAGE_SIZE, b"\0"))


class Area(NamedTuple):
    start: int
    end: int
    thing: Thing
    base: int
    shared: bool

    def place(self, va):
        return va - self.base


class Process:
    """What a process of the model has: areas, and its own bytes of the private ones, by page."""

    def __init__(self, areas=(), own=None):
        self.areas = list(areas)
        self.own = {va: bytearray(data) for va, data in (own or {}).items()}

    def area(self, va):
        return next((area for area in self.areas if area.start <= va < area.end), None)

    def bytes_of(self, area, va):
        """The bytes of the page of `va`, to be changed."""
        page = va // PAGE_SIZE * PAGE_SIZE
        place = area.place(page)
        if area.shared:
            return memoryview(area.thing.data)[place : place + PAGE_SIZE]
        fresh = bytearray(area.thing.data[place : place + PAGE_SIZE])
        return memoryview(self.own.setdefault(page, fresh))

    def forget(self, start, end):
        self.own = {va: data for va, data in self.own.items() if not start <= va < end}

    def without(self, start, end):
        """The areas that are left; None if a page is in none, or if they become too many."""
        if any(self.area(va) is None for va in range(start, end, PAGE_SIZE)):
            return None
        left = []
        for area in self.areas:
            if area.end <= start or area.start >= end:
                left.append(area)
                continue
            left += [area._replace(end=start)] if area.start < start else []
            left += [area._replace(start=end)] if area.end > end else []
        return left if len(left) <= NAREA else None


class Mapping:
    """A random program on a hart, and its model."""

    def __init__(self, seed, **options):
        self.random = random = Random(seed)
        sizes = [random.randrange(1, PAGES * PAGE_SIZE) for _ in range(FILES)]
        self.things = [Thing(f"f{n}", random.randbytes(size)) for n, size in enumerate(sizes)]
        self.base = Thing("base", random.randbytes(2 * PAGE_SIZE + 999))
        files = {each.name: bytes(each.data[: each.size]) for each in (*self.things, self.base)}
        self.unused = list(self.things)
        self.hart = support.make_hart(size=6 << 20, files=lambda: files, **options)
        self.hart.sbrk(PAGE_SIZE)
        self.model = {2: Process()}
        self.fd = open_file(self.hart, "base")
        self.scratch = open_file(self.hart, "scratch", O_CREATE | O_RDWR)

    @property
    def mine(self):
        return self.model[self.hart.proc.pid]

    def run(self, steps):
        """Go on for so many steps, and end all processes but the first."""
        steps_of = [self.map, self.unmap, *[self.store, self.load] * 4, self.copyin, self.write]
        steps_of += [self.copyout, self.copyout, self.fork, self.end, self.advise, self.resize]
        steps_of += [self.turn]
        for _ in range(steps):
            self.random.choice(steps_of)()
        while len(self.model) > 1:
            support.switch_to(self.hart, max(self.model))
            self.end()

    def finish(self):
        """End the run, and compare the files with what the model says of them."""
        kernel = self.hart.kernel
        support.switch_to(self.hart, 2)
        self.hart.exit()
        assert (kernel.panicked, kernel.backings, kernel.ftable) == (None, {}, [])
        assert kernel.kmem.used == kernel.own_frames
        contents = {bytes(ip.data) for ip in kernel.fs.inodes if ip and ip.type is FileType.FILE}
        for thing in (*self.things, self.base):
            assert bytes(thing.data[: thing.size]) in contents, thing.name

    def map(self):
        kind = self.random.choice([SHARED, PRIVATE, SHARED | ANONYMOUS, PRIVATE | ANONYMOUS])
        thing, fd, offset = Thing(), -1, 0
        if kind == SHARED:
            if not self.unused:
                return
            thing = self.unused.pop()
            fd = open_file(self.hart, thing.name)
        elif kind == PRIVATE:
            thing, fd = self.base, self.fd
        if fd >= 0:
            offset = self.random.randrange(3) * PAGE_SIZE
        length = self.random.randrange(1, PAGES * PAGE_SIZE)
        start = mmap(self.hart, length, READ | WRITE, kind, fd, offset)
        if kind == SHARED:
            assert self.hart.call("close", fd) == 0
        if len(self.mine.areas) == NAREA:
            assert start == -1
            return
        end = start + page_round_up(length)
        assert page_round_up(self.hart.proc.sz) <= start < end <= TRAPFRAME
        assert not any(area.start < end and start < area.end for area in self.mine.areas)
        self.mine.areas.append(Area(start, end, thing, start - offset, bool(kind & SHARED)))

    def somewhere(self):
        """An area and an address in it; None if there is none."""
        if not self.mine.areas:
            return None
        area = self.random.choice(self.mine.areas)
        return area, self.random.randrange(area.start, area.end)

    def to_be_stored(self, n):
        """The same for a store of `n` bytes, which has to be in one page."""
        found = self.somewhere()
        if found is None:
            return None
        area, va = found
        va = min(va, va // PAGE_SIZE * PAGE_SIZE + PAGE_SIZE - n)
        odd = area.place(va) // PAGE_SIZE % 2
        return None if area.shared and area.thing.name and odd else (area, va)

    def store(self):
        found = self.to_be_stored(1)
        if found:
            area, va = found
            value = self.random.randrange(256)
            self.hart.store(va, value)
            self.mine.bytes_of(area, va)[va % PAGE_SIZE] = value

    def load(self):
        found = self.somewhere()
        if found:
            area, va = found
            loaded = self.hart.load(va)
            if not (area.shared and area.thing.name and area.place(va) // PAGE_SIZE % 2):
                assert loaded == self.mine.bytes_of(area, va)[va % PAGE_SIZE]

    def copyout(self):
        found = self.to_be_stored(24)
        if found:
            area, va = found
            assert self.hart.call("fstat", self.fd, va) == 0
            ip = self.hart.proc.ofile[self.fd].ip
            told = pack("<iIhh4xQ", ROOTDEV, ip.inum, ip.type, ip.nlink, ip.size)
            at = va % PAGE_SIZE
            self.mine.bytes_of(area, va)[at : at + 24] = told

    def copyin(self):
        found = self.to_be_stored(16)
        if found:
            area, va = found
            file = self.hart.proc.ofile[self.scratch]
            assert self.hart.call("write", self.scratch, va, 16) == 16
            at = va % PAGE_SIZE
            assert file.ip.data[-16:] == self.mine.bytes_of(area, va)[at : at + 16]

    def write(self):
        """By `write`, to the odd page of a file."""
        found = self.somewhere()
        thing = found[0].thing if found else self.base
        if thing not in self.things or thing.size <= PAGE_SIZE + 8:
            return
        fd = open_file(self.hart, thing.name)
        assert self.hart.call("read", fd, self.hart.heap, PAGE_SIZE) == PAGE_SIZE
        data = self.random.randbytes(8)
        assert self.hart.call("write", fd, self.hart.put(self.hart.heap, data), 8) == 8
        assert self.hart.call("close", fd) == 0
        thing.data[PAGE_SIZE : PAGE_SIZE + 8] = data

    def unmap(self):
        found = self.somewhere()
        if found:
            start = found[1] // PAGE_SIZE * PAGE_SIZE
            length = self.random.randrange(1, 4 * PAGE_SIZE)
            end = start + page_round_up(length)
            left = self.mine.without(start, end)
            assert self.hart.call("munmap", start, length) == (-1 if left is None else 0)
            if left is not None:
                self.mine.areas = left
                self.mine.forget(start, end)

    def advise(self):
        found = self.somewhere()
        if found:
            area, va = found
            start = va // PAGE_SIZE * PAGE_SIZE
            assert self.hart.call("madvise", start, area.end - start, 4) == 0
            if not area.shared:
                self.mine.forget(start, area.end)

    def fork(self):
        if len(self.model) < PROCESSES:
            pid = self.hart.call("fork")
            assert pid > 2
            mine = self.mine
            self.model[pid] = Process(mine.areas, mine.own)

    def end(self):
        pid = self.hart.proc.pid
        if pid != 2:
            self.hart.call("exit", 0)
            del self.model[pid]

    def resize(self):
        size = self.hart.proc.sz
        n = self.random.choice([-PAGE_SIZE, PAGE_SIZE, 300])
        if n > 0 or size > self.hart.heap + 2 * PAGE_SIZE:
            assert self.hart.sbrk(n) == size

    def turn(self):
        self.hart.timer()
