"""A strict reader of the Trace Event Format, the parts of it that are used.

"Trace Event Format", Chromium project: JSON Object Format; Duration, Complete, Instant, Counter,
Nestable Async and Metadata events.
"""

import json
from collections import defaultdict
from typing import NamedTuple

__all__ = ["Slice", "Trace", "read"]

_TOP = {"traceEvents", "displayTimeUnit", "otherData"}
#: Of each phase, the keys that an event must have, and those that it may have besides.
_KEYS = {
    "B": ({"name", "cat", "ts", "pid", "tid"}, {"args"}),
    "E": ({"name", "cat", "ts", "pid", "tid"}, {"args"}),
    "X": ({"name", "cat", "ts", "dur", "pid", "tid"}, {"args"}),
    "i": ({"name", "cat", "ts", "s", "pid", "tid"}, {"args"}),
    "C": ({"name", "ts", "args", "pid", "tid"}, set()),
    "b": ({"name", "cat", "id", "ts", "pid", "tid"}, {"args"}),
    "e": ({"name", "cat", "id", "ts", "pid", "tid"}, {"args"}),
    "M": ({"name", "pid", "args"}, {"tid"}),
}
_METADATA = {"process_name", "thread_name"}


class Slice(NamedTuple):
    """From `start` to `end` on a track, `depth` deep in others, with the arguments of both ends."""

    track: tuple
    name: str
    start: int
    end: int
    depth: int
    args: dict

    @property
    def cycles(self):
        return self.end - self.start


class Trace:
    """What a trace says: slices in the order of their ends, counters, and names of tracks."""

    def __init__(self):
        self.slices = []
        self.instants = []
        self.counters = defaultdict(list)
        self.processes = {}
        self.threads = {}
        self._open = defaultdict(list)
        self._last = defaultdict(int)

    def on(self, pid, thread):
        """The slices of a thread, by its name."""
        (tid,) = {tid for (of, tid), name in self.threads.items() if (of, name) == (pid, thread)}
        return [each for each in self.slices if each.track == (pid, tid)]

    def take(self, event):
        """The next event."""
        phase = event.pop("ph")
        needed, possible = _KEYS[phase]
        assert needed <= event.keys() <= needed | possible, (phase, event)
        if phase == "M":
            return self._name(**event)
        assert (event["pid"], event["tid"]) in self.threads, event
        assert event["pid"] in self.processes, event
        for key in {"ts", "dur"} & event.keys():
            assert type(event[key]) is int, event
            assert event[key] >= 0, event
        return getattr(self, f"_{'async' if phase in 'be' else 'sync'}")(phase, event)

    def end(self):
        """Nothing more comes."""
        assert not any(self._open.values()), self._open

    def _name(self, name, pid, args, tid=None):
        assert name in _METADATA
        assert args.keys() == {"name"}
        assert type(args["name"]) is str
        if name == "process_name":
            self.processes[pid] = args["name"]
        else:
            assert tid is not None
            assert self.threads.setdefault((pid, tid), args["name"]) == args["name"]

    def _sync(self, phase, event):
        track = event["pid"], event["tid"]
        if phase == "C":
            assert all(type(value) is int for value in event["args"].values())
            self._rises((*track, event["name"]), event["ts"])
            self.counters[event["name"]].append((event["ts"], event["args"]))
            return
        self._rises(track, event["ts"])
        if phase == "i":
            assert event["s"] in ("g", "p", "t")
            self.instants.append(event)
        elif phase == "X":
            assert not self._open[track], "complete events stand alone here"
            end = event["ts"] + event["dur"]
            self._last[track] = end  # and so the next one does not overlap
            args = event.get("args", {})
            self.slices.append(Slice(track, event["name"], event["ts"], end, 0, args))
        else:
            self._mark(track, phase == "B", event)

    def _async(self, phase, event):
        assert int(event["id"], 16) > 0
        track = event["cat"], event["id"], event["pid"]
        self._rises(track, event["ts"])
        self._mark(track, phase == "b", event)

    def _mark(self, track, begins, event):
        stack = self._open[track]
        if begins:
            stack.append(event)
            return
        begin = stack.pop()
        assert (begin["name"], begin["cat"]) == (event["name"], event["cat"]), (begin, event)
        args = begin.get("args", {}) | event.get("args", {})
        times = begin["ts"], event["ts"]
        self.slices.append(Slice(track, event["name"], *times, len(stack), args))

    def _rises(self, track, cycle):
        assert cycle >= self._last[track], (track, cycle)
        self._last[track] = cycle


def read(path):
    """The trace in a file; AssertionError if it is none."""

    def unique(pairs):
        assert len({key for key, _ in pairs}) == len(pairs), pairs
        return dict(pairs)

    content = json.loads(path.read_text(), object_pairs_hook=unique)
    assert content.keys() <= _TOP
    assert content.get("displayTimeUnit", "ms") in ("ms", "ns")
    trace = Trace()
    for event in content["traceEvents"]:
        trace.take(event)
    trace.end()
    return trace
