"""Wild programs: what a process may try to break the kernel with."""

from collections.abc import Mapping
from dataclasses import dataclass
from random import Random
from struct import pack

from hdl.arch import PAGE_SIZE
from kernel_model.facts.abi import Syscall
from kernel_model.facts.memlayout import DOORBELL, KERNBASE, MAXVA, TRAMPOLINE, TRAPFRAME
from tests.kernel_model.support import R, W, X, elf_file, segment
from tests.verify.fuzz.damage import damaged
from tests.verify.lockstep import encode

__all__ = ["KINDS", "WildProgram", "make"]

#: Bytes of a file on the disk.
_MOST = 100_000
_DATA = 4 * PAGE_SIZE
_GUARD = 6 * PAGE_SIZE
_STACK = 7 * PAGE_SIZE
_END = 8 * PAGE_SIZE
_PATHS = [b"wild", b"broken", b"/", b".", b"..", b"a", b"a/b", b"a/../wild", b"//a", b"b",
          b"x" * 20, b"console", b""]  # fmt: skip
#: Addresses of the strings, of an array of pointers to them, and of one to nowhere.
_STRINGS = {path: _DATA + 32 * index for index, path in enumerate(_PATHS)}
_ARGV, _WILD_ARGV = _DATA + 0x400, _DATA + 0x500
_A0, _A7 = 10, 17
_ECALL = 0x73
_SYSTEM = [_ECALL, 0x0010_0073, 0x1020_0073, 0x3020_0073, 0x1050_0073, 0x1200_0073, 0x0000_100F,
           0x0FF0_000F]  # ecall ebreak sret mret wfi sfence.vma fence.i fence # fmt: skip
#: Not the counters: a program that reads none does the same wherever it runs.
_CSRS = [0x100, 0x104, 0x105, 0x140, 0x141, 0x142, 0x143, 0x144, 0x14D, 0x180, 0x300, 0x302,
         0x304, 0x305,
         0x30A, 0x341, 0x3A0, 0x3B0, 0xB00, 0xF14, 0x001, 0x003]  # fmt: skip
#: Those whose first argument is the address of a page.
_OF_PAGES = (Syscall.PGACCESS, Syscall.MUNMAP, Syscall.MADVISE, Syscall.MINCORE)
_CALLS = [*Syscall, 0, 22, 64, -1, 1 << 31]


@dataclass(frozen=True)
class WildProgram:
    """A program and what it finds: the ELF, files of the disk, and bytes at the console."""

    kind: str
    elf: bytes
    files: Mapping[str, bytes]
    input: bytes


def make(random: Random) -> WildProgram:
    """A wild program of a random kind."""
    kind = random.choice(list(KINDS))
    parts = KINDS[kind](random)
    if random.random() < 0.6:
        parts = [*_set_registers(random), *_supervisor(random, sum(map(len, parts))), *parts]
    code = b"".join(parts)[: 4 * PAGE_SIZE]
    rights = R | W | X if random.random() < 0.3 else R | X
    elf = elf_file(
        segment(0, code, rights, memsz=4 * PAGE_SIZE),
        segment(_DATA, _data(random), R | W, memsz=2 * PAGE_SIZE),
    )
    files = {"wild": elf, "broken": damaged(elf, random)[:_MOST]}
    return WildProgram(kind, elf, files, random.randbytes(random.choice((0, 5, 300))))


def _data(random):
    strings = bytearray(32 * len(_PATHS))
    for index, path in enumerate(_PATHS):
        strings[32 * index : 32 * index + len(path)] = path
    argv = [*random.sample(list(_STRINGS.values()), random.randrange(4)), 0]
    wild = [_address(random) for _ in range(40)]
    data = bytes(strings).ljust(0x400, b"\0") + pack(f"<{len(argv)}Q", *argv).ljust(0x100, b"\0")
    return data + pack("<40Q", *wild) + random.randbytes(256)


def _address(random):
    edges = [0, 8, _DATA, _DATA + PAGE_SIZE, _DATA + 2 * PAGE_SIZE - 4, _GUARD, _STACK, _STACK + 64,
             _END - 8, _END, _END + PAGE_SIZE, _ARGV, _WILD_ARGV, TRAPFRAME, TRAPFRAME + 0x28,
             TRAPFRAME - PAGE_SIZE, TRAPFRAME - 2 * PAGE_SIZE, TRAPFRAME - 8,
             TRAMPOLINE, MAXVA, MAXVA - 4, 1 << 38, (1 << 38) - 8, KERNBASE, KERNBASE + 0x1000,
             KERNBASE + 0xFF000, DOORBELL, 1 << 63, (1 << 64) - 8, (1 << 64) - PAGE_SIZE,
             *_STRINGS.values()]  # fmt: skip
    if random.random() < 0.1:
        return random.getrandbits(random.choice((16, 32, 38, 64)))
    return random.choice(edges)


def _number(random):
    small = random.randrange(-2, 20)
    edges = [PAGE_SIZE, 3 * PAGE_SIZE, -PAGE_SIZE, -_END, 1 << 20, (1 << 31) - 1, -(1 << 31), -1,
             1 << 32, 0x202, 0x601]  # fmt: skip
    return random.choice(edges) if random.random() < 0.4 else small


def _value(random):
    return _address(random) if random.random() < 0.6 else _number(random)


def _words(*words):
    return [word.to_bytes(4, "little") for word in words]


def _set_registers(random):
    return _words(*(word for rd in range(1, 32) for word in encode.li(rd, _value(random))))


def _supervisor(random, size):
    """Forks children one after the other, which each begin elsewhere in the `size` bytes behind."""
    count = random.choice((4, 16, 32))
    stride = max(size // count // 4, 1) * 4
    loop = [
        *encode.li(_A7, Syscall.FORK),
        _ECALL,
        encode.branch(1, _A0, 0, 8),
        0,
        *encode.li(_A0, 0),
        *encode.li(_A7, Syscall.WAIT),
        _ECALL,
        encode.i_type(0x13, 0, 8, 8, -1),
    ]
    loop.append(encode.branch(1, 8, 0, -4 * len(loop)))
    end = [*encode.li(_A7, Syscall.EXIT), _ECALL]
    # The child: x5 = address of `auipc` + 16 + stride * (x8 - 1).
    child = [
        encode.i_type(0x13, 0, 6, 8, -1),
        *encode.li(7, stride),
        encode.r_type(0x33, 0, 1, 6, 6, 7),
        encode.u_type(0x17, 5, 0),
        encode.r_type(0x33, 0, 0, 5, 5, 6),
        encode.i_type(0x67, 0, 0, 5, 12),
    ]
    jump = loop.index(0)
    loop[jump] = encode.jal(0, 4 * (len(loop) - jump + len(end)))
    return _words(*encode.li(8, count), *loop, *end, *child)


def _random_bytes(random):
    start = _set_registers(random) if random.random() < 0.5 else []
    return [*start, random.randbytes(random.choice((64, 4096, 3 * 4096)))]


def _instruction(random):
    rd, rs1, rs2 = (random.randrange(32) for _ in range(3))
    offset = random.choice((0, 0, 8, -8, random.randrange(-2048, 2048)))
    near = random.randrange(-16, 40) * 2
    return random.choice(
        (
            lambda: encode.i_type(0x03, random.choice(encode.LOADS), rd, rs1, offset),
            lambda: encode.i_type(0x03, random.choice(encode.LOADS), rd, rs1, offset),
            lambda: encode.s_type(random.choice(encode.STORES), rs1, rs2, offset),
            lambda: encode.s_type(random.choice(encode.STORES), rs1, rs2, offset),
            lambda: encode.amo(
                random.choice((*encode.AMOS, 2, 3)),
                random.choice((2, 3)),
                rd,
                rs1,
                rs2,
                random.randrange(4),
            ),
            lambda: encode.r_type(*_alu(random), rd, rs1, rs2),
            lambda: encode.i_type(*random.choice(encode.ALU_IMM), rd, rs1, offset),
            lambda: encode.branch(random.choice(encode.BRANCHES), rs1, rs2, near),
            lambda: encode.jal(rd, near),
            lambda: encode.i_type(0x67, 0, rd, rs1, offset),
            lambda: encode.csr(random.choice((1, 2, 3, 5, 6, 7)), rd, random.choice(_CSRS), rs1),
            lambda: random.choice(_SYSTEM),
            lambda: random.getrandbits(32),
        )
    )()


def _alu(random):
    return random.choice(encode.ALU)


def _instructions(random):
    """Valid instructions on registers full of addresses, and now and then a signal of life."""
    code = _set_registers(random)
    for _ in range(random.randrange(20, 600)):
        if random.random() < 0.1:
            code += _words(*encode.li(random.randrange(1, 32), _value(random)))
        elif random.random() < 0.05:
            code += _call(random)
        else:
            code += _words(_instruction(random))
    return code


def _call(random, number=None):
    """A system call; what its arguments are is often what they should be, more or less."""
    number = random.choice(_CALLS) if number is None else number
    code = _words(*encode.li(_A7, number))
    for index in range(random.choice((1, 2, 3, 6))):
        code += _words(*encode.li(_A0 + index, _argument(number, index, random)))
    return code + _words(_ECALL)


def _argument(number, index, random):
    if random.random() < 0.3:
        return _value(random)
    if number == Syscall.EXEC:
        return random.choice((_ARGV, _WILD_ARGV)) if index else _path(random)
    if number in (Syscall.READ, Syscall.WRITE, Syscall.FSTAT, Syscall.CLOSE, Syscall.DUP):
        return (random.randrange(8), _address(random), random.choice((1, 100, 5000)))[min(index, 2)]
    if number in (Syscall.OPEN, Syscall.MKDIR, Syscall.UNLINK, Syscall.CHDIR, Syscall.MKNOD):
        return random.choice((0, 1, 2, 0x200, 0x201, 0x602)) if index else _path(random)
    if number == Syscall.LINK:
        return _path(random)
    if number in (Syscall.PIPE, Syscall.WAIT):
        return _address(random)
    if number == Syscall.MMAP:
        protections, kinds = (1, 3, 3, 5), (1, 2, 0x21, 0x22)
        choices = ((0,), (1, 5000, 9000), protections, kinds, range(3, 8), (0, 0x1000))
        return random.choice(choices[index])
    if number in _OF_PAGES and index == 0:
        return _address(random) & ~0xFFF
    if number == Syscall.KILL:
        return random.randrange(12)
    return _number(random)


def _path(random):
    return random.choice(list(_STRINGS.values()))


def _calls(random):
    """A storm of system calls."""
    return [part for _ in range(random.randrange(10, 60)) for part in _call(random)]


def _forks(random):
    """A process that forks as often as it can, and children that are wild."""
    code = _words(*encode.li(8, random.choice((2, 5, 100))))
    loop = _call(random, Syscall.FORK)
    if random.random() < 0.5:
        loop += _call(random, Syscall.SBRK)
        loop += _words(encode.s_type(3, _A0, _A0, 0))
    loop += [part for _ in range(random.randrange(4)) for part in _call(random)]
    loop += _words(encode.i_type(0x13, 0, 8, 8, -1))
    code += [*loop, *_words(encode.branch(1, 8, 0, -4 * (len(loop))))]
    return [*code, *random.choice((_calls, _instructions, _random_bytes))(random)]


KINDS = {
    "random bytes": _random_bytes,
    "instructions": _instructions,
    "system calls": _calls,
    "forks": _forks,
}
