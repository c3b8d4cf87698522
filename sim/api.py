"""Trapline from Python: a program run by a call, or by the cycle."""

from pathlib import Path
from typing import Any

from sim.boot.session import BootSession
from sim.config import BootConfig, MachineConfig, RunConfig
from sim.guests.boot_image import read_boot
from sim.guests.kernel_setup import read_files
from sim.guests.program import find_bare_program, find_boot_program, find_user_program
from sim.platform.devices.captured import Captured
from sim.result import Result
from sim.session import BareSession, KernelSession

__all__ = ["run", "start", "start_bare", "start_boot"]


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


def start_boot(
    kernel: str | Path | None = None,
    *,
    stdin: bytes | str = b"",
    until: bytes | str = b"",
    config: BootConfig | None = None,
    **options: Any,
) -> BootSession:
    """A kernel on the devices of QEMU's `virt`, at cycle 0; see `BootSession`.

    Without `kernel` it is the one that comes along, with the bundled programs on its disk; a folder
    is a copy of that one's sources.

    `stdin` is what comes to its UART, and `until` a text whose printing ends the run, if not empty.
    Raises LoadError besides what `run` raises.
    """
    config = (config or BootConfig()).changed(**options)
    found = find_boot_program(None if kernel is None else Path(kernel), config)
    console = Captured(stdin.encode() if isinstance(stdin, str) else stdin)
    text = until.encode() if isinstance(until, str) else until
    with found.blamed():
        return BootSession(read_boot(config, found.elf, found.disk), console, until=text)
