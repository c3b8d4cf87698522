"""A real GTKWave on a screen of its own, what it says of itself, and what is to be seen there."""

import os
import struct
import subprocess
import time
import zlib
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests import packages

__all__ = ["PROGRAMS", "REQUIRE", "View", "require", "screen", "view"]

REQUIRE = "TRAPLINE_REQUIRE_GTKWAVE"
PROGRAMS = {"gtkwave": "gtkwave", "vcd2fst": "gtkwave", "Xvfb": "xvfb"}
#: The size of the screen in pixels.
_WIDTH, _HEIGHT = 1920, 1080
#: Seconds in which something has to appear, on a machine with much else to do.
_PATIENCE = 60
#: Pixels of signals are of a colour, and bright; text, background, grid and markers are not.
_BRIGHT, _SATURATED = 140, 90

#: Of the 256 values of a colour every 16th, in a picture: it gets small, and none is missed.
_FEWER = bytes(min(255, (value + 8) // 16 * 17) for value in range(256))

#: What GTKWave tells, in its own Tcl, when it has loaded the files.
_SCRIPT = """\
ZOOM
set out [open {FACTS.new} w]
puts $out [gtkwave::getDumpFileName]
puts $out [gtkwave::getWindowStartTime]
puts $out [gtkwave::getWindowEndTime]
puts $out [gtkwave::getMarker]
puts $out [gtkwave::getFontHeight]
puts $out [gtkwave::getWaveWidth]
puts $out [gtkwave::getNamedMarker A]
set total [gtkwave::getTotalNumTraces]
for {set i 0} {$i < $total} {incr i} {
  set name [gtkwave::getTraceNameFromIndex $i]
  puts $out "$name=[gtkwave::getTraceValueAtMarkerFromIndex $i]"
}
close $out
OPEN
file rename {FACTS.new} {FACTS}
"""
#: Opens each group as a user does, who chooses its title and `Edit | Toggle Group Open|Close`; it
#: tells how many rows more there are to be seen. The flag is that of a group's title.
_OPEN = """\
set out [open {FACTS.groups} w]
for {set i 0} {$i < $total} {incr i} {
  if {[gtkwave::getTraceFlagsFromIndex $i] & 0x800000} {
    set before [gtkwave::getVisibleNumTraces]
    gtkwave::/Edit/UnHighlight_All
    gtkwave::setTraceHighlightFromIndex $i on
    gtkwave::/Edit/Toggle_Group_Open|Close
    set more [expr [gtkwave::getVisibleNumTraces] - $before]
    puts $out "[gtkwave::getTraceNameFromIndex $i]=$more"
  }
}
close $out
"""


def require() -> None:
    """Skips the tests of the module that calls it where GTKWave or Xvfb is missing."""
    packages.require(REQUIRE, PROGRAMS)


@dataclass(frozen=True)
class View:
    """GTKWave when it has opened a file: times in fs, and values at the marker by name."""

    dump: str
    start: int
    end: int
    marker: int
    row_height: int
    wave_width: int
    first_marker: int
    values: dict[str, str]
    screenshot: "Screenshot"
    #: If they were opened: how many rows more there were with each group, by its title.
    groups: dict[str, int]


@dataclass(frozen=True)
class Screenshot:
    """The pixels of a screen: `lines` from top to bottom, four bytes each: blue, green, red, 0."""

    lines: tuple[bytes, ...] = field(repr=False)

    def rows_drawn(self, left: int, height: int) -> int:
        """How many rows of `height` pixels have a signal's line behind the column `left`."""
        bright = [_coloured(line[4 * left :]) > 100 for line in self.lines]
        top = bright.index(True) if any(bright) else 0
        return sum(any(bright[y : y + height]) for y in range(top - 2, len(bright), height))

    def waves_begin(self) -> int:
        """The column where the signals' lines begin."""
        lines = [line for line in self.lines if _coloured(line) > 500]
        return min(
            x for line in lines for x in range(300, 600) if _is_coloured(line[4 * x : 4 * x + 3])
        )

    def is_blank(self, columns: range) -> bool:
        """The `columns` are of one colour in each line of the lower half, without any text."""
        part = slice(4 * columns.start, 4 * columns.stop)
        return all(
            len(set(memoryview(line[part]).cast("I"))) == 1
            for line in self.lines[len(self.lines) // 2 : len(self.lines) * 4 // 5]
        )

    def save(self, path: Path, columns: range | None = None, rows: range | None = None) -> None:
        """Writes it, or a part of it, as a PNG."""
        columns = columns or range(len(self.lines[0]) // 4)
        rows = rows or range(len(self.lines))
        packed = bytearray()
        for y in rows:
            line = self.lines[y][4 * columns.start : 4 * columns.stop]
            pixels = bytearray(3 * len(columns))
            for colour in range(3):
                pixels[colour::3] = line[2 - colour :: 4].translate(_FEWER)
            packed += b"\0" + pixels  # a line that is not filtered
        header = struct.pack(">2I5B", len(columns), len(rows), 8, 2, 0, 0, 0)
        chunks = (b"IHDR", header), (b"IDAT", zlib.compress(packed, 9)), (b"IEND", b"")
        path.write_bytes(b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(*each) for each in chunks))


def _chunk(kind: bytes, data: bytes) -> bytes:
    check = zlib.crc32(kind + data)
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", check)


def _coloured(line: bytes) -> int:
    """How many pixels of `line` are those of a signal."""
    counts = Counter(memoryview(line).cast("I"))
    return sum(count for pixel, count in counts.items() if _is_coloured(pixel.to_bytes(4)[1:]))


def _is_coloured(pixel: bytes) -> bool:
    return max(pixel) > _BRIGHT and max(pixel) - min(pixel) > _SATURATED


@contextmanager
def screen(folder: Path) -> Iterator[str]:
    """A screen without a monitor; its name, for DISPLAY. Its pixels are in `folder`."""
    read, write = os.pipe()
    command = ["Xvfb", "-displayfd", str(write), "-screen", "0", f"{_WIDTH}x{_HEIGHT}x24",
               "-fbdir", str(folder), "-nolisten", "tcp"]  # fmt: skip
    with open(folder / "xvfb.log", "wb") as log:
        server = subprocess.Popen(command, pass_fds=[write], stdout=log, stderr=log)
    os.close(write)
    try:
        with open(read) as chosen:
            number = chosen.readline().strip()
        assert number, (folder / "xvfb.log").read_text()
        yield f":{number}"
    finally:
        server.terminate()
        server.wait()


def view(
    save: str,
    cwd: Path,
    display: str,
    folder: Path,
    *,
    cycles: tuple[int, int] | None = None,
    marker: int | None = None,
    open_groups: bool = False,
) -> View:
    """Opens the `save` file, a name relative to `cwd`, on the screen `display` of `folder`.

    With `cycles` it goes to these, and puts the cursor at `marker`, in place of what the save file
    says. `open_groups` opens all groups.
    """
    facts, script, log = folder / "facts", folder / "script.tcl", folder / "gtkwave.log"
    facts.unlink(missing_ok=True)
    zoom = [] if cycles is None else ["gtkwave::setZoomRangeTimes {}us {}us".format(*cycles)]
    zoom += [] if marker is None else [f"gtkwave::setMarker {marker}us"]
    told = _SCRIPT.replace("ZOOM", "\n".join(zoom)).replace("OPEN", _OPEN if open_groups else "")
    script.write_text(told.replace("FACTS", str(facts)))
    # No settings of the user's, and no desktop to ask.
    environment = os.environ | {
        "DISPLAY": display,
        "HOME": str(folder),
        "NO_AT_BRIDGE": "1",
        "GSETTINGS_BACKEND": "memory",
    }
    with open(log, "wb") as output:
        process = subprocess.Popen(
            ["gtkwave", "--script", str(script), save],
            cwd=cwd,
            env=environment,
            stdout=output,
            stderr=output,
        )
    try:
        _wait(lambda: facts.exists() or process.poll() is not None)
        assert facts.exists(), log.read_text(errors="replace")
        groups = folder / "facts.groups" if open_groups else None
        return _look(facts, groups, folder / "Xvfb_screen0")
    finally:
        process.terminate()
        process.wait()


def _look(facts: Path, groups: Path | None, pixels: Path) -> View:
    dump, *numbers = facts.read_text().splitlines()[:7]
    values = dict(line.rsplit("=", 1) for line in facts.read_text().splitlines()[:6:-1])
    numbers = [int(number) for number in numbers]
    # GTKWave says this before it has drawn.
    shots = [_shoot(pixels)]

    def is_still():
        shots.append(_shoot(pixels))
        return shots[-1] == shots[-2] and any(_coloured(line) > 500 for line in shots[-1].lines)

    _wait(is_still, pause=0.5)
    lines = [] if groups is None else groups.read_text().splitlines()
    opened = {title: int(more) for title, more in (line.rsplit("=", 1) for line in lines)}
    return View(dump, *numbers, values, shots[-1], opened)


def _wait(condition, pause: float = 0.05) -> None:
    end = time.monotonic() + _PATIENCE
    while not condition():
        assert time.monotonic() < end, f"nothing has appeared in {_PATIENCE} s"
        time.sleep(pause)


def _shoot(path: Path) -> Screenshot:
    """Reads a window dump as Xvfb keeps it (`XWDFile.h`: a header of 25 words, big-endian)."""
    content = path.read_bytes()
    header = struct.unpack(">25I", content[:100])
    size, height, bytes_per_line, colours = header[0], header[5], header[12], header[19]
    pixels = content[size + 12 * colours :]
    return Screenshot(
        tuple(pixels[y * bytes_per_line : (y + 1) * bytes_per_line] for y in range(height))
    )
