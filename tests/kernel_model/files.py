"""What the tests of files share: a kernel that is only its files, and a process to call it."""

from types import SimpleNamespace

from hdl.arch import PAGE_SIZE, Pte
from kernel_model.calls import sysfile
from kernel_model.calls.sysfile import O_CREATE, O_RDONLY, O_RDWR
from kernel_model.dev.state import Cons
from kernel_model.facts.abi import Abi
from kernel_model.facts.accounts import Account
from kernel_model.facts.costs import Meter
from kernel_model.facts.memlayout import KERNBASE
from kernel_model.facts.param import DATA_BLOCKS, NINODES, NOFILE, ROOTINO, TICK
from kernel_model.fs.file import fileclose
from kernel_model.fs.inode import iget, iput, readi
from kernel_model.fs.names import fsinit, namei
from kernel_model.fs.state import FileSystem
from kernel_model.mm.kalloc import Kmem
from kernel_model.mm.policy import LAZY, POLICIES
from kernel_model.mm.regions import Regions
from kernel_model.mm.space import AddressSpace, AreaUse, HeapUse
from kernel_model.mm.usercopy import copyin, copyout
from kernel_model.mm.vm import uvmcreate
from kernel_model.proc.sleep import Blocked
from kernel_model.proc.state import Clock, ProcState
from tests.kernel_model.support import Memory

__all__ = [
    "BAD",
    "BUFFER",
    "Blocked",
    "Keyboard",
    "User",
    "content",
    "make_files",
    "references",
    "usage",
]

#: Where a `User` has its paths, its buffer of 80 pages, and an address that is not its own.
PATH, PATH2, BUFFER = 0x100, 0x200, PAGE_SIZE
SIZE = 82 * PAGE_SIZE
BAD = SIZE


class Keyboard:
    """A host's side of the console; `typed` comes, a poll a piece, and `printed` went."""

    def __init__(self, *typed, echo=False, interrupts=True, ended=False):
        self.typed = list(typed)
        self.echo, self.interrupts, self.is_ended = echo, interrupts, ended
        self.printed = b""
        self.polls = self.waits = 0

    def write(self, data):
        self.printed += data

    write_echo = write

    def poll(self, now, room):
        self.polls += 1
        if not self.typed:
            return b""
        data = self.typed.pop(0)
        if len(data) > room:
            self.typed.insert(0, data[room:])
        return data[:room]

    def next_arrival(self, now):
        return None

    def wait(self, now):
        self.waits += 1
        return bool(self.typed)

    def ended(self, now):
        return self.is_ended and not self.typed


def make_files(files=None, frames=256, console=None, geometry=None):
    """A kernel with a disk and memory, and nothing that runs."""
    end = KERNBASE + frames * PAGE_SIZE
    kernel = SimpleNamespace(
        memory=Memory(frames * PAGE_SIZE),
        kmem=Kmem(KERNBASE, end),
        charge=lambda step, n=1: None,
        leaf_flags=int(Pte.A | Pte.D),
        record=lambda proc, fault: None,
        heap=HeapUse(),
        areas=AreaUse(),
        policy=POLICIES[LAZY],
        meter=Meter(),
        wrote_code=False,
        clock=Clock(TICK),
        procs=[],
        ftable=[],
        cons=Cons(),
        console=console or Keyboard(),
        fs=FileSystem(lambda: files or {}, geometry),
    )
    fsinit(kernel)
    return kernel


class User:
    """A process, whose pages all wait for their frames."""

    def __init__(self, kernel):
        self.kernel = kernel
        self.proc = SimpleNamespace(
            pid=len(kernel.procs) + 1,
            name="user",
            space=AddressSpace(uvmcreate(kernel), SIZE, Regions().resized(SIZE)),
            trapframe=SimpleNamespace(sepc=0),
            abi=Abi.LAB,
            ofile=[None] * NOFILE,
            cwd=iget(kernel, ROOTINO),
            killed=False,
            done=0,
            state=ProcState.RUNNABLE,
            chan=None,
            account=Account(0),
        )
        kernel.procs.append(self.proc)

    def call(self, name, *arguments):
        """A system call's result; Blocked if it waits."""
        self._name = name
        for register in range(6):
            value = arguments[register] if register < len(arguments) else 0
            setattr(self.proc.trapframe, f"a{register}", value & (1 << 64) - 1)
        self.proc.done = 0
        return self.again()

    def again(self):
        """The call that waits is begun again."""
        self.proc.state = ProcState.RUNNABLE
        try:
            return getattr(sysfile, f"sys_{self._name}")(self.kernel, self.proc)
        except Blocked as blocked:
            self.proc.state, self.proc.chan = ProcState.SLEEPING, blocked.chan
            return Blocked

    @property
    def sleeps(self):
        return self.proc.state is ProcState.SLEEPING

    def put(self, va, data):
        assert copyout(self.kernel, self.proc, va, data)
        return va

    def get(self, n, va=BUFFER):
        data = copyin(self.kernel, self.proc, va, n)
        assert data is not None
        return data

    def path(self, path, va=PATH):
        return self.put(va, path.encode(errors="surrogateescape") + b"\0")

    def open(self, path, flags=O_RDONLY):
        return self.call("open", self.path(path), flags)

    def create(self, path):
        return self.open(path, O_CREATE | O_RDWR)

    def read(self, fd, n, va=BUFFER):
        """What is read, or the call's result if that is no number of bytes."""
        result = self.call("read", fd, va, n)
        return self.get(result, va) if result is not Blocked and result > 0 else result

    def write(self, fd, data, va=BUFFER):
        return self.call("write", fd, self.put(va, data), len(data))

    def close(self, fd):
        return self.call("close", fd)

    def mkdir(self, path):
        return self.call("mkdir", self.path(path))

    def mknod(self, path, major, minor=0):
        return self.call("mknod", self.path(path), major, minor)

    def chdir(self, path):
        return self.call("chdir", self.path(path))

    def unlink(self, path):
        return self.call("unlink", self.path(path))

    def link(self, old, new):
        return self.call("link", self.path(old), self.path(new, PATH2))

    def pipe(self, va=BUFFER):
        """Both descriptors, or -1."""
        if self.call("pipe", va) == -1:
            return -1
        data = self.get(8, va)
        return [int.from_bytes(data[at : at + 4], "little") for at in (0, 4)]

    def store(self, path, data=b""):
        """Make the file `path` with `data` in it."""
        fd = self.create(path)
        assert fd >= 0
        assert self.write(fd, data) == len(data)
        assert self.close(fd) == 0

    def load(self, path):
        """What is in the file `path`, or -1."""
        fd = self.open(path)
        if fd < 0:
            return -1
        data = b""
        while part := self.read(fd, 70 * PAGE_SIZE):
            data += part
        self.close(fd)
        return data

    def exit(self):
        """Close everything, as `exit` does."""
        for fd, file in enumerate(self.proc.ofile):
            if file is not None:
                self.proc.ofile[fd] = None
                fileclose(self.kernel, file)
        iput(self.kernel, self.proc.cwd)
        self.kernel.procs.remove(self.proc)


def content(kernel, path, proc=None):
    """The bytes of the file `path`."""
    ip = namei(kernel, proc, path)
    assert ip is not None, path
    iput(kernel, ip)
    return readi(kernel, ip, 0, ip.size)


def references(kernel):
    """Those of all inodes, by number."""
    return {ip.inum: ip.ref for ip in kernel.fs.inodes if ip is not None and ip.ref}


def usage(kernel):
    """Inodes and blocks that are taken."""
    return NINODES - 1 - kernel.fs.free_inodes, DATA_BLOCKS[Abi.LAB] - kernel.fs.free_blocks
