"""Our own kernel, in C (`programs/kernel`): what `trapline boot` boots unless it is told otherwise.

It is compiled once, and kept as the bundled programs are. A folder of the user's own, a copy with
changes, is compiled each time, as a program of the user's is.
"""

from pathlib import Path

from sim.host.own_programs import compile_own
from sim.host.programs import programs_directory
from sim.host.toolchain import ToolchainError, cached, compile_strictly

__all__ = ["build_kernel", "compile_kernel", "compile_own_kernel"]

FLAGS = ["-O2"]
_SCRIPT = "kernel.ld"


def compile_kernel(out: Path) -> Path:
    """Compiles the kernel into the ELF `out`, at the start of RAM. Raises ToolchainError."""
    folder = _folder()
    return compile_strictly(_sources(folder), folder / _SCRIPT, out, _flags())


def compile_own_kernel(folder: Path, out: Path) -> Path:
    """The same of the sources in another folder, whose warnings stop nobody.

    The compiler's messages go to standard error. Raises ToolchainError or OSError.
    """
    if not (folder / _SCRIPT).is_file():
        raise ToolchainError(f"{folder}: no folder of a kernel: {_SCRIPT} is not there")
    sources = _sources(folder)
    if not sources:
        raise ToolchainError(f"{folder}: no folder of a kernel: it has no .c and no .S")
    flags = [*_flags(), "-Wall", "-T", str(folder / _SCRIPT)]
    return compile_own(sources, out, flags, name=str(folder))


def build_kernel() -> Path:
    """As `compile_kernel`, but into the cache: a second call costs nothing."""
    headers = [_library() / name for name in ("abi.h", "syscall.h")]
    return cached("kernel", [Path(__file__), *_files(_folder()), *headers], (), compile_kernel)


def _folder() -> Path:
    return programs_directory() / "kernel"


def _sources(folder: Path) -> list[Path]:
    return [path for path in _files(folder) if path.suffix in (".c", ".S")]


def _flags() -> list[str]:
    return [*FLAGS, "-I", str(_library())]


def _library() -> Path:
    return programs_directory() / "lib"


def _files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.iterdir() if path.is_file())
