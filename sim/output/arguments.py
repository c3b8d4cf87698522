"""The arguments of system calls, to be read by people."""

from collections.abc import Callable
from dataclasses import dataclass
from struct import unpack

from hdl.arch import PAGE_SIZE
from kernel_model.calls.args import signed
from kernel_model.calls.sysfile import O_CREATE, O_RDWR, O_TRUNC, O_WRONLY
from kernel_model.facts.abi import (
    MADV_DONTNEED,
    MAP_ANONYMOUS,
    MAP_PRIVATE,
    MAP_SHARED,
    PROT_EXEC,
    PROT_READ,
    PROT_WRITE,
    SBRK_EAGER,
    SBRK_LAZY,
    Abi,
    Syscall,
)
from kernel_model.facts.param import MAXARG
from kernel_model.fs.state import FileType
from kernel_model.kernel import Kernel
from kernel_model.mm.peek import peek
from kernel_model.proc.state import Proc

__all__ = ["Call", "syscall_name"]

#: Bytes shown of a string or a buffer.
_MOST = 32

_ESCAPES = {ord("\n"): r"\n", ord("\t"): r"\t", ord('"'): r"\"", ord("\\"): r"\\"}
_ACCESS = {0: "O_RDONLY", O_WRONLY: "O_WRONLY", O_RDWR: "O_RDWR"}
_SBRK_TYPES = {SBRK_EAGER: "SBRK_EAGER", SBRK_LAZY: "SBRK_LAZY"}


def syscall_name(number: int) -> str:
    """What the system call is called."""
    return _NAMES.get(number, f"syscall_{number}")


@dataclass
class Call:
    """A system call of the process `proc`: its number, its arguments, and at its end its result."""

    kernel: Kernel
    proc: Proc
    number: int
    args: tuple[int, ...]
    result: int = 0

    @property
    def name(self) -> str:
        """What it is called."""
        return syscall_name(self.number)

    def arguments_before(self) -> list[str]:
        """The arguments up to the first that only its end tells."""
        count = self._count_before()
        return [kind(self, n) for n, kind in enumerate(self._kinds[:count])]

    def arguments_after(self) -> list[str]:
        """The others, at its end."""
        count = self._count_before()
        return [kind(self, n) for n, kind in enumerate(self._kinds[count:], count)]

    def result_in_words(self) -> str:
        """The result; an address in hexadecimal."""
        is_address = self.number in (Syscall.SBRK, Syscall.MMAP) and self.result != -1
        return f"{self.result:#x}" if is_address else str(self.result)

    @property
    def _kinds(self) -> tuple["_Kind", ...]:
        if self.number == Syscall.SBRK and self.proc.abi is Abi.RELEASE_2025:
            return _int, _sbrk_type
        return _SIGNATURES.get(self.number, ())

    def _count_before(self) -> int:
        later = [n for n, kind in enumerate(self._kinds) if kind in _AFTER]
        return later[0] if later else len(self._kinds)

    def look(self, va: int, n: int) -> bytes | None:
        """The `n` bytes at `va` of the process; None if it may not read them."""
        return peek(self.kernel.memory, self.proc.space, va, n, self.kernel.backings)

    def string_at(self, va: int) -> bytes | None:
        """The first bytes of the string at `va`; None if the process may not read it."""
        data = b""
        while len(data) <= _MOST and b"\0" not in data:
            at = va + len(data)
            part = self.look(at, min(_MOST + 1 - len(data), PAGE_SIZE - at % PAGE_SIZE))
            if part is None:
                return None
            data += part
        return data.partition(b"\0")[0]


#: How the argument of a call that has this number is shown.
_Kind = Callable[[Call, int], str]


def _int(call: Call, n: int) -> str:
    return str(signed(call.args[n]))


def _pointer(call: Call, n: int) -> str:
    return f"{call.args[n]:#x}" if call.args[n] else "NULL"


def _string(call: Call, n: int) -> str:
    text = call.string_at(call.args[n])
    return _pointer(call, n) if text is None else _quoted(text)


def _strings(call: Call, n: int) -> str:
    """An array of strings that ends with NULL, as `exec` takes it."""
    texts = []
    for index in range(MAXARG):
        entry = call.look(call.args[n] + 8 * index, 8)
        if entry is None:
            return _pointer(call, n)
        pointer = int.from_bytes(entry, "little")
        if pointer == 0:
            break
        text = call.string_at(pointer)
        if text is None:
            return _pointer(call, n)
        texts.append(_quoted(text))
    return f"[{', '.join(texts)}]"


def _given(call: Call, n: int) -> str:
    """A buffer that the call reads; the next argument is its length."""
    return _buffer(call, n, signed(call.args[n + 1]))


def _received(call: Call, n: int) -> str:
    """A buffer that the call has filled with as many bytes as it returned."""
    return _buffer(call, n, call.result)


def _buffer(call: Call, n: int, length: int) -> str:
    data = call.look(call.args[n], min(length, _MOST + 1)) if length >= 0 else None
    return _pointer(call, n) if data is None else _quoted(data)


def _pair(call: Call, n: int) -> str:
    data = call.look(call.args[n], 8) if call.result == 0 else None
    return "[{}, {}]".format(*unpack("<2i", data)) if data else _pointer(call, n)


def _status(call: Call, n: int) -> str:
    data = call.look(call.args[n], 4) if call.args[n] and call.result > 0 else None
    return "[{}]".format(*unpack("<i", data)) if data else _pointer(call, n)


def _stat(call: Call, n: int) -> str:
    data = call.look(call.args[n], 24) if call.result == 0 else None
    if not data:
        return _pointer(call, n)
    _, inum, kind, nlink, size = unpack("<iIhh4xQ", data)
    return f"{{ino={inum}, type=T_{FileType(kind).name}, nlink={nlink}, size={size}}}"


def _flags(call: Call, n: int) -> str:
    flags = call.args[n] & 0xFFFF_FFFF
    names = [_ACCESS.get(flags & 3, "3")]
    names += [name for bit, name in ((O_CREATE, "O_CREATE"), (O_TRUNC, "O_TRUNC")) if flags & bit]
    rest = flags & ~(3 | O_CREATE | O_TRUNC)
    return "|".join([*names, *([f"{rest:#x}"] if rest else [])])


def _bits(names: dict[int, str], none: str = "0x0") -> _Kind:
    """An argument that is put together of bits, or is `none` of them."""

    def shown(call: Call, n: int) -> str:
        value = call.args[n] & 0xFFFF_FFFF
        known = [name for bit, name in names.items() if value & bit]
        rest = value & ~sum(names)
        return "|".join([*known, *([f"{rest:#x}"] if rest else [])]) or none

    return shown


_prot = _bits(
    {PROT_READ: "PROT_READ", PROT_WRITE: "PROT_WRITE", PROT_EXEC: "PROT_EXEC"}, none="PROT_NONE"
)
_map_flags = _bits(
    {MAP_SHARED: "MAP_SHARED", MAP_PRIVATE: "MAP_PRIVATE", MAP_ANONYMOUS: "MAP_ANONYMOUS"}
)


def _sbrk_type(call: Call, n: int) -> str:
    value = signed(call.args[n])
    return _SBRK_TYPES.get(value, str(value))


def _length(call: Call, n: int) -> str:
    return str(call.args[n])


def _advice(call: Call, n: int) -> str:
    value = signed(call.args[n])
    return "MADV_DONTNEED" if value == MADV_DONTNEED else str(value)


def _mask(call: Call, n: int) -> str:
    """The bits that `pgaccess` has stored; the argument before is of how many pages."""
    size = (signed(call.args[n - 1]) + 31) // 32 * 4
    data = call.look(call.args[n], size) if call.result == 0 else None
    return f"[{int.from_bytes(data, 'little'):#x}]" if data else _pointer(call, n)


def _vector(call: Call, n: int) -> str:
    """The bytes that `mincore` has stored; the argument before is the length of the pages."""
    pages = -(-call.args[n - 1] // PAGE_SIZE)
    return _buffer(call, n, min(pages, _MOST + 1) if call.result == 0 else -1)


def _quoted(data: bytes) -> str:
    text = "".join(_escaped(byte) for byte in data[:_MOST])
    return f'"{text}"' + ("..." if len(data) > _MOST else "")


def _escaped(byte: int) -> str:
    if byte in _ESCAPES:
        return _ESCAPES[byte]
    return chr(byte) if 0x20 <= byte < 0x7F else f"\\x{byte:02x}"


_NAMES = {int(number): number.name.lower() for number in Syscall}
#: What is known of an argument only at the call's end.
_AFTER = (_received, _pair, _status, _stat, _mask, _vector)
_SIGNATURES: dict[int, tuple[_Kind, ...]] = {
    Syscall.EXIT: (_int,),
    Syscall.WAIT: (_status,),
    Syscall.PIPE: (_pair,),
    Syscall.READ: (_int, _received, _int),
    Syscall.KILL: (_int,),
    Syscall.EXEC: (_string, _strings),
    Syscall.FSTAT: (_int, _stat),
    Syscall.CHDIR: (_string,),
    Syscall.DUP: (_int,),
    Syscall.SBRK: (_int,),
    Syscall.SLEEP: (_int,),
    Syscall.OPEN: (_string, _flags),
    Syscall.WRITE: (_int, _given, _int),
    Syscall.MKNOD: (_string, _int, _int),
    Syscall.UNLINK: (_string,),
    Syscall.LINK: (_string, _string),
    Syscall.MKDIR: (_string,),
    Syscall.CLOSE: (_int,),
    Syscall.PGACCESS: (_pointer, _int, _mask),
    Syscall.MMAP: (_pointer, _length, _prot, _map_flags, _int, _length),
    Syscall.MUNMAP: (_pointer, _length),
    Syscall.MADVISE: (_pointer, _length, _advice),
    Syscall.MINCORE: (_pointer, _length, _vector),
}
