"""The longest paths of a placed and routed design, from the delays that nextpnr writes as SDF."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from sim.bench.synth.netlist import Place, Routed

__all__ = ["Path", "Stop", "worst_paths"]

_CELL = re.compile(r"\(INSTANCE (\S*?)\)")
_WIRE = re.compile(r"\(INTERCONNECT (\S+) (\S+) \(\d+:\d+:(\d+)\)")
_ARC = re.compile(r"\(IOPATH (\S+) (\S+) \(\d+:\d+:(\d+)\)")
_SETUP = re.compile(r"\(SETUPHOLD \(posedge (\S+)\) \(posedge \S+\) \(-?\d+:-?\d+:(-?\d+)\)")
#: Ports at which a path begins.
_CLOCKS = ("CLK", "WCK")

Pin = tuple[str, str]


@dataclass(frozen=True)
class Stop:
    """A signal of Amaranth on a path, where it is declared, and ns from the clock edge to there.

    In logic few signals are left, so it may be one nearby. A register that Amaranth does not know
    has no place.
    """

    signal: str
    place: Place
    ns: float


@dataclass(frozen=True)
class Path:
    """The slowest of the paths from registers declared in one line to those declared in another.

    Attributes
    ----------
    ns : float
        From clock edge to clock edge, set-up included.
    cells : int
        Cells between the registers.
    stops : tuple of Stop
        The signals on the way that Amaranth knows, both registers included.
    """

    ns: float
    cells: int
    stops: tuple[Stop, ...]


class _Delays:
    """What an SDF file says, in ps: from pin to pin, where paths begin, what registers need."""

    def __init__(self, lines: Iterable[str]) -> None:
        self.arcs: dict[Pin, list[tuple[Pin, int]]] = {}
        self.starts: dict[Pin, int] = {}
        self.ends: dict[Pin, int] = {}
        cell = ""
        for line in lines:
            if found := _WIRE.search(line):
                self._add(_pin(found[1]), _pin(found[2]), int(found[3]))
            elif found := _ARC.search(line):
                if found[1] in _CLOCKS:
                    self.starts[cell, found[2]] = int(found[3])
                else:
                    self._add((cell, found[1]), (cell, found[2]), int(found[3]))
            elif found := _SETUP.search(line):
                self.ends[cell, found[1]] = int(found[2])
            elif found := _CELL.search(line):
                cell = _plain(found[1])

    def _add(self, source: Pin, sink: Pin, delay: int) -> None:
        self.arcs.setdefault(source, []).append((sink, delay))

    def arrivals(self) -> tuple[dict[Pin, int], dict[Pin, Pin]]:
        """When the last signal reaches each pin, and through which pin it comes."""
        arrival, before = dict(self.starts), dict[Pin, Pin]()
        for pin in self._ordered():
            for sink, delay in self.arcs.get(pin, ()):
                if arrival[pin] + delay > arrival.get(sink, -1):
                    arrival[sink], before[sink] = arrival[pin] + delay, pin
        return arrival, before

    def _ordered(self) -> Iterator[Pin]:
        """All pins that are reached, each behind those that it is reached through."""
        waiting = dict.fromkeys(self.starts, 0)
        seen, open_pins = set(waiting), list(waiting)
        while open_pins:
            for sink, _ in self.arcs.get(open_pins.pop(), ()):
                waiting[sink] = waiting.get(sink, 0) + 1
                if sink not in seen:
                    seen.add(sink)
                    open_pins.append(sink)
        ready = [pin for pin, number in waiting.items() if not number]
        while ready:
            pin = ready.pop()
            yield pin
            for sink, _ in self.arcs.get(pin, ()):
                waiting[sink] -= 1
                if not waiting[sink]:
                    ready.append(sink)


def worst_paths(sdf: Iterable[str], routed: Routed, count: int) -> list[Path]:
    """The `count` slowest paths of `sdf`, slowest first."""
    delays = _Delays(sdf)
    arrival, before = delays.arrivals()
    ends = [(arrival[pin] + setup, pin) for pin, setup in delays.ends.items() if pin in arrival]
    paths: dict[tuple[str, str], Path] = {}
    for total, end in sorted(ends, reverse=True):
        pins = [end]
        while pins[-1] in before:
            pins.append(before[pins[-1]])
        pins.reverse()
        stops = tuple(_stops(routed, pins, arrival))
        first, last = (stop.place or stop.signal for stop in (stops[0], stops[-1]))
        if (first, last) not in paths:
            cells = len({cell for cell, _ in pins}) - 2
            paths[first, last] = Path(total / 1000, cells, stops)
        if len(paths) == count:
            break
    return list(paths.values())


def _stops(routed: Routed, pins: list[Pin], arrival: dict[Pin, int]) -> Iterator[Stop]:
    """The registers at both ends of `pins`, and each signal between them once."""
    (first, port), *way, (last, _) = pins
    met = set()
    yield Stop(*(routed.signal(first, port) or (first, "")), arrival[pins[0]] / 1000)
    for cell, port in way:
        known = routed.signal(cell, port)
        if known is not None and known not in met:
            met.add(known)
            yield Stop(*known, arrival[cell, port] / 1000)
    yield Stop(*(routed.signal(last, "Q") or (last, "")), arrival[pins[-1]] / 1000)


def _pin(text: str) -> Pin:
    cell, _, port = text.rpartition("/")
    return _plain(cell), port


def _plain(name: str) -> str:
    return name.replace("\\", "")
