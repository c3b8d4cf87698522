"""What an ELF file tells of its instructions: function, line of the source, assembly."""

import os
import re
from bisect import bisect_right
from collections.abc import Iterator
from functools import cache, cached_property, lru_cache
from io import BytesIO
from pathlib import Path
from typing import Any, NamedTuple

from elftools.elf.elffile import ELFFile
from elftools.elf.sections import SymbolTableSection

from sim.host.input_files import read_whole

__all__ = ["DebugInfo", "SourceLine", "disassemble"]

_EXECUTABLE = 1
#: How names of labels begin that an assembler or a compiler has made; "" has no name at all.
_HIDDEN = ("", ".", "$")
#: Addresses that follow each other, and the file and line from there on.
_Sequence = list[tuple[int, tuple[str, int] | None]]


class SourceLine(NamedTuple):
    """A line of a source file; `text` is empty if the file is not there any more."""

    file: str
    number: int
    text: str


class DebugInfo:
    """Symbols, line numbers and code of an ELF file; what it does not tell is None.

    Parameters
    ----------
    elf : bytes
        The file. Of one that is stripped, or damaged behind its segments, only the code is known.
    """

    def __init__(self, elf: bytes):
        self._elf = ELFFile(BytesIO(elf))

    def function(self, pc: int) -> str | None:
        """The function at `pc` and the offset in it, as "main+0x1c"."""
        starts, names = self._functions
        index = bisect_right(starts, pc) - 1
        if index < 0 or self._code(pc) is None:
            return None
        offset = pc - starts[index]
        return f"{names[index]}+{offset:#x}" if offset else names[index]

    def line(self, pc: int) -> SourceLine | None:
        """The line of the source that `pc` is of."""
        starts, lines = self._lines
        index = bisect_right(starts, pc) - 1
        found = lines[index] if index >= 0 else None
        if found is None or self._code(pc) is None:
            return None
        path, number = found
        return SourceLine(Path(path).name, number, _text_of(path, number))

    def source(self, pc: int) -> list[str]:
        """All lines of the file that `pc` is of; nothing if it is not there any more."""
        starts, lines = self._lines
        index = bisect_right(starts, pc) - 1
        found = lines[index] if index >= 0 else None
        return [] if found is None or self._code(pc) is None else _lines_of(found[0])

    def changed_since(self, elf: Path) -> str | None:
        """The name of a source that has been changed since the file `elf` was made, if any has."""
        made = elf.stat().st_mtime
        for path in sorted({line[0] for line in self._lines[1] if line is not None}):
            if os.path.exists(path) and os.stat(path).st_mtime > made:
                return Path(path).name
        return None

    def instruction(self, pc: int) -> str | None:
        """The instruction at `pc` in assembly."""
        code = self._code(pc)
        return None if code is None else disassemble(code, pc)

    def address(self, name: str) -> int | None:
        """Where the function or object of that name is."""
        return self._symbols.get(name)

    def _code(self, pc: int) -> bytes | None:
        """At most 4 bytes of the executable segment that holds `pc`."""
        for start, data in self._segments:
            if start <= pc < start + len(data):
                return data[pc - start : pc - start + 4]
        return None

    @cached_property
    def _segments(self) -> list[tuple[int, bytes]]:
        """What is executable, and where."""
        return [
            (segment["p_vaddr"], segment.data())
            for segment in self._elf.iter_segments("PT_LOAD")
            if segment["p_flags"] & _EXECUTABLE
        ]

    @cached_property
    def _symbols(self) -> dict[str, int]:
        """The addresses of functions and objects."""
        kinds = ("STT_FUNC", "STT_OBJECT")
        try:
            table = self._elf.get_section_by_name(".symtab")
            symbols = table.iter_symbols() if isinstance(table, SymbolTableSection) else ()
            return {
                symbol.name: symbol["st_value"]
                for symbol in symbols
                if symbol["st_info"]["type"] in kinds and symbol["st_shndx"] != "SHN_UNDEF"
            }
        except Exception:  # of what is damaged the reader raises anything
            return {}

    @cached_property
    def _functions(self) -> tuple[list[int], list[str]]:
        """Where functions begin, in order, and their names.

        Labels instead, where there is no function: a program in assembly need not say what is one.
        """
        found: dict[str, dict[int, str]] = {"STT_FUNC": {}, "STT_NOTYPE": {}}
        try:
            table = self._elf.get_section_by_name(".symtab")
            for symbol in table.iter_symbols() if isinstance(table, SymbolTableSection) else ():
                kind, name = symbol["st_info"]["type"], symbol.name
                if kind in found and symbol["st_shndx"] != "SHN_UNDEF" and name[:1] not in _HIDDEN:
                    found[kind][symbol["st_value"]] = name
        except Exception:  # of what is damaged the reader raises anything
            return [], []
        names = found["STT_FUNC"] or found["STT_NOTYPE"]
        return sorted(names), [names[start] for start in sorted(names)]

    @cached_property
    def _lines(self) -> tuple[list[int], list[tuple[str, int] | None]]:
        """Where the code of another line begins, in order, and which; None behind the last."""
        try:
            sequences = list(self._sequences())
        except Exception:  # likewise
            return [], []
        found: dict[int, tuple[str, int] | None] = {}
        for sequence in self._linked(sequences):
            for address, line in sequence:
                # Where one ends another one may begin.
                found[address] = found.get(address) if line is None else line
        return sorted(found), [found[start] for start in sorted(found)]

    def _sequences(self) -> Iterator[_Sequence]:
        """The sequences of all units that know their lines."""
        if not self._elf.has_dwarf_info():
            return
        dwarf = self._elf.get_dwarf_info()
        for unit in dwarf.iter_CUs():
            program = dwarf.line_program_for_CU(unit)
            if program is not None:
                folder = _string(unit.get_top_DIE().attributes.get("DW_AT_comp_dir"))
                yield from _sequences_of(program, _files_of(program, folder))

    def _linked(self, sequences: list[_Sequence]) -> list[_Sequence]:
        """Without those of functions that the linker has left out, and put at address 0.

        A program that begins at 0 has one sequence there that is none of these: it fills the room
        up to the first function.
        """
        starts, _ = self._functions
        end = next((start for start in starts if start > 0), 0)
        at_zero = [each for each in sequences if each[0][0] == 0]
        fitting = [each for each in at_zero if each[-1][0] <= end]
        first = max(fitting, key=lambda each: each[-1][0], default=None)
        return [each for each in sequences if each[0][0] != 0 or each is first]


@lru_cache(maxsize=4096)
def disassemble(code: bytes, pc: int) -> str:
    """The instruction that the first of at most 4 bytes are of, in assembly."""
    for _, _, name, operands in _disassembler().disasm_lite(code, pc, 1):
        return f"{name} {operands}".strip()
    return f".word 0x{int.from_bytes(code[:4], 'little'):08x}"


@cache
def _disassembler() -> Any:
    # Not at the top: only who asks for assembly waits for the library.
    from capstone import CS_ARCH_RISCV, CS_MODE_RISCV64, CS_MODE_RISCVC, Cs

    return Cs(CS_ARCH_RISCV, CS_MODE_RISCV64 | CS_MODE_RISCVC)


def _sequences_of(program: Any, files: dict[int, str]) -> Iterator[_Sequence]:
    """What a line program says, by sequences; each ends with an address that is of no line."""
    sequence: _Sequence = []
    for entry in program.get_entries():
        state = entry.state
        if state is None:
            continue
        if state.end_sequence:
            yield [*sequence, (state.address, None)]
            sequence = []
        elif state.file in files and state.line:
            sequence.append((state.address, (files[state.file], state.line)))


def _files_of(program: Any, folder: str) -> dict[int, str]:
    """The paths of a line program's files, by number: from 1 on, since DWARF 5 from 0."""
    header = program.header
    recent = header.version >= 5
    folders = [str(Path(folder) / _decoded(name)) for name in header.include_directory]
    folders = folders if recent else [folder, *folders]
    first = 0 if recent else 1
    return {
        first + number: str(Path(folders[entry.dir_index]) / _decoded(entry.name))
        for number, entry in enumerate(header.file_entry)
    }


def _string(attribute: Any) -> str:
    return "" if attribute is None else _decoded(attribute.value)


def _decoded(name: bytes) -> str:
    return name.decode(errors="surrogateescape")


@lru_cache(maxsize=64)  # every fault asks for its line
def _lines_of(path: str) -> list[str]:
    """As compilers count them: form feeds and the like end no line."""
    try:
        text = read_whole(Path(path)).decode(errors="replace")
    except OSError:
        return []
    return re.split("\r\n|\r|\n", text.removesuffix("\n"))


def _text_of(path: str, number: int) -> str:
    """The line of a file, without its indentation; nothing if there is no such file or line."""
    lines = _lines_of(path)
    return lines[number - 1].strip() if number <= len(lines) else ""
