"""The C++ compiler: finds one, compiles a shared library, and keeps it for the next time."""

import contextlib
import ctypes
import hashlib
import importlib.util
import os
import platform
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path

from sim.host.compilers import reason_of, run_tools
from sim.host.shared_cache import SEAL, is_kept, keep, scratch

__all__ = [
    "FLAGS",
    "LEVEL",
    "TUNING",
    "CompilerError",
    "compile_library",
    "find_compiler",
    "processor",
]

#: For this processor alone: a sixth faster than code for any of its kind.
TUNING = ("-march=native",) if platform.machine() in ("x86_64", "AMD64") else ()
#: A step of the hart is one long stretch of code, twice as large as what a processor holds of it:
#: room for alignment inside of it costs, and where it begins is a tenth of the speed.
PLACING = (
    "-falign-functions=64",
    "-fno-align-jumps",
    "-fno-align-labels",
    "-fno-align-loops",
    "-fno-reorder-blocks",
)
FLAGS = (
    "-std=c++17",
    "-fno-tree-vectorize",
    *PLACING,
    *TUNING,
    "-shared",
    "-fPIC",
    "-pthread",
    "-fno-strict-aliasing",
    "-w",
)
#: How much the compiler optimises what may run long. With `-O1` it takes half the time, and a run a
#: twentieth more: who makes many machines that run briefly, as a test suite does, may ask for that.
LEVEL = os.environ.get("TRAPLINE_CXX_LEVEL") or "-O2"
#: Seconds after which a compiler that still runs is given up.
TIMEOUT = 300


class CompilerError(Exception):
    """There is no C++ compiler that works; the message starts with one line that says so."""


@cache
def find_compiler() -> tuple[tuple[str, ...], str]:
    """The command of a C++ compiler, and what it says of its version.

    `$CXX`, else g++, clang++ or PyPI's `ziglang`, the first that there is.
    """
    for found in _compilers():
        return found
    tried = ", ".join(map(" ".join, _candidates())) or "g++, clang++, ziglang"
    raise CompilerError(
        f"no C++ compiler works (tried {tried}): install g++, "
        "or pip install 'ziglang>=0.17,<0.18' (Trapline's extra `run`)"
    )


def _candidates() -> list[tuple[str, ...]]:
    if os.environ.get("CXX"):
        return [tuple(shlex.split(os.environ["CXX"]))]
    candidates: list[tuple[str, ...]]
    candidates = [(name,) for name in ("g++", "clang++") if shutil.which(name)]
    if importlib.util.find_spec("ziglang"):
        candidates.append((sys.executable, "-m", "ziglang", "c++"))
    return candidates


def _compilers() -> Iterator[tuple[tuple[str, ...], str]]:
    """Those that say of what version they are. That does not show that they can compile."""
    for command in _candidates():
        with contextlib.suppress(OSError, subprocess.TimeoutExpired):
            result = subprocess.run(
                [*command, "--version"], capture_output=True, text=True, timeout=60, check=False
            )
            if result.returncode == 0:
                yield command, result.stdout.partition("\n")[0]


@cache
def processor() -> str:
    """What the processor is and can do: code tuned for one may not run on another."""
    try:
        lines = Path("/proc/cpuinfo").read_text().partition("\n\n")[0].splitlines()
    except OSError:
        return f"{platform.machine()} {platform.processor()}"
    return "\n".join(line for line in lines if line.startswith(("model", "flags")))


def compile_library(
    source: str, name: str, directory: Path, level: str = LEVEL, *, others: Sequence[str] = ()
) -> tuple[Path, bool]:
    """The shared library made of `source` and `others`, and whether it was there already.

    Each is a file of its own; they are compiled at once, as far as there are processors. `level` is
    how much the compiler optimises: what runs briefly is compiled with less. The library is kept in
    `directory` under a hash of the sources, the flags and the compiler's version. Two processes may
    compile the same at once: each writes files of its own. Raises CompilerError.
    """
    made_of = [source, *others, level, *FLAGS, processor(), str(find_compiler()), str(SEAL)]
    key = hashlib.sha256("\0".join(made_of).encode()).hexdigest()
    library = directory / f"{name}-{key[:32]}.so"
    if is_kept(library):
        return library, True
    try:
        with scratch(directory) as folder:
            texts = [folder / f"{name}{number}.cpp" for number in range(1 + len(others))]
            for path, text in zip(texts, (source, *others), strict=True):
                path.write_text(text)
            out = folder / library.name
            _compile(texts, out, level, directory)
            keep(out, library)
    except OSError as error:
        raise CompilerError(f"cannot keep a library in {directory}: {error.strerror}") from error
    return library, False


def _compile(texts: Sequence[Path], out: Path, level: str, directory: Path) -> None:
    """By the first compiler that can; raises what the first that cannot has said."""
    zigs = directory / "zig"
    failures = []
    for command, _version in _compilers():
        call = [*command, level, *FLAGS]
        has_kept = zigs.exists()
        failure = _failure(call, texts, out, zigs)
        if failure is not None and "ziglang" in command:
            # What it keeps may be damaged, which Zig does not notice, or have filled the disk.
            shutil.rmtree(zigs, ignore_errors=True)
            failure = _failure(call, texts, out, zigs) if has_kept else failure
        if failure is None:
            return
        failures.append(failure)
    raise CompilerError(failures[0])


def _failure(call: Sequence[str], texts: Sequence[Path], out: Path, zigs: Path) -> str | None:
    """Why a compiler does not make a library `out` that can be loaded; None if it does."""
    environment = {**os.environ}
    for variable in ("ZIG_LOCAL_CACHE_DIR", "ZIG_GLOBAL_CACHE_DIR"):
        environment.setdefault(variable, str(zigs))
    try:
        for calls in _calls([*call, *_without_library(call, texts)], texts, out):
            for result in run_tools(calls, environment, TIMEOUT):
                if result.returncode != 0:
                    reason = reason_of(result)
                    return f"{call[0]} failed: {_gist(reason)}\n{reason}"
        ctypes.CDLL(str(out))
    except subprocess.TimeoutExpired:
        return f"{call[0]} ran for more than {TIMEOUT} s"
    except OSError as error:
        return f"{call[0]} makes a library that cannot be loaded: {error}"
    return None


def _gist(reason: str) -> str:
    """The line that tells most of what a compiler has said, which may begin with where it was."""
    lines = reason.splitlines()
    told = ("No space left", "error:", "failed", "ended by")
    return next((line for words in told for line in lines if words in line), lines[0])


def _calls(
    call: Sequence[str], texts: Sequence[Path], out: Path
) -> Iterator[Sequence[Sequence[str]]]:
    """What is run to make a library of `texts`: at once, and one behind the other."""
    if len(texts) > 1:
        objects = [text.with_suffix(".o") for text in texts]
        yield [
            [*call, "-c", "-o", str(made), str(text)]
            for made, text in zip(objects, texts, strict=True)
        ]
        texts = objects
    yield [[*call, "-o", str(out), *map(str, texts)]]


def _without_library(call: Sequence[str], texts: Sequence[Path]) -> tuple[str, ...]:
    """Zig first compiles its C++ library, for a minute, unless told that there is no need.

    There is none if only headers of C are included: those whose names end in `.h`.
    """
    if "ziglang" not in call:
        return ()
    needed = any(re.search(r"^#include <\w+>", text.read_text(), re.MULTILINE) for text in texts)
    return () if needed else ("-nostdlib++",)
