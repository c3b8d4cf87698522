"""Waveforms of real runs, with the words that are written into them, as wellen reads them."""

from pathlib import Path

import pywellen

from sim import api
from sim.cli.options import RunOptions
from sim.cli.recordings import record_bare_run, record_run
from sim.engines.base import CYCLE_FS
from sim.output.waves import CycleRange

__all__ = ["FAULT", "WINDOW", "Rows", "record", "record_bare"]

#: The cycles of `lazy`'s first fault, from the look-up up to, not including, its retirement, and
#: a few around the look-up, as `--vcd-window` has them.
FAULT = range(2884, 4179)
WINDOW = f"{FAULT[0] - 6:,}:{FAULT[0] + 14:,}"


class Rows:
    """The variables of the scope `story` of a waveform."""

    def __init__(self, path: Path):
        variables = pywellen.Waveform(str(path)).all_vars()
        prefix = "story."
        self._signals = {
            variable.full_name.removeprefix(prefix): variable.signal
            for variable in variables
            if variable.full_name.startswith(prefix)
        }

    @property
    def names(self):
        return set(self._signals)

    def at(self, name, cycle):
        """What the row `name` says in `cycle`."""
        return self._signals[name].value_at(cycle * CYCLE_FS)

    def all(self, cycles):
        """{row: its values in `cycles`} of all rows."""
        return {name: [self.at(name, cycle) for cycle in cycles] for name in self._signals}


def record(path, first, last, *argv, stdin=b"", max_cycles=None, **config):
    """Runs a program under the kernel; returns its rows from `first` to `last`, and its faults."""
    options = RunOptions(vcd=path, vcd_window=CycleRange(first, last))
    with api.start(*argv, stdin=stdin, traced=True, **config) as session:
        _drive(session, record_run(options, session), max_cycles)
        return Rows(path), list(session.guest.faults)


def record_bare(path, first, last, program, **config):
    """The same of a program without a kernel; what it returns besides are exceptions."""
    options = RunOptions(vcd=path, vcd_window=CycleRange(first, last))
    with api.start_bare(program, traced=True, **config) as session:
        _drive(session, record_bare_run(options, session), last)
        return Rows(path), list(session.machine.engine.log.traps)


def _drive(session, recording, max_cycles):
    session.watchers.append(recording.watcher)
    session.run(max_cycles)
    recording.watcher.finish(session.machine)
    session.finish()
    assert recording.finish()
