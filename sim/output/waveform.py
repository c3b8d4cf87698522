"""What a VCD holds."""

import os
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, NamedTuple

__all__ = ["Definition", "Waveform", "definitions", "header_of", "read_waveform"]

#: The end of a file that holds its last time, in bytes.
_TAIL = 1 << 16


@dataclass(frozen=True)
class Waveform:
    """What a VCD holds: the width in bits of each variable (0: a string), and its time in fs."""

    widths: dict[str, int]
    start: int
    end: int

    def holds(self, time: int) -> bool:
        """The `time` in fs is in it."""
        return self.start <= time <= self.end


class Definition(NamedTuple):
    """A variable of a VCD: its full name, its width in bits (0: a string), and its code."""

    name: str
    width: int
    code: str


def definitions(lines: Iterable[bytes]) -> Iterator[Definition]:
    """The variables that the `lines` of a VCD's header define."""
    scopes: list[str] = []
    for line in lines:
        words = line.decode().split()
        if words[:1] == ["$scope"]:
            scopes.append(words[2])
        elif words[:1] == ["$upscope"]:
            scopes.pop()
        elif words[:1] == ["$var"]:
            width = 0 if words[1] == "string" else int(words[2])
            yield Definition(".".join([*scopes, words[4]]), width, words[3])


def header_of(file: BinaryIO) -> list[bytes]:
    """The lines of a VCD up to the end of its definitions; `file` is behind them then."""
    lines = []
    for line in file:
        lines.append(line)
        if line.startswith(b"$enddefinitions"):
            break
    return lines


def read_waveform(path: Path) -> Waveform:
    """Reads the definitions of the VCD `path`, and its first and last time."""
    start = end = 0
    with path.open("rb") as file:
        widths = {each.name: each.width for each in definitions(header_of(file))}
        for line in file:
            if line.startswith(b"#"):
                start = int(line[1:])
                break
        file.seek(max(file.tell(), file.seek(0, os.SEEK_END) - _TAIL))
        for line in file:
            if re.fullmatch(rb"#\d+\s*", line):
                end = int(line[1:])
    return Waveform(widths, start, max(start, end))
