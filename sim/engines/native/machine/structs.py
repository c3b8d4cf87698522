"""The structs of machine.cpp, and its numbers, for Python."""

import ctypes
from struct import Struct
from typing import Any

from sim.config import MOST_BUS_ERRORS
from sim.engines.story import LOOKUP, READS, SIDES, Passage, Read
from sim.engines.traps import MOST_EXPECTED
from sim.platform.bus import DEPTH

__all__ = [
    "BUDGET",
    "CELLS",
    "DEVICE",
    "ENTRY",
    "EVENTS",
    "LOG",
    "POINTERS",
    "PROTOCOL",
    "REFUSALS",
    "REQUEST",
    "RETIRED",
    "WATCHED",
    "WINDOWS",
    "MachineStruct",
    "bytes_of",
    "words_of",
]

#: Numbers of events.
BUDGET, WATCHED, DEVICE, PROTOCOL = range(4)
#: Windows of a machine, and registers of each.
WINDOWS, CELLS = 8, 64
#: Accesses that can be made to go wrong.
REFUSALS = MOST_BUS_ERRORS
#: Fields of a request.
REQUEST = ("valid", "address", "write", "data", "strobe", "size", "source", "lock")
#: Members of `MachineStruct` that are addresses, besides `withheld`, which is one inside of it.
POINTERS = ("state", "ram", "before", "watch", "watcher", "record", "transcripts", "walked")
#: Events that can be counted.
EVENTS = 64
#: Entries of the log; and the cause of one that tells of an instruction that retired.
LOG, RETIRED = 1024, (1 << 64) - 1

_u64 = ctypes.c_uint64


def _words(*names: str) -> list[tuple[str, type[ctypes.c_uint64]]]:
    return [(name, _u64) for name in names]


class _Request(ctypes.Structure):
    _fields_ = _words(*REQUEST)


class _Response(ctypes.Structure):
    _fields_ = _words("due", "data", "error", "locks")


class _Port(ctypes.Structure):
    _fields_ = [
        *_words("ready_at", "valid_at", "data_at", "error_at", "request_at"),
        ("queue", _Response * DEPTH),
        *_words("head", "count", "ready"),
    ]


class _Lookup(ctypes.Structure):
    _fields_ = _words(*LOOKUP)


class _Entry(ctypes.Structure):
    _fields_ = [*_words("cycle", "pc", "cause", "tval", "mode"), ("lookups", _Lookup * SIDES)]


#: An entry of the log as Python reads it: its words, and its look-ups as they are packed.
ENTRY = Struct(f"<5Q{SIDES * ctypes.sizeof(_Lookup)}s")


class _Passage(ctypes.Structure):
    _fields_ = _words(*Passage._fields)


class _Story(ctypes.Structure):
    _fields_ = [
        *_words("probe_at", "handler_at"),
        ("asking", _u64 * SIDES),
        *((name, _Lookup * SIDES) for name in ("now", "refused", "older", "first")),
        ("passage", _Passage),
        *_words("satp"),
    ]


class _Read(ctypes.Structure):
    _fields_ = _words(*Read._fields)


class _Walk(ctypes.Structure):
    _fields_ = [
        *_words("probe_at", "active", "begun", "side", "access", "priv", "sum", "mxr", "adue"),
        *_words("asid", "va", "root", "last", "known", "caches", "cached", "written_at", "written"),
        ("reads", _Read * READS),
    ]


class _Counts(ctypes.Structure):
    _fields_ = [*_words("events_at"), ("of", _u64 * EVENTS)]


class _Window(ctypes.Structure):
    _fields_ = [
        *_words("base", "size", "loadable", "storable", "counting", "fetchable", "stored"),
        ("cells", _u64 * CELLS),
    ]


class _Refusal(ctypes.Structure):
    _fields_ = _words("address", "nth", "seen", "cycle", "source", "write")


class _Refusals(ctypes.Structure):
    _fields_ = [("of", _Refusal * REFUSALS), *_words("count")]


class MachineStruct(ctypes.Structure):
    """The struct of the same name in machine.cpp."""

    _fields_ = [
        *_words("state", "ram", "ram_base", "ram_size", "latency"),
        ("port", _Port * 2),
        *_words("time_at", "retire_at", "watched"),
        ("windows", _Window * WINDOWS),
        *_words("window_count", "deadline"),
        *_words("lock_port", "lock_source", "withheld", "withheld_cycle"),
        *_words("cycle", "instructions", "user_instructions", "event", "event_value", "open"),
        ("device", _Request),
        *_words("trap_count", "logged", "expecting", "expected_count", "expected_filter"),
        ("log", _Entry * LOG),
        ("expected", _u64 * MOST_EXPECTED),
        *_words("forward", "state_words", "before", "counter_at", "compare_at", "skipped"),
        *_words("look", "progress", "armed", "answered"),
        *_words("watch", "watcher", "sparse", "record", "transcripts", "walked"),
        ("story", _Story),
        ("walk", _Walk),
        ("counts", _Counts),
        ("refusals", _Refusals),
    ]


def bytes_of(part: ctypes.Structure | ctypes.Array[Any]) -> memoryview:
    """A part of a machine as its bytes."""
    return memoryview(part).cast("B")


def words_of(part: ctypes.Structure | ctypes.Array[Any]) -> memoryview:
    """A part of a machine as its words."""
    return memoryview(part).cast("B").cast("Q")
