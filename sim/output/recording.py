"""The waveform that `--vcd` asks for: from the options to the files, and what is said of them."""

import shlex
import sys
from collections.abc import Callable, Iterable
from pathlib import Path

from sim.engines.base import CYCLE_FS
from sim.output import fst
from sim.output.annotate import Narrator, annotate
from sim.output.gtkw import is_ours, save_path, write_save_file
from sim.output.moments import Shown
from sim.output.waveform import Waveform, read_waveform
from sim.output.waves import OPEN_CYCLES, AroundFault, CycleRange, FirstFaults, LastCycles, Trace

__all__ = ["BYTES_PER_CYCLE", "Recording", "make_recording"]

#: About what a cycle of the hart takes in a VCD.
BYTES_PER_CYCLE = 1_000
#: Cycles of a VCD that get their words in a second, about.
WORDS_PER_SECOND = 25_000


def make_recording(
    path: Path,
    default: CycleRange | FirstFaults,
    *,
    window: CycleRange | None = None,
    fault: int | None = None,
    last: int | None = None,
    latency: int,
    faults: Callable[[], Iterable[Shown]],
    narrate: Callable[[], Narrator],
    count: Callable[[], int],
    find: Callable[[int], int | None],
) -> "Recording":
    """Begins the waveform `path` of the cycles that at most one of the options chooses.

    `latency` is that of memory, in cycles.
    `faults` are the page faults so far, of which there were `count`; of very many, those that may
    be in the waveform. `narrate` tells, after the run, of what is written into it in words. `find`
    tells the cycle of the fault with a number, or None as long as it has not come. The files are
    created at once, so that one that cannot be written is found out before the run. Raises OSError.
    """
    save = save_path(path)
    if save.exists() and is_ours(save):
        save.open("r+b").close()
    path.open("wb").close()
    vcd = _unused(path) if path.suffix == fst.SUFFIX else path
    watcher: Trace | AroundFault | LastCycles
    if fault is not None:
        watcher = AroundFault(vcd, lambda machine: find(fault), latency)
        missing = f"page fault {fault}"
    elif last is not None:
        watcher, missing = LastCycles(vcd, last), "its first cycle"
    else:
        watcher, missing = Trace(vcd, window or default), "its window began"
        if window is not None:
            _tell_size(path, window)
    return Recording(path, watcher, faults, narrate, count, missing)


class Recording:
    """A waveform that is being written.

    Members
    -------
    watcher : Trace or AroundFault or LastCycles
        What the machine shall be watched by.
    """

    def __init__(
        self,
        path: Path,
        watcher: Trace | AroundFault | LastCycles,
        faults: Callable[[], Iterable[Shown]],
        narrate: Callable[[], Narrator],
        count: Callable[[], int],
        missing: str,
    ):
        self.watcher = watcher
        self._path = path
        self._faults = faults
        self._narrate = narrate
        self._count = count
        self._missing = missing

    def finish(self) -> bool:
        """Completes the files after the run and says where they are.

        Returns False if there are none, or something is not in them. Raises OSError.
        """
        path, vcd = self._path, self.watcher.path
        if not self.watcher.started:
            self.discard()
            faults = self._count()
            _say(
                f"error: {path}: not written, the run ended before {self._missing}, "
                f"after {faults:,} page fault{'s' * (faults != 1)}"
            )
            return False
        waveform, told = self._annotate(vcd)
        if vcd != path:
            self._convert()
        if self.watcher.cut_short:
            more = "for more say where: --vcd-window FROM:TO"
            _say(f"{path}: ends after {OPEN_CYCLES:,} cycles; {more}")
        save = save_path(path)
        if save.exists() and not is_ours(save):
            _say(f"{save}: kept, since it has been changed; without it a new one is written")
        else:
            write_save_file(path, waveform, self._faults(), focus=self.watcher.focus)
        # A name that begins so would be an option.
        shown = f"./{save}" if str(save).startswith("-") else str(save)
        _say(f"waveform in {path}; open it with: gtkwave {shlex.quote(shown)}")
        return told

    def _annotate(self, vcd: Path) -> tuple[Waveform, bool]:
        """Writes the words into the VCD, if it is of a hart that has what they are made of.

        Returns what it holds then, and False if they could not be written.
        """
        waveform = read_waveform(vcd)
        narrator = self._narrate()
        if not waveform.widths.keys() >= {*narrator.signals}:
            return waveform, True
        cycles = (waveform.end - waveform.start) // CYCLE_FS
        if cycles > OPEN_CYCLES:
            _say(f"{self._path}: words are written into it, about {cycles // WORDS_PER_SECOND:,} s")
        try:
            annotate(vcd, narrator)
        except OSError as error:
            _say(f"error: {self._path}: {error.strerror}; it is whole, but without words")
            return waveform, False
        return read_waveform(vcd), True

    def _convert(self) -> None:
        try:
            fst.convert(self.watcher.path, self._path)
        except OSError:
            self._path.unlink()
            raise

    def discard(self) -> None:
        """Removes what was there of an earlier run: it shows another one than this."""
        save = save_path(self._path)
        ours = [save] if save.exists() and is_ours(save) else []
        for path in {self._path, self.watcher.path, *ours}:
            path.unlink(missing_ok=True)


def _unused(fst_path: Path) -> Path:
    """A VCD beside `fst_path` that was not there."""
    number = 0
    while True:
        path = fst_path.with_name(f"{fst_path.name}{f'.{number}' if number else ''}.vcd")
        try:
            path.open("xb").close()
        except FileExistsError:
            number += 1
        else:
            return path


def _tell_size(path: Path, window: CycleRange) -> None:
    if window.last is not None:
        cycles = window.last - window.first
        if cycles > OPEN_CYCLES:
            _say(f"{path}: {cycles:,} cycles take about {cycles * BYTES_PER_CYCLE / 1e9:,.1f} GB")


def _say(message: str) -> None:
    print(f"trapline: {message}", file=sys.stderr)
