"""The GTKWave save file of a waveform: what is on the screen when it is opened.

On top is the life of a page fault, then, closed, what each part of the hart does. The screen begins
shortly before the cycle that was asked for, and markers stand where something happened.
"""

import hashlib
import io
import math
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from vcd.gtkw import GTKWFlag, GTKWSave

from sim.engines.base import CYCLE_FS
from sim.host.output_files import open_output
from sim.output.moments import Mark, Shown
from sim.output.rows import DETAILS, SIGNALS, WORDS, find
from sim.output.rows import Shown as ShownRow
from sim.output.waveform import Waveform

__all__ = ["PIXELS_PER_CYCLE", "WINDOW", "is_ours", "save_path", "side_by_side", "write_save_file"]

#: The size of the window in pixels, on a screen of 1920 x 1080. On a smaller one the rows are
#: scrolled.
WINDOW = (1640, 1000)
#: Of the window what is neither names, values nor waves.
_FRAME = 40
#: Enough for a bus's value of two digits in each cycle. A cycle is drawn no larger at first.
PIXELS_PER_CYCLE = 16
#: No fewer cycles than are on the screen then (GTKWave begins at the beginning rather than to show
#: anything behind the end),
_CYCLES = 75
#: and how many to the left of the one that the screen is about.
_CYCLES_BEFORE = 28
#: Pixels on the left and on the right of a fault that is on the screen from beginning to end.
_LEFT, _RIGHT = 60, 120
#: GTKWave's zoom is the exponent of the time of so many pixels: 2**-zoom units of the waveform's.
_ZOOM_PIXELS = 200
#: Pixels of a character in GTKWave's font, and of what is around name and value.
_CHARACTER, _MARGIN = 8, 40
#: Rows that a curve takes besides its own.
_CURVE_ROWS = 1
#: The same of the smaller font of markers' names, which stand in the middle above them.
_SMALL, _GAP = 5, 8
#: GTKWave has one marker for each letter.
_LETTERS = "abcdefghijklmnopqrstuvwxyz"

#: The first line of a save file, and what follows "[*] " there. GTKWave skips such lines when it
#: reads, and puts its own in their place when a person saves.
_SIGNATURE = "[*] written by trapline, which writes it anew unless it is changed: "


def save_path(dump: Path) -> Path:
    """Where the save file of the waveform `dump` is: beside it, and no other dump's."""
    return dump.with_name(dump.name + ".gtkw")


def is_ours(save: Path) -> bool:
    """The file `save` is as `write_save_file` wrote it: nobody has changed it since."""
    first, _, rest = save.read_bytes().partition(b"\n")
    return first.decode(errors="replace") == _SIGNATURE + _digest(rest)


def write_save_file(
    dump: Path, waveform: Waveform, faults: Iterable[Shown] = (), *, focus: int | None = None
) -> Path:
    """Writes a GTKWave save file beside the waveform `dump` and returns its path.

    The screen shows the fault that was raised in the cycle `focus`, or else that cycle; by default
    the first of `faults` in the waveform. It names `dump` and itself without any folder: GTKWave
    looks where the save file is now, so that it may be opened from anywhere, and both may be
    moved. Raises OSError.
    """
    save = save_path(dump)
    text = io.StringIO()
    gtkw = GTKWSave(text)
    gtkw.dumpfile(dump.name, abspath=False)
    gtkw.savefile(save.name, abspath=False)
    gtkw.size(*WINDOW)
    gtkw.pos()
    rows = _Rows(waveform)
    _write_time(gtkw, text, waveform, faults, focus, WINDOW[0] - rows.width - _FRAME)
    gtkw.sst_expanded(False)
    rows.write(gtkw, text)
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
    faults: Iterable[Shown],
    focus: int | None,
    width: int,
) -> None:
    """Which cycles are on the `width` pixels of the screen, and the markers."""
    inside = [fault for fault in faults if waveform.holds(fault.raised.cycle * CYCLE_FS)]
    if focus is None and inside:
        focus = inside[0].raised.cycle
    shown = next((fault for fault in inside if fault.raised.cycle == focus), None)
    start, pixels = _scene(waveform, shown, focus, width)
    gtkw.timestart(start)
    marks = _marks(waveform, inside, shown, focus)
    zoom = -math.log2(_ZOOM_PIXELS * CYCLE_FS / pixels)
    times = {letter: mark.cycle * CYCLE_FS for letter, mark in zip(_LETTERS, marks, strict=False)}
    # pyvcd annotates the keyword arguments as if each were the dictionary of all.
    gtkw.zoom_markers(
        zoom,
        -1 if focus is None else focus * CYCLE_FS,
        **times,  # type: ignore[arg-type]
    )
    letters = dict(zip(marks, _LETTERS.upper(), strict=False))
    marks = sorted(letters)
    names = side_by_side([(mark.cycle * pixels, mark.name) for mark in marks])
    for mark, name in zip(marks, names, strict=True):
        # pyvcd has no call for it.
        text.write(f"[markername] {letters[mark]}{name}\n")


def _scene(
    waveform: Waveform, shown: Shown | None, focus: int | None, width: int
) -> tuple[int, float]:
    """The time on the left of the screen, and the pixels of a cycle."""
    if shown is None or shown.end - shown.begin < _CYCLES:
        left = 0 if focus is None else (focus - _CYCLES_BEFORE) * CYCLE_FS
        # The end of a waveform is on the right of the screen.
        return max(waveform.start, min(left, waveform.end - _CYCLES * CYCLE_FS)), PIXELS_PER_CYCLE
    pixels = (width - _LEFT - _RIGHT) / (shown.end - shown.begin)
    left = round((shown.begin - _LEFT / pixels) * CYCLE_FS)
    last = waveform.end - round(width / pixels) * CYCLE_FS
    return max(waveform.start, min(left, last)), pixels


def _marks(
    waveform: Waveform, inside: Iterable[Shown], shown: Shown | None, focus: int | None
) -> list[Mark]:
    """What is marked: of the fault on the screen all that has a name, of others where they are."""
    own = [] if shown is None else list(shown.moments)
    own = [mark for mark in own if waveform.holds(mark.cycle * CYCLE_FS)]
    others = [fault.raised for fault in inside if fault is not shown]
    # There are more faults than letters: those from the screen on, and then those before it.
    others.sort(key=lambda mark: focus is not None and mark.cycle < focus)
    return own + sorted(others[: len(_LETTERS) - len(own)])


class _Label(NamedTuple):
    """A name with the pixel of its mark, and how many pixels it takes."""

    pixel: float
    width: int
    name: str


def side_by_side(names: Sequence[tuple[float, str]]) -> list[str]:
    """The names of marks, by their pixels from left to right, with blanks so that none overlaps.

    A name stands in the middle above its mark, and blanks on one side move it to the other.
    """
    groups: list[list[_Label]] = []
    for pixel, name in names:
        group = [_Label(pixel, len(name) * _SMALL + _GAP, name)]
        while groups and _right(groups[-1]) > _left(group):
            group = groups.pop() + group
        groups.append(group)
    return [name for group in groups for name in _moved(group)]


def _moved(group: Sequence[_Label]) -> Iterator[str]:
    left = _left(group)
    for pixel, width, name in group:
        blanks = round(2 * (left + width / 2 - pixel) / _SMALL)
        yield " " * blanks + name + " " * -blanks
        left += width


def _left(group: Sequence[_Label]) -> float:
    """Where a group begins whose marks are in its middle."""
    middle = sum(label.pixel for label in group) / len(group)
    return middle - sum(label.width for label in group) / 2


def _right(group: Sequence[_Label]) -> float:
    return _left(group) + sum(label.width for label in group)


class _Rows:
    """The rows of a waveform: words, if it has them, and then its signals.

    Members
    -------
    width : int
        Pixels for the longest name and the longest value behind it.
    """

    def __init__(self, waveform: Waveform):
        self._words = find(WORDS, waveform)
        self._signals = [(title, find(rows, waveform)) for title, rows in SIGNALS]
        self._details = [(title, find(rows, waveform)) for title, rows in DETAILS]
        shown = [*self._words, *(row for _, rows in self._signals for row in rows)]
        labels = max((len(row.label) for row in shown), default=0)
        values = max((row.digits for row in shown), default=0)
        self.width = _CHARACTER * (labels + 1 + values) + _MARGIN

    def write(self, gtkw: GTKWSave, text: io.StringIO) -> None:
        """Writes them: closed where there are words, which say the same."""
        gtkw.signals_width(self.width)
        _write_traces(gtkw, text, self._words)
        for title, rows in self._signals:
            if rows and self._words:
                with gtkw.group(title, closed=True):
                    _write_traces(gtkw, text, rows)
            elif rows:
                gtkw.blank(title)
                _write_traces(gtkw, text, rows)
        for title, rows in self._details:
            if rows:
                with gtkw.group(title, closed=True):
                    _write_traces(gtkw, text, rows)


def _write_traces(gtkw: GTKWSave, text: io.StringIO, rows: Iterable[ShownRow]) -> None:
    for row in rows:
        color, name = row.row.color, f"{row.name}[{row.width - 1}:0]" if row.width > 1 else row.name
        if row.row.curve:
            gtkw.trace(name, row.label, color, row.row.format, extraflags=GTKWFlag.analog_step)
            for _ in range(_CURVE_ROWS):
                gtkw.blank(analog_extend=True)
        elif row.bits == row.width:
            datafmt = row.row.format if row.width > 1 else "bin"
            gtkw.trace(name, alias=row.label, datafmt=datafmt, color=color)
        else:
            # A vector of single bits, which pyvcd has no call for: the most significant has
            # number 0.
            bits = " ".join(f"({row.width - row.bits + bit}){name}" for bit in range(row.bits))
            text.write(f"@22\n[color] {color.value}\n#{{{row.label}}} {bits}\n")
