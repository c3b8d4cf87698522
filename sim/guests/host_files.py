"""Files of the host for the kernel's file system."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from kernel_model.facts.param import BSIZE, MAXFILE
from sim.config import HostFile
from sim.host.input_files import read_whole

__all__ = ["HostFileError", "parse_host_file", "read_host_files"]


class HostFileError(Exception):
    """A file of the host cannot be put onto the disk; one line that says which and why."""


def parse_host_file(text: str) -> HostFile:
    """HOST or HOST:NAME; without NAME it is the last part of HOST."""
    host, colon, name = text.rpartition(":")
    if not colon or Path(text).exists():
        return HostFile(Path(text), Path(text).name)
    return HostFile(Path(host), name.removeprefix("/"))


def read_host_files(files: Sequence[HostFile]) -> Mapping[str, bytes]:
    """The contents by name; raises HostFileError or OSError."""
    contents: dict[str, bytes] = {}
    most = MAXFILE * BSIZE
    for path, name in files:
        if name in contents:
            raise HostFileError(f"--file {path}: another one is called {name}, too")
        contents[name] = read_whole(path, most + 1)
        if len(contents[name]) > most:
            raise HostFileError(f"--file {path}: more than {most} bytes, the most of a file")
    return contents
