"""Our own kernel, in C (`programs/kernel`): what `trapline boot` boots unless it is told otherwise.

It is compiled once, and kept as the bundled programs are.
"""

from pathlib import Path

from sim.host.programs import programs_directory
from sim.host.toolchain import cached, compile_strictly

__all__ = ["build_kernel", "compile_kernel"]

FLAGS = ["-O2"]


def compile_kernel(out: Path) -> Path:
    """Compiles the kernel into the ELF `out`, at the start of RAM. Raises ToolchainError."""
    folder = _folder()
    sources = [path for path in _files(folder) if path.suffix in (".c", ".S")]
    flags = [*FLAGS, "-I", str(_library())]
    return compile_strictly(sources, folder / "kernel.ld", out, flags)


def build_kernel() -> Path:
    """As `compile_kernel`, but into the cache: a second call costs nothing."""
    headers = [_library() / name for name in ("abi.h", "syscall.h")]
    return cached("kernel", [Path(__file__), *_files(_folder()), *headers], (), compile_kernel)


def _folder() -> Path:
    return programs_directory() / "kernel"


def _library() -> Path:
    return programs_directory() / "lib"


def _files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.iterdir() if path.is_file())
