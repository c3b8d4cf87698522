"""The GTKWave save file of a waveform: what is on the screen when it is opened.

On top is the life of a page fault, then, closed, what each part of the hart does. The screen begins
shortly before the cycle that was asked for, and markers stand where something happened.
"""

import hashlib
import io
import math
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

from vcd.gtkw import GTKWSave

from sim.engines.base import CYCLE_FS
from sim.host.output_files import open_output
from sim.output.rows import DETAILS, STORY, Shown, find
from sim.output.waveform import Waveform

__all__ = ["PIXELS_PER_CYCLE", "WINDOW", "Mark", "is_ours", "save_path", "write_save_file"]

#: The size of the window in pixels: thirty rows and eighty cycles, on a screen of 1920 x 1080. On a
#: smaller one the rows are scrolled.
WINDOW = (1640, 1000)
#: Enough for a bus's value of two digits in each cycle.
PIXELS_PER_CYCLE = 16
#: No fewer cycles than are on the screen then (GTKWave begins at the beginning rather than to show
#: anything behind the end),
_CYCLES = 75
#: and how many to the left of the one that the screen is about.
_CYCLES_BEFORE = 28
#: GTKWave's zoom is the exponent of the time of so many pixels: 2**-zoom units of the waveform's.
_ZOOM_PIXELS = 200
#: Pixels of a character in GTKWave's font, and of what is around name and value.
_CHARACTER, _MARGIN = 8, 40
#: GTKWave has one marker for each letter.
_LETTERS = "abcdefghijklmnopqrstuvwxyz"

#: The first line of a save file, and what follows "[*] " there. GTKWave skips such lines when it
#: reads, and puts its own in their place when a person saves.
_SIGNATURE = "[*] written by trapline, which writes it anew unless it is changed: "


class Mark(NamedTuple):
    """A cycle in which something happened, and what."""

    cycle: int
    name: str


def save_path(dump: Path) -> Path:
    """Where the save file of the waveform `dump` is: beside it, and no other dump's."""
    return dump.with_name(dump.name + ".gtkw")


def is_ours(save: Path) -> bool:
    """The file `save` is as `write_save_file` wrote it: nobody has changed it since."""
    first, _, rest = save.read_bytes().partition(b"\n")
    return first.decode(errors="replace") == _SIGNATURE + _digest(rest)


def write_save_file(
    dump: Path, waveform: Waveform, marks: Iterable[Mark] = (), *, focus: int | None = None
) -> Path:
    """Writes a GTKWave save file beside the waveform `dump` and returns its path.

    The screen shows the cycle `focus`, by default the first of `marks` in the waveform. It names
    `dump` and itself without any folder: GTKWave looks where the save file is now, so that it may
    be opened from anywhere, and both may be moved. Raises OSError.
    """
    save = save_path(dump)
    text = io.StringIO()
    gtkw = GTKWSave(text)
    gtkw.dumpfile(dump.name, abspath=False)
    gtkw.savefile(save.name, abspath=False)
    gtkw.size(*WINDOW)
    gtkw.pos()
    _write_time(gtkw, text, waveform, marks, focus)
    gtkw.sst_expanded(False)
    _write_rows(gtkw, text, waveform)
    content = text.getvalue()
    digest = _digest(content.encode(errors="surrogateescape"))
    # A file may be called anything, even what is not UTF-8.
    with open_output(save, errors="surrogateescape") as file:
        file.write(f"{_SIGNATURE}{digest}\n{content}")
    return save


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:16]


def _write_time(
    gtkw: GTKWSave,
    text: io.StringIO,
    waveform: Waveform,
    marks: Iterable[Mark],
    focus: int | None,
) -> None:
    """Which cycles are on the screen, and the markers."""
    inside = [mark for mark in marks if waveform.holds(mark.cycle * CYCLE_FS)]
    if focus is None and inside:
        focus = inside[0].cycle
    # There are more faults than letters: those from the screen on, and then those before it.
    inside.sort(key=lambda mark: focus is not None and mark.cycle < focus)
    inside = sorted(inside[: len(_LETTERS)])
    left = 0 if focus is None else (focus - _CYCLES_BEFORE) * CYCLE_FS
    # The end of a waveform is on the right of the screen.
    gtkw.timestart(max(waveform.start, min(left, waveform.end - _CYCLES * CYCLE_FS)))
    zoom = -math.log2(_ZOOM_PIXELS * CYCLE_FS / PIXELS_PER_CYCLE)
    times = {letter: mark.cycle * CYCLE_FS for letter, mark in zip(_LETTERS, inside, strict=False)}
    # pyvcd annotates the keyword arguments as if each were the dictionary of all.
    gtkw.zoom_markers(
        zoom,
        -1 if focus is None else focus * CYCLE_FS,
        **times,  # type: ignore[arg-type]
    )
    for letter, mark in zip(_LETTERS.upper(), inside, strict=False):
        # pyvcd has no call for it.
        text.write(f"[markername] {letter}{mark.name}\n")


def _write_rows(gtkw: GTKWSave, text: io.StringIO, waveform: Waveform) -> None:
    story = [(title, find(rows, waveform)) for title, rows in STORY]
    details = [(title, find(rows, waveform)) for title, rows in DETAILS]
    shown = [trace for _title, traces in (*story, *details) for trace in traces]
    gtkw.signals_width(_signals_width(shown))
    for title, traces in story:
        if traces:
            gtkw.blank(title)
            _write_traces(gtkw, text, traces)
    for title, traces in details:
        if traces:
            with gtkw.group(title, closed=True):
                _write_traces(gtkw, text, traces)


def _write_traces(gtkw: GTKWSave, text: io.StringIO, traces: Iterable[Shown]) -> None:
    for trace in traces:
        name = f"{trace.name}[{trace.width - 1}:0]" if trace.width > 1 else trace.name
        if trace.bits == trace.width:
            datafmt = trace.row.format if trace.width > 1 else "bin"
            gtkw.trace(name, alias=trace.label, datafmt=datafmt, color=trace.row.color)
        else:
            # A vector of single bits, which pyvcd has no call for: the most significant has
            # number 0.
            bits = " ".join(
                f"({trace.width - trace.bits + bit}){name}" for bit in range(trace.bits)
            )
            text.write(f"@22\n[color] {trace.row.color.value}\n#{{{trace.label}}} {bits}\n")


def _signals_width(traces: Sequence[Shown]) -> int:
    """Pixels for the longest name and the longest value behind it."""
    labels = max((len(trace.label) for trace in traces), default=0)
    values = max((trace.digits for trace in traces), default=0)
    return _CHARACTER * (labels + 1 + values) + _MARGIN
