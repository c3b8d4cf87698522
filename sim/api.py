"""Trapline from Python: a program run by a call, or by the cycle."""

from pathlib import Path
from typing import Any

from sim.config import MachineConfig, RunConfig
from sim.guests.kernel_setup import read_files
from sim.guests.program import find_bare_program, find_user_program
from sim.platform.devices.captured import Captured
from sim.result import Result
from sim.session import BareSession, KernelSession

__all__ = ["run", "start", "start_bare"]


def run(
    program: str | Path,
    *arguments: str,
    stdin: bytes | str = b"",
    max_cycles: int | None = None,
    config: RunConfig | None = None,
    **options: Any,
) -> Result:
    """Runs a program under the kernel model to its end.

    `program` is an ELF file, a C file, or a bundled program, and `stdin` what it reads. The
    parameters are those of `config`, or the defaults, but for `options`, whose names are those of
    `RunConfig`. `max_cycles` bounds the run, whose `end` is `End.LIMIT` then.

    Raises ConfigError, ToolchainError, ExecError, HostFileError, FsError, EngineError or OSError,
    each with one line that says what is wrong.
    """
    with start(program, *arguments, stdin=stdin, config=config, **options) as session:
        session.run(max_cycles)
        session.finish()
        return session.result()


def start(
    program: str | Path,
    *arguments: str,
    stdin: bytes | str = b"",
    config: RunConfig | None = None,
    **options: Any,
) -> KernelSession:
    """A run as by `run`, at cycle 0: to be driven by `KernelSession.run` and `step`."""
    config = (config or RunConfig()).changed(**options)
    disk = read_files(config)
    found = find_user_program(str(program), disk)
    console = Captured(stdin.encode() if isinstance(stdin, str) else stdin)
    with found.blamed():
        return KernelSession.of_program(config, found.elf, [found.name, *arguments], console, disk)


def start_bare(
    program: str | Path, *, config: MachineConfig | None = None, **options: Any
) -> BareSession:
    """A bare-metal program, an ELF or an assembly file, at cycle 0; see `BareSession`.

    Raises LoadError besides what `run` raises.
    """
    config = (config or MachineConfig()).changed(**options)
    found = find_bare_program(Path(program))
    with found.blamed():
        return BareSession(config, found.elf)
