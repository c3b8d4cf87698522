"""Programs of the user's own: C and assembly, compiled as they are run.

They are linked with the whole library (`programs/lib` and `programs/libc`), whose functions give
way to those of the program that have the same name. Warnings are shown and stop nobody; the
compiler's messages are shown as they are.
"""

import hashlib
import io
import os
import re
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

from sim.host.compilers import reason_of
from sim.host.programs import programs_directory
from sim.host.shared_cache import scratch
from sim.host.toolchain import STRICT_FLAGS, ToolchainError, cache_directory, cached, run_compiler

__all__ = [
    "SUFFIXES",
    "compile_bare_program",
    "compile_own",
    "compile_program",
    "elf_of",
    "is_source",
    "weaken",
]

#: What the names of sources end in.
SUFFIXES = (".c", ".S", ".s")
#: Programs run with an operating system; address 0 is their text, and no mistake to the compiler.
#: What was no error in the C of the textbooks is none.
OWN_FLAGS = (
    "-O1 -fhosted -Wall -fno-delete-null-pointer-checks "
    "-Wno-error=implicit-int -Wno-error=implicit-function-declaration"
).split()
BARE_FLAGS = "-O2 -Wall -Wl,--no-gc-sections".split()

#: What the linker says of a function that the compiler calls for floating-point arithmetic.
_FLOAT = re.compile(r"undefined (?:symbol:|reference to) [`']?__[a-z]+[sdt]f")
#: What the compiler says of a header that is not there.
_NO_HEADER = re.compile(r"fatal error: '?([^\s':]+)(?:' file not found|: No such file)")
#: STB_WEAK
_WEAK = 2


def is_source(path: str | Path) -> bool:
    """The file is one to be compiled, by its name."""
    return Path(path).suffix in SUFFIXES and Path(path).is_file()


def elf_of(source: Path, *, bare: bool = False) -> Path:
    """Where the ELF goes that is made of `source`: the same place each time.

    A `bare` program of the same source is another one.
    """
    folder = cache_directory() / "own"
    folder.mkdir(exist_ok=True)
    digest = hashlib.sha256(os.fsencode(source.resolve())).hexdigest()
    return folder / f"{source.resolve().stem}-{digest[:8]}{'.bare' if bare else ''}.elf"


def compile_program(sources: Sequence[Path], out: Path) -> Path:
    """Compiles `sources` into the ELF `out`, to run under the kernel.

    The compiler's messages go to standard error. Raises ToolchainError if there is no ELF.
    """
    programs = programs_directory()
    folders = ["-I", str(programs / "libc"), "-I", str(programs / "lib")]
    flags = [*OWN_FLAGS, *folders, "-T", str(programs / "user.ld")]
    return compile_own(sources, out, flags, [_library()])


def compile_bare_program(source: Path, out: Path) -> Path:
    """As `compile_program`, but into a bare-metal program, without any library."""
    script = programs_directory() / "bare.ld"
    return compile_own([source], out, [*BARE_FLAGS, "-T", str(script)])


def compile_own(
    sources: Sequence[Path],
    out: Path,
    flags: Sequence[str],
    objects: Sequence[Path] = (),
    *,
    name: str | None = None,
) -> Path:
    """Compiles sources of the user's, by default called by their names, with `objects` into `out`.

    The compiler's messages go to standard error. Raises ToolchainError if there is no ELF.
    """
    colour = "always" if sys.stderr.isatty() else "never"
    with scratch(cache_directory()) as folder:
        temporary = folder / "program.elf"
        result = run_compiler(
            [*sources, *objects], temporary, [*flags, f"-fdiagnostics-color={colour}"]
        )
        sys.stderr.write(result.stderr)
        if result.returncode != 0:
            names = name or ", ".join(map(str, sources))
            if not result.stderr.strip():
                raise ToolchainError(
                    f"{names}: not compiled, the compiler failed: {reason_of(result)}"
                )
            hint = _hint(result.stderr, has_library=bool(objects))
            raise ToolchainError(f"{names}: not compiled, for the reason above{hint}")
        _deliver(temporary, out)
    return out


def _hint(messages: str, has_library: bool) -> str:
    """What the compiler cannot know of the reason."""
    if _FLOAT.search(messages):
        return "; floating point is not supported"
    header = _NO_HEADER.search(messages)
    if header is None or f"<{header[1]}>" not in messages:
        return ""  # or one of the program's own
    if not has_library:
        return "; a bare-metal program has no library"
    return f"; there is no {header[1]}, docs/programs.md has the list of headers"


def _deliver(made: Path, out: Path) -> None:
    """Puts `made` in the place of `out`, or into it if that is a device or a pipe."""
    put = shutil.move if out.is_file() or not out.exists() else shutil.copyfile
    try:
        put(made, out)
    except OSError as error:
        raise OSError(error.errno, error.strerror, str(out)) from error


def _library() -> Path:
    """The library as one object, from the cache if nothing has changed."""
    folders = [programs_directory() / "libc", programs_directory() / "lib"]
    files = sorted(path for folder in folders for path in folder.rglob("*") if path.is_file())
    small = folders[1] / "printf.c"
    sources = [path for path in files if path.suffix in SUFFIXES and path != small]
    includes = [f"-I{folder}" for folder in folders]
    flags = ["-r", "-Os", "-Wl,--no-gc-sections", *STRICT_FLAGS, *includes]

    def build(out: Path) -> None:
        result = run_compiler(sources, out, flags)
        if result.returncode != 0:
            raise ToolchainError(f"cannot compile the library:\n{reason_of(result)}")
        out.write_bytes(weaken(out.read_bytes()))

    return cached("library", [*files, Path(__file__)], (), build, suffix=".o")


def weaken(elf: bytes) -> bytes:
    """The object `elf` with definitions that give way to others of the same names.

    So a program may have a `strlen` of its own, as if the library were an archive.
    """
    from elftools.elf.elffile import ELFFile
    from elftools.elf.sections import SymbolTableSection

    weakened = bytearray(elf)
    for table in ELFFile(io.BytesIO(elf)).iter_sections("SHT_SYMTAB"):
        assert isinstance(table, SymbolTableSection)
        for index, symbol in enumerate(table.iter_symbols()):
            if symbol["st_info"]["bind"] == "STB_GLOBAL" and symbol["st_shndx"] != "SHN_UNDEF":
                # Of a symbol's 24 bytes the fifth: its binding and its type.
                at = table["sh_offset"] + table["sh_entsize"] * index + 4
                weakened[at] = _WEAK << 4 | weakened[at] & 0xF
    return bytes(weakened)
