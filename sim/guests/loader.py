"""Loads an ELF file into RAM, after checking all that could be wrong with it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from io import BytesIO
from itertools import pairwise

from elftools.common.exceptions import ELFError
from elftools.construct import ConstructError, Container
from elftools.elf.elffile import ELFFile
from elftools.elf.sections import SymbolTableSection

from hdl.arch import RAM_BASE
from sim.platform.ram import Ram

__all__ = [
    "BareImage",
    "CompanionError",
    "ElfImage",
    "LoadError",
    "Segment",
    "load_bare",
    "read_elf",
]

_DAMAGE = (ELFError, ConstructError, UnicodeDecodeError, ValueError, OverflowError, MemoryError)
_HEADER_SIZE = 64
#: Most segments, and the sizes of a program header and of a section header.
_MAX_SEGMENTS = 64
_PROGRAM_HEADER_SIZE = 56
_SECTION_HEADER_SIZE = 64


class LoadError(Exception):
    """The file cannot be run; the message is one line that says what is wrong, and where."""


class CompanionError(LoadError):
    """So it is with a file that comes along with the program; the line says with which."""


@dataclass(frozen=True)
class Segment:
    """`size` bytes from `address` on, which begin with `content`, and the others are 0."""

    address: int
    content: bytes
    size: int

    @property
    def end(self) -> int:
        """The address behind it."""
        return self.address + self.size


@dataclass(frozen=True)
class ElfImage:
    """A file that can be loaded: where it is entered, what goes where, and its symbols."""

    entry: int
    segments: Sequence[Segment]
    symbols: Mapping[str, int]

    def load(self, ram: Ram) -> None:
        """Puts all of it into `ram`."""
        for segment in self.segments:
            content = segment.content
            ram.write(segment.address, content)
            ram.zero(segment.address + len(content), segment.size - len(content))


@dataclass(frozen=True)
class BareImage:
    """A loaded program: the addresses of its symbols, of which `tohost` is one."""

    symbols: Mapping[str, int]

    @property
    def tohost(self) -> int:
        """Address of the word by which the program ends and prints."""
        return self.symbols["tohost"]

    @property
    def fromhost(self) -> int | None:
        """Address of the word for replies, if the program has one."""
        return self.symbols.get("fromhost")

    def signature(self, ram: Ram) -> tuple[int, int]:
        """First byte and end of the signature in `ram`. Raises LoadError if there is none."""
        begin, end = (self._symbol(name) for name in ("begin_signature", "end_signature"))
        if end < begin:
            raise LoadError(f"end_signature ({end:#x}) is below begin_signature ({begin:#x})")
        if begin < ram.base or end > ram.base + ram.size:
            raise LoadError(f"the signature, {begin:#x} to {end:#x}, is outside RAM")
        return begin, end

    def _symbol(self, name: str) -> int:
        if name not in self.symbols:
            raise LoadError(f"no symbol {name}: the program has no signature")
        return self.symbols[name]


def load_bare(elf: bytes, ram: Ram, reset_pc: int = RAM_BASE) -> BareImage:
    """Puts the program in `elf` into `ram`, which is zero before.

    It must begin at `reset_pc`, where the hart starts, and have a `tohost`. Raises LoadError.
    """
    image = read_elf(elf, ram)
    if image.entry != reset_pc:
        raise LoadError(f"entry {image.entry:#x}, but the hart starts at {reset_pc:#x}")
    _check_symbols(image.symbols, ram)
    image.load(ram)
    return BareImage(image.symbols)


def read_elf(elf: bytes, ram: Ram) -> ElfImage:
    """What is to be loaded of `elf`, all of it into `ram`, by physical address. Raises LoadError.

    Nothing is loaded yet.
    """
    _check_ident(elf)
    try:
        file = ELFFile(BytesIO(elf))
        _check_header(file.header, len(elf))
        headers = [segment.header for segment in file.iter_segments("PT_LOAD")]
        symbols = _symbols(file)
    except _DAMAGE as error:
        raise LoadError("truncated or damaged ELF file") from error
    headers = [header for header in headers if header.p_memsz or header.p_filesz]
    if not headers:
        raise LoadError("nothing to load: no PT_LOAD segment")
    for header in headers:
        _check_segment(header, len(elf), ram)
    _check_overlap(headers)
    segments = [
        Segment(each.p_paddr, elf[each.p_offset : each.p_offset + each.p_filesz], each.p_memsz)
        for each in headers
    ]
    return ElfImage(file.header.e_entry, segments, symbols)


def _check_ident(elf: bytes) -> None:
    if elf[:4] != b"\x7fELF":
        raise LoadError("not an ELF file")
    if len(elf) < _HEADER_SIZE:
        raise LoadError(f"truncated: {len(elf)} bytes do not hold an ELF header")
    if elf[4] != 2:
        raise LoadError("not a 64-bit ELF file")
    if elf[5] != 1:
        raise LoadError("not little-endian")


def _check_header(header: Container, size: int) -> None:
    if header.e_machine != "EM_RISCV":
        raise LoadError(f"not for RISC-V: machine {header.e_machine}")
    if header.e_type != "ET_EXEC":
        raise LoadError(f"not an executable with fixed addresses: type {header.e_type}")
    _check_tables(header)
    if header.e_phoff + header.e_phnum * header.e_phentsize > size:
        raise LoadError("truncated: the program headers are past the end of the file")
    if header.e_shnum and header.e_shoff + header.e_shnum * header.e_shentsize > size:
        raise LoadError("truncated: the section headers are past the end of the file")


def _check_tables(header: Container) -> None:
    """Refuses tables that no linker writes: thousands of headers could each name the whole file."""
    if header.e_phnum > _MAX_SEGMENTS:
        raise LoadError(f"{header.e_phnum} program headers, more than {_MAX_SEGMENTS}")
    for what, count, size, expected in (
        ("program", header.e_phnum, header.e_phentsize, _PROGRAM_HEADER_SIZE),
        ("section", header.e_shoff, header.e_shentsize, _SECTION_HEADER_SIZE),
    ):
        if count and size != expected:
            raise LoadError(f"{what} headers of {size} bytes, not {expected}")


def _check_segment(header: Container, size: int, ram: Ram) -> None:
    where = f"segment at {header.p_paddr:#x}"
    if header.p_offset + header.p_filesz > size:
        raise LoadError(
            f"truncated: {where} needs {header.p_filesz:#x} bytes from file offset "
            f"{header.p_offset:#x}, but the file ends at {size:#x}"
        )
    if header.p_memsz < header.p_filesz:
        raise LoadError(
            f"{where}: {header.p_memsz:#x} bytes in memory, but {header.p_filesz:#x} in the file"
        )
    end = header.p_paddr + header.p_memsz
    if header.p_paddr < ram.base or end > ram.base + ram.size:
        raise LoadError(
            f"{where} ends at {end:#x}: outside RAM, which is {ram.base:#x} to "
            f"{ram.base + ram.size:#x}"
        )
    if header.p_align > 1 and (header.p_vaddr - header.p_offset) % header.p_align:
        raise LoadError(
            f"{where} is unaligned: its address and its file offset {header.p_offset:#x} differ "
            f"modulo its alignment {header.p_align:#x}"
        )


def _check_overlap(headers: list[Container]) -> None:
    ordered = sorted(headers, key=lambda header: header.p_paddr)
    for low, high in pairwise(ordered):
        if low.p_paddr + low.p_memsz > high.p_paddr:
            raise LoadError(f"segments at {low.p_paddr:#x} and {high.p_paddr:#x} overlap")


def _symbols(file: ELFFile) -> dict[str, int]:
    """The addresses in the symbol table: the first one, for there may be no other."""
    if not file.header.e_shnum:  # then section 0 would tell how many there are, up to 2**64
        return {}
    for section in file.iter_sections():
        if isinstance(section, SymbolTableSection):
            return {
                symbol.name: symbol["st_value"]
                for symbol in section.iter_symbols()
                if symbol["st_shndx"] != "SHN_UNDEF"
            }
    return {}


def _check_symbols(symbols: Mapping[str, int], ram: Ram) -> None:
    if "tohost" not in symbols:
        raise LoadError("no symbol tohost: the program has no way to end")
    for name in ("tohost", "fromhost"):
        address = symbols.get(name, ram.base)
        if address % 8:
            raise LoadError(f"{name} at {address:#x} is unaligned: not a multiple of 8")
        if address not in ram:
            raise LoadError(f"{name} at {address:#x} is outside RAM")
