"""What the kernel model's tests share: memory, a console, ELF files, and a hart in Python.

The hart does what `trampoline.S` and the MMU do: it translates by the page table that the doorbell
names, puts a trap into the trap frame, rings, and goes on as the answer says.
"""

from contextlib import contextmanager
from struct import pack

from hdl.arch import PAGE_SIZE, Cause, Mstatus, Pte, pte_to_pa, vpn
from kernel_model.facts.abi import Syscall
from kernel_model.facts.doorbell import Action, Reason, Register
from kernel_model.facts.memlayout import KERNBASE
from kernel_model.facts.param import NPROC
from kernel_model.kernel import Kernel
from kernel_model.proc.state import ProcState
from kernel_model.proc.trapframe import TrapFrame

__all__ = [
    "Console",
    "Hart",
    "Killed",
    "Memory",
    "elf_file",
    "failing_kalloc",
    "make_hart",
    "make_kernel",
    "segment",
    "switch_to",
]

R, W, X = 4, 2, 1  # p_flags
JUNK = 0xA5
ARGUMENTS = ("a0", "a1", "a2", "a3", "a4", "a5")


class Memory:
    """A small RAM, full of junk: whoever takes a frame has to clear it."""

    def __init__(self, size=1 << 20):
        self.base = KERNBASE
        self.size = size
        self._bytes = bytearray([JUNK]) * size

    def read(self, pa, n):
        start = self._offset(pa, n)
        return bytes(self._bytes[start : start + n])

    def write(self, pa, data):
        start = self._offset(pa, len(data))
        self._bytes[start : start + len(data)] = data

    def zero(self, pa, n):
        self.write(pa, bytes(n))

    def read_u64(self, pa):
        assert pa % 8 == 0
        return int.from_bytes(self.read(pa, 8), "little")

    def write_u64(self, pa, value):
        assert pa % 8 == 0
        self.write(pa, value.to_bytes(8, "little"))

    def _offset(self, pa, n):
        assert self.base <= pa <= pa + n <= self.base + self.size, f"{n} bytes at {pa:#x}"
        return pa - self.base


class Console:
    """A host's side of the console that is not looked at by itself.

    Keeps what is printed; has `input` to read, and then ends. If it is None, none ever comes.
    """

    echo = False
    interrupts = False

    def __init__(self, input=b""):
        self.printed = b""
        self._input = input

    def write(self, data):
        self.printed += data

    def poll(self, now, room):
        if self._input is None:
            return b""
        data, self._input = self._input[:room], self._input[room:]
        return data

    def next_arrival(self, now):
        return None

    def wait(self, now):
        raise AssertionError("the host would wait for ever")

    def ended(self, now):
        return not self._input


def segment(vaddr, data=b"", flags=R | X, memsz=None, filesz=None, offset=None):
    """A PT_LOAD segment for `elf_file`; sizes and offset only where they are to be wrong."""
    return vaddr, data, flags, memsz, filesz, offset


TEXT = segment(0, b"\x13\0\0\0" * 16)
DATA = segment(PAGE_SIZE, b"data", R | W, memsz=0x1800)


def elf_file(*segments, entry=0, machine=243, elf_class=2, endian=1, type=2):
    """An ELF file with program headers and no sections; TEXT and DATA by default."""
    segments = segments or (TEXT, DATA)
    start = 64 + 56 * len(segments)
    headers = body = b""
    for vaddr, data, flags, memsz, filesz, offset in segments:
        offset = start + len(body) if offset is None else offset
        filesz = len(data) if filesz is None else filesz
        memsz = filesz if memsz is None else memsz
        headers += pack("<IIQQQQQQ", 1, flags, offset, vaddr, vaddr, filesz, memsz, PAGE_SIZE)
        body += data
    ident = b"\x7fELF" + bytes([elf_class, endian, 1]) + bytes(9)
    header = pack(
        "<HHIQQQIHHHHHH", type, machine, 1, entry, 64, 0, 1, 64, 56, len(segments), 64, 0, 0
    )
    return ident + header + headers + body


def make_kernel(size=1 << 20, input=b"", **options):
    """A kernel without a process."""
    return Kernel(Memory(size), b"trampoline", Console(input), **options)


def make_hart(elf=None, argv=("prog",), **options):
    """A hart whose kernel has just started a process."""
    kernel = make_kernel(**options)
    kernel.exec(elf or elf_file(), list(argv))
    hart = Hart(kernel)
    hart.ring(Reason.BOOT)
    return hart


def switch_to(hart, pid):
    """Turns pass until it is that process's."""
    for _ in range(NPROC):
        if hart.proc.pid == pid:
            return
        hart.timer()
    raise AssertionError(f"{pid} has no turn")


@contextmanager
def failing_kalloc(kernel, nth):
    """No frame is left for the `nth` call of `kalloc` (from 1) and later ones, and no run of them.

    Yields a list of the calls, one entry each.
    """
    calls = []

    def limited(take):
        def call(*count):
            calls.append(len(calls) + 1)
            return 0 if len(calls) >= nth else take(*count)

        return call

    kmem = kernel.kmem
    kmem.kalloc, kmem.kalloc_run = limited(kmem.kalloc), limited(kmem.kalloc_run)
    try:
        yield calls
    finally:
        del kmem.kalloc, kmem.kalloc_run


def signed(value):
    """A register's value as a signed number."""
    return value - (1 << 64) if value >> 63 else value


class Killed(Exception):
    """The process has ended instead of going on."""


class Hart:
    """U-mode of a hart under `kernel`, an access or a system call at a time.

    It is always the process on the hart, `proc`, that does it. While there is none the hart idles.
    """

    def __init__(self, kernel):
        self.kernel = kernel
        self.time = 0
        #: Cycles of the last idling.
        self.idled = 0

    @property
    def proc(self):
        return self.kernel.proc

    @property
    def heap(self):
        """Where the heap of the process starts."""
        return self.kernel.proc.space.regions.heap

    def promise(self, sz):
        """Makes the process `sz` bytes large, as many calls of `sbrk` do."""
        self.kernel.proc.space.resize(sz)

    @property
    def printed(self):
        return self.kernel.console.printed.decode()

    def ring(self, reason):
        """Ring, and follow the answer; raises Killed at the run's end."""
        cycles = self.kernel.ring(reason)
        doorbell = self.kernel.doorbell
        self.idled = 0
        while doorbell.read(Register.ACTION) == Action.IDLE:
            self.kernel.answered_at = self.time
            self.idled += doorbell.read(Register.QUANTUM)
            assert self.idled < 10_000_000, "nobody will ever run again"
            self.time += doorbell.read(Register.QUANTUM)
            doorbell.write(Register.TIME, self.time)
            self.kernel.ring(Reason.IDLE)
        if doorbell.read(Register.ACTION) != Action.RUN:
            raise Killed
        return cycles

    def trap(self, scause, stval=0, sepc=0x40):
        """A trap from user mode; raises Killed if there is no way back."""
        frame = self.frame
        frame.scause, frame.stval, frame.sepc = int(scause), stval, sepc
        frame.sstatus = 1 << Mstatus.SPIE
        frame.resumed = frame.time = self.time
        return self.ring(Reason.USER_TRAP)

    @property
    def frame(self):
        return TrapFrame(self.kernel.memory, self.kernel.proc.trapframe.pa)

    def timer(self):
        """The timer interrupt: the turn is over."""
        self.trap(1 << 63 | 5)

    def syscall(self, number, *arguments):
        """`ecall`; the result as a signed number, or None if the process waits or has ended."""
        frame, proc = self.frame, self.proc
        for name, value in [("a7", number), *zip(ARGUMENTS, arguments, strict=False)]:
            setattr(frame, name, value & (1 << 64) - 1)
        self.trap(Cause.ECALL_U)
        if proc.in_syscall or proc.state is ProcState.ZOMBIE or proc not in self.kernel.procs:
            return None
        return signed(frame.a0)

    @property
    def result(self):
        """What the call has returned that the process on the hart made last."""
        return signed(self.frame.a0)

    def call(self, name, *arguments):
        """A system call by its name."""
        return self.syscall(Syscall[name.upper()], *arguments)

    def put(self, va, data):
        """Store `data` at `va`; returns `va`."""
        for offset, byte in enumerate(data):
            self.store(va + offset, byte)
        return va

    def get(self, va, n):
        """The `n` bytes at `va`."""
        return bytes(self.load(va + offset) for offset in range(n))

    def exit(self, status=0):
        try:
            self.syscall(2, status)
        except Killed:
            return
        raise AssertionError("exit has returned")

    def sbrk(self, n):
        return self.syscall(12, n)

    def write(self, address, n, fd=1):
        return self.syscall(16, fd, address, n)

    def read(self, address, n, fd=0):
        return self.syscall(5, fd, address, n)

    def load(self, va):
        """`lbu`: the byte at `va`."""
        return self.kernel.memory.read(self._access(va, Pte.R, Cause.LOAD_PAGE), 1)[0]

    def store(self, va, byte):
        """`sb`"""
        self.kernel.memory.write(self._access(va, Pte.W, Cause.STORE_PAGE), bytes([byte]))

    def fetch(self, va):
        """An instruction at `va`."""
        return self.kernel.memory.read(self._access(va, Pte.X, Cause.FETCH_PAGE), 2)

    def pte(self, va):
        """The leaf for `va` of the page table that runs; 0 if there is none."""
        return self.leaf(va)[0]

    def leaf(self, va):
        """As `pte`, and its level."""
        return self._found(va)[:2]

    def _found(self, va):
        """As `leaf`, and the entry's address."""
        table = (self.kernel.doorbell.read(Register.SATP) & (1 << 44) - 1) << 12
        for level in (2, 1, 0):
            entry = table + 8 * vpn(va, level)
            pte = self.kernel.memory.read_u64(entry)
            if not pte & Pte.V:
                return 0, level, entry
            if pte & (Pte.R | Pte.W | Pte.X):
                break
            table = pte_to_pa(pte)
        return pte, level, entry

    def _access(self, va, right, cause):
        for _ in range(2):
            pte, level, entry = self._found(va) if va < 1 << 38 else (0, 0, 0)
            need = Pte.V | Pte.U | right
            told = Pte.A | (Pte.D if right == Pte.W else 0)
            updates = self.kernel.doorbell.read(Register.ADUE)
            if not updates:
                need |= told
            if pte & need == need:
                if updates:
                    self.kernel.memory.write_u64(entry, pte | told)
                return pte_to_pa(pte) + va % (PAGE_SIZE << 9 * level)
            self.trap(cause, stval=va)
        raise AssertionError(f"{va:#x} faults again after the kernel has mapped it")
