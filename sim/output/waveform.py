"""What a VCD holds."""

import os
import re
from dataclasses import dataclass
from pathlib import Path

__all__ = ["Waveform", "read_waveform"]

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


def read_waveform(path: Path) -> Waveform:
    """Reads the definitions of the VCD `path`, and its first and last time."""
    widths: dict[str, int] = {}
    scopes: list[str] = []
    start = end = 0
    with path.open("rb") as file:
        for line in file:
            words = line.decode().split()
            if words[:1] == ["$scope"]:
                scopes.append(words[2])
            elif words[:1] == ["$upscope"]:
                scopes.pop()
            elif words[:1] == ["$var"]:
                widths[".".join([*scopes, words[4]])] = 0 if words[1] == "string" else int(words[2])
            elif line.startswith(b"#"):
                start = int(line[1:])
                break
        file.seek(max(file.tell(), file.seek(0, os.SEEK_END) - _TAIL))
        for line in file:
            if re.fullmatch(rb"#\d+\s*", line):
                end = int(line[1:])
    return Waveform(widths, start, max(start, end))
