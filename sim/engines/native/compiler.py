"""The C++ compiler: finds one, compiles a shared library, and keeps it for the next time."""

import contextlib
import hashlib
import importlib.util
import os
import shlex
import shutil
import subprocess
import sys
import tempfile
from functools import cache
from pathlib import Path

__all__ = ["CompilerError", "compile_library", "find_compiler"]

FLAGS = ("-std=c++17", "-fno-tree-vectorize", "-shared", "-fPIC", "-fno-strict-aliasing", "-w")
#: Seconds after which a compiler that still runs is given up.
TIMEOUT = 300


class CompilerError(Exception):
    """There is no C++ compiler that works; the message starts with one line that says so."""


@cache
def find_compiler() -> tuple[tuple[str, ...], str]:
    """The command of a C++ compiler, and what it says of its version.

    `$CXX`, else g++, clang++ or PyPI's `ziglang`, the first that there is.
    """
    candidates = []
    if os.environ.get("CXX"):
        candidates.append(tuple(shlex.split(os.environ["CXX"])))
    else:
        candidates += [(name,) for name in ("g++", "clang++") if shutil.which(name)]
        if importlib.util.find_spec("ziglang"):
            candidates.append((sys.executable, "-m", "ziglang", "c++"))
    for command in candidates:
        with contextlib.suppress(OSError, subprocess.TimeoutExpired):
            result = subprocess.run(
                [*command, "--version"], capture_output=True, text=True, timeout=60, check=False
            )
            if result.returncode == 0:
                return command, result.stdout.partition("\n")[0]
    tried = ", ".join(" ".join(command) for command in candidates) or "g++, clang++, ziglang"
    raise CompilerError(f"no C++ compiler works (tried {tried})")


def compile_library(
    source: str, name: str, directory: Path, level: str = "-O2"
) -> tuple[Path, bool]:
    """The shared library made of `source`, and whether it was there already.

    `level` is how much the compiler optimises: what runs briefly is compiled with less.
    It is kept in `directory` under a hash of the source, the flags and the compiler's version. Two
    processes may compile the same at once: each writes a file of its own and renames it.
    """
    command, version = find_compiler()
    key = hashlib.sha256("\0".join([source, level, *FLAGS, *command, version]).encode()).hexdigest()
    library = directory / f"{name}-{key[:32]}.so"
    if library.exists():
        return library, True
    directory.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=directory) as scratch:
        text, out = Path(scratch) / f"{name}.cpp", Path(scratch) / library.name
        text.write_text(source)
        environment = {**os.environ}
        for variable in ("ZIG_LOCAL_CACHE_DIR", "ZIG_GLOBAL_CACHE_DIR"):
            environment.setdefault(variable, str(directory / "zig"))
        try:
            result = subprocess.run(
                [*command, level, *FLAGS, "-o", str(out), str(text)],
                capture_output=True, text=True, errors="replace", timeout=TIMEOUT,
                env=environment, check=False,
            )  # fmt: skip
        except subprocess.TimeoutExpired as error:
            raise CompilerError(f"{command[0]} ran for more than {TIMEOUT} s") from error
        if result.returncode != 0:
            raise CompilerError(f"{' '.join(command)} failed:\n{result.stderr.strip()}")
        os.replace(out, library)
    return library, False
