"""What looks at every cycle of a machine: observers, recent states and waveforms."""

import ctypes
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from sim.engines.inspection import Observer, Rules, is_wanted
from sim.engines.native.compiler.model import Model
from sim.engines.native.compiler.store import STALE
from sim.engines.native.machine.compiled import NEVER
from sim.engines.native.machine.transcript import Saved, Transcripts

if TYPE_CHECKING:
    from sim.engines.native.machine.vcd import VcdWriter

__all__ = ["Watch", "Watched"]

_u64, _pointer = ctypes.c_uint64, ctypes.c_void_p
#: Functions of watch.cpp and ring.cpp: what they return, and their arguments.
_FUNCTIONS = {
    "watch_set": (None, _pointer, _pointer),
    "ring_new": (_pointer, _pointer, _u64, _u64, _u64, _u64, _u64),
    "ring_keep": (None, _pointer, _pointer, _u64),
    "ring_count": (_u64, _pointer),
    "ring_cycle": (_u64, _pointer, _u64),
    "ring_state": (_pointer, _pointer, _u64),
    "ring_copy": (_pointer, _pointer),
    "ring_write": (None, _pointer, _pointer, _u64, _u64),
    "ring_free": (None, _pointer),
    "records_new": (_pointer, _u64),
    "records_rule": (None, _pointer, _pointer, _u64),
    "records_fetch": (_u64, _pointer, _pointer),
    "records_free": (None, _pointer),
}


class _Watch(ctypes.Structure):
    """The struct of the same name in watch.cpp."""

    _fields_ = [
        *((name, _pointer) for name in ("trace", "ring", "records")),
        ("touched", _u64),
    ]


class Watched:
    """What was being written and kept at some time; see `Watch.save`."""

    def __init__(
        self,
        library: ctypes.CDLL,
        ring: int | None,
        trace: tuple[Path, int] | None,
        transcripts: Sequence[Saved],
    ):
        self._library = library
        self._ring = library.ring_copy(ring) if ring else None
        self.trace = trace
        self.transcripts = transcripts

    def ring(self) -> int | None:
        """Another copy of the states that were kept, if any were."""
        return self._library.ring_copy(self._ring) if self._ring else None

    def __del__(self) -> None:
        if self._ring:
            self._library.ring_free(self._ring)


class Watch:
    """Watches `machine`, the struct of machine.cpp, as long as there is something to look for.

    Members
    -------
    transcripts : Transcripts
        What is written of each record.

    Parameters
    ----------
    model : Model
        With `everything`, and the C++ for all that watches in its library.
    machine : ctypes.Structure
        The machine that runs it.
    fields : sequence of str
        Names of the retire port's fields, in the order of their words.
    """

    def __init__(self, model: Model, machine: ctypes.Structure, fields: Sequence[str]):
        self._model = model
        self._machine = machine
        self._fields = fields
        self._library = library = model.library
        for name, (result, *arguments) in _FUNCTIONS.items():
            function = getattr(library, name)
            function.restype, function.argtypes = result, arguments
        self._native = _Watch()
        self._observers: list[tuple[Observer, Rules | None]] = []
        self._waveform: VcdWriter | None = None
        self._touched = False
        self.transcripts = Transcripts(library, machine, fields)

    def __del__(self) -> None:
        self.forget()
        if self._native.records:
            self._library.records_free(self._native.records)

    def observe(self, callback: Observer, rules: Rules | None = None) -> None:
        """See `Engine`; the callback gets its records when `fetch` is called."""
        self.fetch()
        self._observers.append((callback, rules))
        if not self._native.records:
            self._native.records = self._library.records_new(len(self._fields))
            self._update()
        self._set_rules()

    def stop_observing(self, callback: Observer) -> None:
        """The callback gets no records any more; without any the machine runs as fast again."""
        self._observers.remove(next(each for each in self._observers if each[0] == callback))
        if self._observers:
            self._set_rules()
            return
        records, self._native.records = self._native.records, None
        self._update()
        self._library.records_free(records)

    def _set_rules(self) -> None:
        """Takes what any observer wants."""
        rules = (
            []
            if any(each is None for _, each in self._observers)
            else [
                (self._fields.index(name), low, high)
                for _, each in self._observers
                for name, low, high in each or ()
            ]
        )
        words = [word for rule in rules for word in rule]
        self._library.records_rule(self._native.records, (_u64 * len(words))(*words), len(rules))

    def fetch(self) -> None:
        """Hands on what has been recorded; raises OSError if a waveform cannot be written."""
        if self._waveform is not None:
            self._waveform.check()
        if not self._native.records:
            return
        words = ctypes.POINTER(_u64)()
        count = self._library.records_fetch(self._native.records, ctypes.byref(words))
        taken, size = words[:count], len(self._fields) + 1
        for start in range(0, count, size):
            fields = dict(zip(self._fields, taken[start + 1 : start + size], strict=True))
            for observer, rules in self._observers:
                if rules is None or is_wanted(fields, rules):
                    observer(taken[start], fields)

    def start_trace(self, path: Path) -> None:
        """Writes a VCD to `path` from the cycle on that comes next; raises OSError."""
        self.stop_trace()
        self._waveform = self._write(path, self._model.address, self._machine.cycle)
        self._update()

    def stop_trace(self) -> None:
        """Ends the VCD if there is one; raises OSError."""
        if self._waveform is not None:
            waveform, self._waveform = self._waveform, None
            self._update()
            waveform.close()

    @property
    def traces(self) -> bool:
        """A waveform is being written."""
        return self._waveform is not None

    def save(self) -> Watched:
        """What `load` needs to return to this cycle."""
        waveform = self._waveform
        trace = None if waveform is None else (waveform.path, waveform.position())
        return Watched(self._library, self._native.ring, trace, self.transcripts.save())

    def load(self, watched: Watched) -> None:
        """Goes on from where it was; the machine is in that cycle again. Raises OSError."""
        self.forget()
        self._native.ring = watched.ring()
        state, cycle = self._model.address, self._machine.cycle
        path, end = watched.trace or (None, 0)
        if self._waveform is not None and self._waveform.path == path:
            self._waveform.return_to(end, state, cycle)
        else:
            self.stop_trace()
            if path is not None:
                self._waveform = self._write(path, state, cycle, end)
        self._touched = False
        self._update()
        self.transcripts.load(watched.transcripts)

    def touch(self) -> None:
        """Says that Python has changed the state."""
        self._touched = True
        self._native.touched = 1

    def before_run(self) -> None:
        """Shows in the waveform what Python has changed."""
        if self._touched and self._waveform is not None:
            self._waveform.touch(self._model.address)
        self._touched = False

    def keep(self, cycles: int) -> None:
        """Keeps the last `cycles` cycles from now on, instead of those kept so far."""
        self.forget()
        if not cycles:
            return
        model = self._model
        self._native.ring = self._library.ring_new(
            ctypes.byref(self._machine),
            *model.layout.own_words(),
            len(model.state),
            model.places.get(STALE, NEVER),
            cycles,
        )
        self._library.ring_keep(self._native.ring, self._model.address, self._machine.cycle)
        self._update()

    def forget(self) -> None:
        """Keeps no cycles any more."""
        if self._native.ring:
            self._library.ring_free(self._native.ring)
            self._native.ring = None
            self._update()

    def write_kept(self, path: Path, first: int, last: int) -> bool:
        """Writes a VCD of the cycles `first` to `last` as far as they are kept.

        Returns whether there was one. Raises OSError.
        """
        ring, library = self._native.ring, self._library
        kept = range(library.ring_count(ring) if ring else 0)
        begin = bisect_left(kept, first, key=lambda number: library.ring_cycle(ring, number))
        end = bisect_right(kept, last, key=lambda number: library.ring_cycle(ring, number))
        if begin >= end:
            return False
        state, cycle = library.ring_state(ring, begin), library.ring_cycle(ring, begin)
        waveform = self._write(path, state, cycle)
        library.ring_write(ring, waveform.address, begin + 1, end)
        waveform.close()
        return True

    def _write(self, path: Path, state: int, cycle: int, end: int | None = None) -> "VcdWriter":
        # Not at the top: it looks into the design, which other watching does without.
        from sim.engines.native.machine.vcd import VcdWriter

        return VcdWriter(self._model, path, state, cycle, end)

    def _update(self) -> None:
        waveform = self._waveform
        self._native.trace = waveform.address if waveform is not None else None
        self._library.watch_set(ctypes.byref(self._machine), ctypes.byref(self._native))
