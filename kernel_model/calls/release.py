"""Which release of xv6 a program was built for, by what its ELF file says of itself."""

from collections.abc import Iterator
from struct import Struct, error, iter_unpack, unpack_from

from kernel_model.facts.abi import Abi

__all__ = ["abi_of"]

#: Most section headers that are looked at: a linker writes some tens, a damaged file thousands.
_MAX_SECTIONS = 256
_SECTION = Struct("<2I4Q2I2Q")
_SYMTAB = 2

#: What the stub of the system call is called since `sbrk` has a type. `sbrk` itself became a
#: function of ulib.c, which passes the type (xv6-riscv, user/usys.pl and user/ulib.c).
_OF_2025 = b"sys_sbrk\0"


def abi_of(elf: bytes) -> Abi | None:
    """Whose `sbrk` the program in `elf`, a 64-bit ELF file, calls; None if it has no symbols.

    Nothing that is wrong with the sections is an error, for none is needed to run the program.
    """
    try:
        tables = list(_symbol_tables(elf))
    except error:
        return None
    if not any(tables):
        return None
    return Abi.RELEASE_2025 if any(_OF_2025 in names for names in tables) else Abi.LAB


def _symbol_tables(elf: bytes) -> Iterator[list[bytes]]:
    """Yields the names, each with what follows it, of every symbol table. Raises struct.error."""
    (at,) = unpack_from("<Q", elf, 40)
    size, count = unpack_from("<2H", elf, 58)
    if size != _SECTION.size or count > _MAX_SECTIONS:
        return
    sections = [_SECTION.unpack_from(elf, at + size * n) for n in range(count)]
    for _, kind, _, _, offset, length, link, *_ in sections:
        if kind == _SYMTAB and link < count:
            _, _, _, _, start, strings, *_ = sections[link]
            yield list(_names(elf[offset : offset + length], elf[start : start + strings]))


def _names(table: bytes, strings: bytes) -> Iterator[bytes]:
    """Yields the part of `strings` at which each symbol's name begins, as long as is of use."""
    whole = len(table) - len(table) % 24
    for name, _ in iter_unpack("<I20s", table[:whole]):
        if name:
            yield strings[name : name + len(_OF_2025)]
