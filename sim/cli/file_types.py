"""Files on the command line: what may stand there, and how it is complained about."""

from pathlib import Path
from typing import TypeVar

import click
from click.shell_completion import CompletionItem

from sim.cli.completion import complete_file
from sim.config import HostFile
from sim.guests.host_files import parse_host_file
from sim.host.input_files import fault_of
from sim.host.output_files import STDOUT, check_writable

__all__ = [
    "DiskContents",
    "DiskFile",
    "InputFile",
    "KernelFile",
    "Output",
    "OutputFile",
    "OutputOrStdout",
]

_T_co = TypeVar("_T_co", covariant=True)


class _File(click.ParamType[_T_co]):
    """A path that the shell completes."""

    def shell_complete(
        self, ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> list[CompletionItem]:
        """The name of a file."""
        return complete_file(ctx, param, incomplete)


class Output(_File[_T_co]):
    """A file to write, in a folder that exists."""

    name = "file"

    def _path(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> Path:
        """The path, or a complaint before the simulation has run for nothing."""
        if not value:
            self.fail("the file's name is empty", param, ctx)
        path = Path(value)
        if not path.parent.is_dir():
            self.fail(f"{value}: the folder {path.parent} does not exist", param, ctx)
        if path.is_dir():
            self.fail(f"{value}: is a folder", param, ctx)
        try:
            check_writable(path)
        except OSError as error:
            self.fail(f"{value}: {error.strerror}", param, ctx)
        return path


class OutputFile(Output[Path]):
    """A file to write, in a folder that exists."""

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> Path:
        """The path."""
        if value == STDOUT:
            self.fail("it cannot go to standard output; a file is called so by ./-", param, ctx)
        return self._path(value, param, ctx)


class OutputOrStdout(Output[Path | str]):
    """The same, or `-` for standard output."""

    def convert(
        self, value: str, param: click.Parameter | None, ctx: click.Context | None
    ) -> Path | str:
        """The path, or STDOUT."""
        return STDOUT if value == STDOUT else self._path(value, param, ctx)


class InputFile(_File[Path]):
    """A file to read."""

    name = "file"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> Path:
        """The path, or a complaint about what cannot be read whole. It need not be there yet."""
        path = Path(value)
        fault = fault_of(value) if path.exists() else None
        if fault is not None:
            self.fail(f"{value}: {fault}" if value else fault, param, ctx)
        return path


class KernelFile(InputFile):
    """The same, or a folder: the sources of a kernel."""

    name = "file|folder"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> Path:
        """The path, as that of an `InputFile`."""
        if value and Path(value).is_dir():
            return Path(value)
        return super().convert(value, param, ctx)


class DiskFile(_File[HostFile]):
    """HOST[:NAME], a file of the host that exists."""

    name = "host[:name]"

    def convert(
        self, value: str, param: click.Parameter | None, ctx: click.Context | None
    ) -> HostFile:
        """The `HostFile`."""
        file = parse_host_file(value)
        if not value or (value.startswith(":") and not Path(value).exists()):
            self.fail("the file's name is empty", param, ctx)
        fault = fault_of(file.path)
        if fault is not None:
            self.fail(f"{file.path}: {fault}", param, ctx)
        return file


class DiskContents(_File[Path]):
    """A disk image, or a folder, that exists."""

    name = "image|folder"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> Path:
        """The path."""
        path = Path(value)
        if not value or not path.exists():
            self.fail(f"{value!r}: No such file or directory", param, ctx)
        return path
