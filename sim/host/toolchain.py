"""Compiles C and assembly for RV64, with PyPI's `ziglang` or a RISC-V GCC that is on PATH.

What the simulator itself needs is built once and kept in a cache, under a hash of all that went
into it.
"""

import contextlib
import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterable, Sequence
from functools import cache
from pathlib import Path

from sim.host.compilers import reason_of, run_tool
from sim.host.progress import announced
from sim.host.shared_cache import SEAL, checkout_cache, is_kept, keep, scratch, user_cache

__all__ = [
    "EXTENSIONS",
    "STRICT_FLAGS",
    "ToolchainError",
    "cache_directory",
    "cached",
    "compile_strictly",
    "compiler_version",
    "run_compiler",
]

#: Extensions of RV64 that the hart has beyond I; Zicsr and Zifencei are always meant.
EXTENSIONS = "mac"
#: Code that leans on no C library and no operating system, each function in its own section.
COMMON_FLAGS = (
    "-g -ffreestanding -fno-builtin -nostdlib -static -fno-pic -mcmodel=medany "
    "-fno-asynchronous-unwind-tables -fno-unwind-tables -fno-stack-protector -fomit-frame-pointer "
    "-ffunction-sections -fdata-sections -Wl,--gc-sections -Wl,-z,max-page-size=4096"
).split()
#: Our own sources have no warnings.
STRICT_FLAGS = "-Wall -Wextra -Werror".split()
#: Seconds after which a compiler that still runs is given up.
TIMEOUT = 300


class ToolchainError(Exception):
    """A program could not be found or compiled; the message starts with one line that says why."""


def compile_strictly(
    sources: Iterable[Path],
    script: Path,
    out: Path,
    flags: Iterable[str],
    extensions: str = EXTENSIONS,
) -> Path:
    """Compiles `sources` of ours into the ELF `out`, by the linker's `script`.

    Raises ToolchainError, for a warning, too.
    """
    sources = list(sources)
    result = run_compiler(sources, out, [*STRICT_FLAGS, *flags, "-T", str(script)], extensions)
    if result.returncode != 0:
        raise ToolchainError(f"cannot compile {sources[0]}:\n{reason_of(result)}")
    return Path(out)


def run_compiler(
    sources: Sequence[Path],
    out: Path,
    flags: Iterable[str],
    extensions: str = EXTENSIONS,
) -> subprocess.CompletedProcess[str]:
    """Runs the compiler on `sources`; its exit status, and its messages as text.

    It keeps nothing for another time: Zig tells of warnings only where it does not find the object
    among those of before, and links one of those that is damaged. Raises ToolchainError if there is
    no compiler, or if it does not end; Interrupted as `run_tool`.
    """
    command = [*_compiler(extensions), *COMMON_FLAGS, *flags, *map(str, sources), "-o", str(out)]
    what = f"cannot compile {sources[0]}"
    try:
        with scratch(cache_directory()) as folder:
            return run_tool(command, _environment(str(folder)), TIMEOUT)
    except subprocess.TimeoutExpired as error:
        raise ToolchainError(f"{what}: the compiler ran for more than {TIMEOUT} s") from error
    except OSError as error:
        raise ToolchainError(f"{what}: {command[0]}: {error.strerror}") from error


def _compiler(extensions: str) -> list[str]:
    """The compiler's command with the flags that only it understands."""
    if _zig_version():
        cpu = "".join(f"+{letter}" for letter in extensions)
        target = ["-target", "riscv64-freestanding-none", f"-mcpu=generic_rv64{cpu}"]
        return [sys.executable, "-m", "ziglang", "cc", *target, "-fno-sanitize=all"]
    return [
        _gcc(),
        f"-march=rv64i{extensions}_zicsr_zifencei",
        "-mabi=lp64",
        "-nostartfiles",
        "-Wl,--no-relax",  # as in Zig
        "-fno-tree-loop-distribute-patterns",  # memset is not to become a call of memset
        "-Wno-builtin-declaration-mismatch",  # that an fprintf is not C's is meant
    ]


@cache
def compiler_version() -> str:
    """What the compiler for RV64 says of its version; raises ToolchainError if there is none."""
    if version := _zig_version():
        return f"ziglang {version}"
    result = subprocess.run([_gcc(), "--version"], capture_output=True, text=True, check=False)
    return result.stdout.partition("\n")[0]


@cache
def _zig_version() -> str | None:
    import importlib.metadata

    try:
        return importlib.metadata.version("ziglang")
    except importlib.metadata.PackageNotFoundError:
        return None


def _gcc() -> str:
    path = shutil.which("riscv64-unknown-elf-gcc")
    if path is None:
        raise ToolchainError(
            "no RISC-V compiler: pip install 'ziglang>=0.17,<0.18' (Trapline's extra `run`), "
            "or put riscv64-unknown-elf-gcc on PATH"
        )
    return path


def _environment(folder: str) -> dict[str, str]:
    """Zig's caches are ours: it would write to the home folder, which may be read-only."""
    return {**os.environ, "ZIG_GLOBAL_CACHE_DIR": folder, "ZIG_LOCAL_CACHE_DIR": folder}


def cached(
    name: str,
    inputs: Iterable[Path],
    options: Iterable[str],
    build: Callable[[Path], object],
    suffix: str = ".elf",
) -> Path:
    """The ELF that `build` writes, from the cache if its inputs and options are those of before.

    One of the `inputs` is the module whose flags it is built with. It is built under a temporary
    name and then renamed: two processes that build it at once only do the work twice.
    """
    digest = hashlib.sha256(compiler_version().encode() + SEAL)
    # The flags of all stand in this very file.
    for path in [Path(__file__), *inputs]:
        digest.update(f"\0{path.name}\0".encode() + _read(path))
    for option in options:
        digest.update(f"\0{option}".encode())
    target = cache_directory() / f"{name}-{digest.hexdigest()[:16]}{suffix}"
    if is_kept(target):
        return target
    with announced(f"compiling {name}"), scratch(cache_directory()) as folder:
        temporary = folder / target.name
        build(temporary)
        keep(temporary, target)
    return target


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise ToolchainError(f"cannot read {path}: {error.strerror}") from error


@cache
def cache_directory() -> Path:
    """A folder for what was compiled: `build/cache` in a checkout, else the user's cache folder."""
    candidates = [path for path in (checkout_cache(), user_cache()) if path is not None]
    for candidate in candidates:
        # A checkout may be read-only.
        with contextlib.suppress(OSError):
            candidate.mkdir(parents=True, exist_ok=True)
            if os.access(candidate, os.W_OK):
                return candidate
    tried = " nor ".join(map(str, candidates))
    raise ToolchainError(f"cannot write to {tried}: set XDG_CACHE_HOME to a folder for programs")
