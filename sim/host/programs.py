"""The programs that come with the simulator, and what else is built as they are.

Three kinds: user programs for the kernel model (linked with `programs/lib` by `programs/user.ld`),
bare-metal programs at the start of RAM, and the trampoline page as raw bytes.
"""

from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, as_completed, wait
from functools import cache
from pathlib import Path
from struct import pack_into, unpack_from

import kernel_model
from hdl.arch import PAGE_SIZE
from kernel_model.proc import trapframe
from sim.host.input_files import fault_of
from sim.host.interrupts import interruptible
from sim.host.progress import announced
from sim.host.toolchain import EXTENSIONS, ToolchainError, cached, compile_strictly

__all__ = [
    "assemble_trampoline",
    "trampoline_elf",
    "build_bare",
    "build_program",
    "build_user",
    "bundled_files",
    "compile_bare",
    "compile_user",
    "find_program",
    "program_names",
    "programs_directory",
    "strip",
]

#: not lie in the file as it does in a page.
USER_FLAGS = ["-Os", "-Wl,-z,max-page-size=16", "-DSMALL_PRINTF"]
#: Compilers that run at once.
JOBS = 2
#: Seconds for which nobody is told that programs are compiled.
_MOMENT = 0.3

#: Types of program headers.
_PT_NULL, _PT_LOAD = 0, 1

Defines = Mapping[str, int | str]


def compile_user(sources: Iterable[Path], out: Path, script: Path | None = None) -> Path:
    """Compiles `sources` of ours with the small user library into the ELF `out`, for the kernel.

    It is linked at 0 unless the linker's `script` says else.
    Those of the user's are compiled by `sim.host.own_programs`.
    """
    library = programs_directory() / "lib"
    flags = [*USER_FLAGS, "-I", str(library)]
    return compile_strictly([*sources, *_library_sources()], script or _user_script(), out, flags)


def compile_bare(
    source: Path,
    out: Path,
    defines: Defines | None = None,
    *,
    script: Path | None = None,
    extensions: str = EXTENSIONS,
) -> Path:
    """Compiles `source` into the bare-metal ELF `out`, at 0x80000000 unless `script` says else.

    `defines` are preprocessor symbols; `extensions` are letters, such as "ma" for no compressed
    instructions.
    """
    script = script or programs_directory() / "bare.ld"
    # A section that only machine code refers to, by its address, looks like garbage to the linker.
    flags = ["-O2", *_define_flags(defines), "-Wl,--no-gc-sections"]
    return compile_strictly([source], script, out, flags, extensions)


def build_user(source: Path, script: Path | None = None) -> Path:
    """As `compile_user` for one file, but into the cache: a second call costs nothing."""
    return _build_user(source.stem, [source], script)


def build_bare(
    source: Path,
    defines: Defines | None = None,
    *,
    script: Path | None = None,
    extensions: str = EXTENSIONS,
) -> Path:
    """As `compile_bare`, but into the cache: a second call costs nothing."""
    headers = sorted(source.parent.glob("*.h"))
    inputs = [Path(__file__), source, *headers, script or programs_directory() / "bare.ld"]
    options = [*_define_flags(defines), extensions]

    def build(out: Path) -> None:
        compile_bare(source, out, defines, script=script, extensions=extensions)

    return cached(source.stem, inputs, options, build)


def build_program(name: str) -> Path:
    """The ELF of the bundled program `name`, compiled if need be."""
    if name not in program_names():
        raise ToolchainError(
            f"no such file or bundled program: {name} (bundled: {', '.join(program_names())})"
        )
    folder = programs_directory() / name
    files = sorted(folder.iterdir()) if folder.is_dir() else [folder.with_suffix(".c")]
    return _build_user(name, files)


def bundled_files() -> dict[str, bytes]:
    """The bundled programs as files for the kernel's file system: names and stripped ELFs.

    Those that are not in the cache are compiled, `JOBS` at once; else it takes milliseconds.
    """
    names = program_names()
    with interruptible(), ThreadPoolExecutor(JOBS) as pool:
        builds = [pool.submit(build_program, name) for name in names]
        try:
            _wait_for(builds)
            paths = [build.result() for build in builds]
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise
    return {name: strip(path.read_bytes()) for name, path in zip(names, paths, strict=True)}


def _wait_for(builds: Sequence[Future[Path]]) -> None:
    """Waits until all are done, or one has failed; says how many are if it takes a while."""
    if not wait(builds, _MOMENT).not_done:
        return
    with announced("compiling the bundled programs") as show:
        for count, build in enumerate(as_completed(builds), 1):
            build.result()
            show(f", {count} of {len(builds)}")


def strip(elf: bytes) -> bytes:
    """The 64-bit little-endian `elf` without what follows the segments that are loaded."""
    (offset,), (size, count) = unpack_from("<Q", elf, 32), unpack_from("<2H", elf, 54)
    stripped = bytearray(elf)
    end = offset + count * size
    for header in range(offset, end, size):
        kind, _, start, _, _, length = unpack_from("<2I4Q", elf, header)
        if kind == _PT_LOAD:
            end = max(end, start + length)
        else:
            pack_into("<I", stripped, header, _PT_NULL)
    pack_into("<Q", stripped, 40, 0)  # e_shoff
    pack_into("<2H", stripped, 60, 0, 0)  # e_shnum, e_shstrndx
    return bytes(stripped[:end])


def find_program(name_or_path: str) -> Path:
    """The file `name_or_path` if it exists, else the bundled program of that name."""
    path = Path(name_or_path)
    if path.is_file():
        return path
    if name_or_path and path.exists() and name_or_path not in program_names():
        raise ToolchainError(f"{name_or_path}: {fault_of(path)}")
    return build_program(name_or_path)


def program_names() -> list[str]:
    """Names of the bundled programs: of a file NAME.c, or of a folder that has a NAME.c."""
    folders = (
        path for path in programs_directory().iterdir() if (path / f"{path.name}.c").is_file()
    )
    return sorted(path.stem for path in [*programs_directory().glob("*.c"), *folders])


def assemble_trampoline() -> bytes:
    """The trampoline's page: position-independent machine code, padded with zeros."""
    page = _read_text(_build_trampoline(programs_directory() / "flat.ld"))
    if len(page) > PAGE_SIZE:
        raise ToolchainError(f"trampoline.S must fit in {PAGE_SIZE} bytes, not {len(page)}")
    return page.ljust(PAGE_SIZE, b"\0")


def trampoline_elf() -> bytes:
    """The trampoline as an ELF file with its symbols, at KERNBASE."""
    return _build_trampoline(None).read_bytes()


def _build_trampoline(script: Path | None) -> Path:
    source = Path(kernel_model.__file__).parent / "trampoline.S"
    return build_bare(source, trapframe.assembler_defines(), script=script)


@cache
def programs_directory() -> Path:
    """Sources of the bundled programs: inside this package if installed, else beside it."""
    here = Path(__file__).resolve().parents[1]
    installed = here / "programs"
    return installed if installed.is_dir() else here.parent / "programs"


def _build_user(name: str, files: list[Path], script: Path | None = None) -> Path:
    """The ELF of the sources among `files`, from the cache if nothing has changed."""
    sources = [path for path in files if path.suffix in (".c", ".S")]
    inputs = [Path(__file__), *files, script or _user_script(), *_library_files()]
    return cached(name, inputs, (), lambda out: compile_user(sources, out, script))


def _user_script() -> Path:
    return programs_directory() / "user.ld"


def _library_files() -> list[Path]:
    return sorted((programs_directory() / "lib").iterdir())


def _library_sources() -> list[Path]:
    return [path for path in _library_files() if path.suffix in (".c", ".S")]


def _define_flags(defines: Defines | None) -> list[str]:
    return [f"-D{name}={value}" for name, value in (defines or {}).items()]


def _read_text(elf: Path) -> bytes:
    from elftools.elf.elffile import ELFFile

    with elf.open("rb") as file:
        section = ELFFile(file).get_section_by_name(".text")
        if section is None:
            raise ToolchainError(f"{elf}: has no section .text")
        return section.data()
