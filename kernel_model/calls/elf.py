"""What the kernel wants to know of an ELF file, checked."""

from functools import lru_cache
from io import BytesIO
from typing import Any, NamedTuple

from elftools.common.exceptions import ELFError
from elftools.construct import ConstructError
from elftools.elf.constants import P_FLAGS
from elftools.elf.elffile import ELFFile

from hdl.arch import PAGE_SIZE, Pte, page_round_up
from kernel_model.calls.release import abi_of
from kernel_model.facts.abi import Abi
from kernel_model.facts.memlayout import TRAPFRAME
from kernel_model.facts.param import USERSTACK

__all__ = ["ExecError", "Executable", "Segment", "read_elf"]

#: Room that a program must leave below TRAPFRAME: guard page and stack.
_TOP = TRAPFRAME - (1 + USERSTACK) * PAGE_SIZE
#: Most program headers, and the size of each. A file of 4 MB has room for as many as can be
#: numbered, and each may name the whole file: to load them would take hours.
_MAX_HEADERS = 64
_HEADER_SIZE = 56


class ExecError(Exception):
    """A program cannot be run; the message is one line that says why."""


class Segment(NamedTuple):
    """A part of the program to load."""

    #: First virtual address, a multiple of the page size.
    vaddr: int
    #: Bytes in memory; those that `data` does not cover are zero.
    memsz: int
    #: The bytes from the file.
    data: bytes
    #: Permissions of its pages, bits R, W and X of `Pte`.
    perm: int

    @property
    def end(self) -> int:
        """The end of its last page."""
        return page_round_up(self.vaddr + self.memsz)


class Executable(NamedTuple):
    """A program to load."""

    entry: int
    segments: tuple[Segment, ...]
    #: Whose `sbrk` it calls; None if it has no symbols that would tell.
    abi: Abi | None
    #: Program headers, those of segments that are not loaded included.
    headers: int


# A shell runs the same few programs again and again.
@lru_cache(32)
def read_elf(elf: bytes) -> Executable:
    """The program in `elf`. Raises ExecError if it is none that can run here."""
    if elf[:4] != b"\x7fELF":
        raise ExecError("not an ELF file")
    try:
        file = ELFFile(BytesIO(elf))
        _check_header(file.header, len(elf))
        headers = [segment.header for segment in file.iter_segments()]
    except (ELFError, ConstructError, UnicodeDecodeError, ValueError, OverflowError) as error:
        raise ExecError("truncated or damaged ELF file") from error
    if any(header.p_type == "PT_INTERP" for header in headers):
        raise ExecError("needs a dynamic loader; link it statically")
    loads = [header for header in headers if header.p_type == "PT_LOAD" and _size(header)]
    if not loads:
        raise ExecError("nothing to load: no PT_LOAD segment")
    segments = tuple(_segment(elf, header) for header in loads)
    return Executable(file.header.e_entry, segments, abi_of(elf), len(headers))


def _check_header(header: Any, size: int) -> None:
    ident = header.e_ident
    machine = header.e_machine
    if (ident.EI_CLASS, ident.EI_DATA, machine) != ("ELFCLASS64", "ELFDATA2LSB", "EM_RISCV"):
        raise ExecError(
            f"not for little-endian RV64: {ident.EI_CLASS}, {ident.EI_DATA}, machine {machine}"
        )
    if header.e_type != "ET_EXEC":
        raise ExecError(f"not an executable with fixed addresses: type {header.e_type}")
    if header.e_phnum > _MAX_HEADERS:
        raise ExecError(f"{header.e_phnum} program headers, more than {_MAX_HEADERS}")
    if header.e_phnum and header.e_phentsize != _HEADER_SIZE:
        raise ExecError(f"program headers of {header.e_phentsize} bytes, not {_HEADER_SIZE}")
    if header.e_phoff + header.e_phnum * header.e_phentsize > size:
        raise ExecError("truncated: the program headers are past the end of the file")


def _size(header: Any) -> int:
    return max(int(header.p_memsz), int(header.p_filesz))


def _segment(elf: bytes, header: Any) -> Segment:
    where = f"segment at {header.p_vaddr:#x}"
    if header.p_vaddr % PAGE_SIZE:
        raise ExecError(f"{where} is unaligned: not a multiple of {PAGE_SIZE}")
    if header.p_memsz < header.p_filesz:
        raise ExecError(
            f"{where}: {header.p_memsz:#x} bytes in memory, but {header.p_filesz:#x} in the file"
        )
    if header.p_vaddr + header.p_memsz > _TOP:
        raise ExecError(f"{where}: its {header.p_memsz:#x} bytes reach past {_TOP:#x}")
    if header.p_offset + header.p_filesz > len(elf):
        raise ExecError(f"truncated: {where} is past the end of the file")
    data = elf[header.p_offset : header.p_offset + header.p_filesz]
    return Segment(header.p_vaddr, header.p_memsz, data, _perm(header.p_flags))


def _perm(flags: int) -> int:
    """As xv6 has it (`uvmalloc` and `flags2perm`): everything may be read."""
    perm = int(Pte.R)
    if flags & P_FLAGS.PF_W:
        perm |= Pte.W
    if flags & P_FLAGS.PF_X:
        perm |= Pte.X
    return perm
