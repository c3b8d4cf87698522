"""A run by a script: which records retire in which cycles, and when it ends or wants input."""

from types import SimpleNamespace

from sim.engines.inspection import RETIRED
from sim.machine import End

__all__ = ["Scripted", "record"]

#: Cycles after which the machine stands still in any case.
CHUNK = 64


def record(**fields):
    """A record of an instruction in user mode, but for some fields."""
    return dict.fromkeys(RETIRED, 0) | {"valid": 1} | fields


class Scripted:
    """A session. `records` are by their cycles; it has `wanted` input to go on behind a cycle.

    Members: `cycles_run`, how many it has been run for, however often.
    """

    def __init__(self, records=(), *, end=1_000_000, typed=None, wanted=(), ends=End.FINISHED):
        self.records, self._end, self._ends = dict(records), end, ends
        self._typed, self._wanted = typed, wanted
        self.cycle = self.cycles_run = 0
        self.end, self.exit_code = End.LIMIT, 3
        self.watchers, self._observer, self._stopped = [], None, False
        self.machine = self.engine = self
        self.config = SimpleNamespace(svadu=False)
        proc = SimpleNamespace(pid=2, name="lazy")
        self.kernel = SimpleNamespace(proc=proc, procs=[proc])
        self.guest = SimpleNamespace(faults=[])

    # What the debugger and its watcher do to the machine and its engine.

    def stop(self):
        self._stopped = True

    def go_on(self):
        self._stopped = False

    def observe(self, callback, rules):
        self._observer = callback, rules

    def stop_observing(self, callback):
        assert self._observer[0] == callback
        self._observer = None

    def inspect(self, names):
        fields = self.records.get(self.cycle, dict.fromkeys(RETIRED, 0))
        return {name: fields[name.removeprefix("retire.")] for name in names}

    # The session.

    def snapshot(self, like=None):
        typed = None if self._typed is None else self._typed.save_state()
        return SimpleNamespace(cycle=self.cycle, typed=typed, end=self.end, python=(), ram={})

    def restore(self, snapshot):
        self.cycle, self.end = snapshot.cycle, snapshot.end
        if self._typed is not None:
            self._typed.load_state(snapshot.typed)

    def run(self, limit):
        self.end = self._run(limit)
        return self.end

    def _run(self, limit):
        while self.cycle < self._end:
            for watcher in self.watchers:
                watcher.look(self)
            if self._stopped:
                return End.STOPPED
            if self.cycle >= limit:
                return End.LIMIT
            stops = [watcher.next_stop(self.cycle) for watcher in self.watchers]
            chunk = self.cycle + CHUNK
            self._go_to(min(limit, self._end, chunk, *(each for each in stops if each)))
        return self._ends

    def _go_to(self, cycle):
        while self.cycle < cycle:
            self.cycle += 1
            self.cycles_run += 1
            fields = self.records.get(self.cycle)
            if fields is not None and self._observer is not None:
                callback, rules = self._observer
                if any(low <= fields[name] <= high for name, low, high in rules):
                    callback(self.cycle, fields)
            if self.cycle in self._wanted:
                self._typed.wait(self.cycle)
                self._typed.poll(self.cycle, 100)
