"""Options that do not go together, and files of a command line that must not be the same."""

import errno
import os
import unicodedata
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import click

from sim.cli.file_types import Output
from sim.cli.file_uses import FileUse, find_collision, find_intrusion
from sim.config import HostFile
from sim.host.own_programs import elf_of, is_source

__all__ = ["check_files", "check_kanata", "check_vcd"]


def check_vcd(common: Mapping[str, Any]) -> None:
    """Raises UsageError if the options for waveforms do not fit."""
    from sim.output import fst
    from sim.output.gtkw import save_path

    given = [name for name in ("vcd_window", "vcd_fault", "vcd_last") if common[name] is not None]
    flags = ["--" + name.replace("_", "-") for name in given]
    vcd: Path | None = common["vcd"]
    if vcd is None:
        if flags:
            raise click.UsageError(f"{flags[0]} needs --vcd FILE")
        return
    if len(flags) > 1:
        raise click.UsageError(f"{flags[0]} and {flags[1]} cannot both be given")
    if flags and flags[0] != "--vcd-window" and common["engine"] == "pysim":
        raise click.UsageError(f"{flags[0]} needs the engine native: pysim keeps no past cycles")
    if vcd.exists() and not vcd.is_file():
        raise click.UsageError(f"--vcd: {vcd} is no regular file")
    save = save_path(vcd)
    if save.exists() and not save.is_file():
        raise click.UsageError(f"--vcd: {save}, its save file, is no regular file")
    if any(unicodedata.category(letter) == "Cc" for letter in vcd.name):
        raise click.UsageError(f"--vcd: {vcd.name!r} has control characters")
    if vcd.suffix == ".gtkw":
        raise click.UsageError("--vcd: FILE must not end in .gtkw, the name of its save file")
    if vcd.suffix == fst.SUFFIX and not fst.is_available():
        raise click.UsageError(
            "--vcd: a FILE.fst needs vcd2fst on PATH, which comes with GTKWave; or name it FILE.vcd"
        )


def check_kanata(common: Mapping[str, Any]) -> None:
    """Raises UsageError if a window is given and no file."""
    if common["kanata_window"] is not None and common["kanata"] is None:
        raise click.UsageError("--kanata-window needs --kanata FILE")


def check_files(program: str | None = None) -> None:
    """Raises UsageError for a file to be read that is not there.

    For one to be written, too, that is read or written besides. `program` is what runs where no
    argument of the command is called so.
    """
    context = click.get_current_context()
    uses = [
        use
        for param in context.command.params
        for use in _uses(param, context.params.get(param.name))
    ]
    if program is not None:
        uses += _uses(click.Argument(["program"]), program)
    collision = find_collision(uses)
    if collision is not None:
        one, other = collision
        raise click.UsageError(f"{one.name} and {other.name} are the same file, {one.path}")
    intrusion = find_intrusion(uses)
    if intrusion is not None:
        one, folder = intrusion
        raise click.UsageError(
            f"{one.name} {one.path} belongs to the folder {folder.path} of {folder.name}, "
            "which is only read"
        )
    for use in uses:
        if not (use.written or use.path.exists()):
            raise click.UsageError(f"{use.path}: {os.strerror(errno.ENOENT)}")


def _uses(param: click.Parameter, value: object) -> Iterator[FileUse]:
    """The files that a command uses because of the `value` of an option or argument."""
    is_option = isinstance(param, click.Option)
    name = param.opts[0] if is_option else param.name.upper()
    for item in value if isinstance(value, tuple) else (value,):
        if item is None:
            continue
        if isinstance(item, HostFile):
            yield FileUse(f"{name} {item.name}", item.path, False)
        elif isinstance(item, Path):
            yield FileUse(name, item, isinstance(param.type, Output))
        elif name == "PROGRAM" and Path(item).is_file():
            yield FileUse(name, Path(item), False)
        if name == "--vcd":
            from sim.output.gtkw import save_path

            yield FileUse("the save file of --vcd", save_path(item), True)
        if name in ("PROGRAM", "FILE", "KERNEL") and is_source(item):
            elf = elf_of(Path(item), bare=name != "PROGRAM")
            yield FileUse("the program's ELF", elf, True)
