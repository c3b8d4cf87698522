"""Finds the program that is to be run: on the disk, among the files of the host, or bundled."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from kernel_model.calls.elf import ExecError
from sim.config import BootConfig
from sim.guests.disk import Disk
from sim.guests.image_writer import write_image
from sim.guests.loader import CompanionError, LoadError
from sim.host.input_files import read_whole
from sim.host.own_kernel import build_kernel, compile_own_kernel
from sim.host.own_programs import compile_bare_program, compile_program, elf_of, is_source
from sim.host.programs import bundled_files, find_program

__all__ = [
    "Program",
    "find_bare_program",
    "find_boot_program",
    "find_user_program",
    "require_program",
]


@dataclass(frozen=True)
class Program:
    """A program: its name, `argv[0]`; its ELF; and where that was found, for messages.

    `source` is the file that it was compiled from just now, if any; `disk` is the image of the disk
    that a kernel brings along.
    """

    name: str
    elf: bytes
    where: str
    source: Path | None = None
    disk: bytes | None = None

    @contextmanager
    def blamed(self) -> Iterator[None]:
        """What makes it no program, ExecError or LoadError, is told of where it was found."""
        try:
            yield
        except CompanionError:
            raise
        except (ExecError, LoadError) as error:
            raise type(error)(f"{self.where}: {error}") from error


def require_program(name: str, disk: Disk) -> None:
    """Raises ToolchainError if `find_user_program` would find nothing, mistyped as it may be."""
    if not is_source(name) and disk.program(name) is None:
        find_program(name)


def find_user_program(name: str, disk: Disk) -> Program:
    """What `trapline run NAME` runs. Raises ToolchainError or OSError."""
    if is_source(name):
        # A program is not called like its source.
        source = Path(name)
        return _compiled(source, compile_program([source], elf_of(source)))
    found = disk.program(name)
    if found is not None:
        return Program(name, found, f"{name} on the disk")
    return Program(name, read_whole(find_program(name)), name)


def find_bare_program(path: Path) -> Program:
    """What `trapline bare PATH` runs. Raises ToolchainError or OSError."""
    if is_source(path):
        return _compiled(path, compile_bare_program(path, elf_of(path, bare=True)))
    return Program(str(path), read_whole(path), str(path))


def find_boot_program(path: Path | None, config: BootConfig) -> Program:
    """What `trapline boot PATH` boots; None is our own kernel, which brings a disk if it has none.

    So does a folder, which is a copy of its sources. Raw bytes are no source. Raises as
    `find_bare_program`.
    """
    if path is None:
        elf = read_whole(build_kernel())
        return Program("kernel", elf, "the kernel", disk=_bundled_disk(config))
    if path.is_dir():
        out = compile_own_kernel(path, elf_of(path, bare=True))
        return Program(str(path), out.read_bytes(), str(out), path, _bundled_disk(config))
    if config.raw is not None:
        return Program(str(path), read_whole(path), str(path))
    return find_bare_program(path)


def _bundled_disk(config: BootConfig) -> bytes | None:
    return write_image(bundled_files()) if config.disk is None else None


def _compiled(source: Path, out: Path) -> Program:
    return Program(str(source.with_suffix("")), out.read_bytes(), str(out), source)
