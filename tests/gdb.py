"""A real gdb that knows RISC-V, driven by a script."""

import subprocess
from collections.abc import Sequence
from pathlib import Path

from tests import packages

__all__ = ["REQUIRE", "require", "said_by"]

REQUIRE = "TRAPLINE_REQUIRE_GDB"
_PROGRAM = "gdb-multiarch"
#: Seconds in which gdb has to be done, on a machine with much else to do.
_PATIENCE = 120


def require() -> None:
    """Skips the tests of the module that calls it where gdb-multiarch is missing."""
    packages.require(REQUIRE, {_PROGRAM: _PROGRAM})


def said_by(elf: Path, port: int, commands: Sequence[str]) -> str:
    """What gdb says while it carries out `commands` on the program in `elf`, at a stub."""
    first = ["set pagination off", "set confirm off", f"target remote 127.0.0.1:{port}"]
    words = [word for line in (*first, *commands) for word in ("-ex", line)]
    done = subprocess.run(
        [_PROGRAM, "-nx", "-batch", *words, str(elf)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=_PATIENCE,
    )
    return done.stdout
