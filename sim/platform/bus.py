"""The bus of the machine: what lies behind the hart's two memory ports.

A plain-Python model, without Amaranth: an engine tells it which requests were accepted in a cycle
and asks what to drive in the next one. Rules, which every engine follows to the cycle:

1. A request accepted in cycle `c` reads or writes at once; its response is valid in cycle
   `c + latency`, later only behind an earlier response of the same port.
2. Responses of a port come in order, one a cycle.
3. A port takes a request a cycle while fewer than `DEPTH` of its requests are unanswered and the
   other port does not hold the bus.
4. An accepted request with `lock` holds the bus: the other port is not ready from the next cycle
   until its port's next request has been accepted, or it was itself answered with an error.
5. If both ports are accepted in one cycle, the fetch port's access comes first.
6. A device may withhold the answer to a store: the store raises an event, and `answer` says when.
   That is one cycle later than rule 1 at the earliest, since the host acts between two cycles.
7. Where neither RAM nor a device is, and where a device refuses, the response is an error.
8. A device acts on an access in the cycle of the access, and on its deadline at the end of the
   cycle before; see `sim.platform.device.Device`.
9. An access that is to go wrong (`Refusal`) changes nothing, and the response is an error.
"""

import copy
import itertools
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sim.platform.device import LINES, Device, Refused
from sim.platform.events import Event
from sim.platform.ram import Ram

__all__ = ["DATA", "DEPTH", "FETCH", "Bus", "ProtocolError", "Refusal", "Request"]

#: The ports, by number: fetches; data accesses and walks.
FETCH, DATA = 0, 1
#: Requests of one port that may be waiting for their response.
DEPTH = 16
#: The bits that a byte strobe covers in a 64-bit word.
_STROBE_MASKS = [
    sum(0xFF << 8 * lane for lane in range(8) if strobe >> lane & 1) for strobe in range(256)
]


class ProtocolError(Exception):
    """The hart broke a rule of its memory port: a bug in the silicon, never in a program."""


@dataclass(slots=True)
class Request:
    """A request as `hdl.memory.port.RequestSignature` describes it."""

    address: int
    write: int = 0
    data: int = 0
    strobe: int = 0
    size: int = 3
    source: int = 0
    lock: int = 0


@dataclass(slots=True)
class Refusal:
    """The `nth` access to the 8 bytes around `address`, from 1 on, is answered with an error.

    `seen` are those so far, and `cycle` that of the error, or None; `source` is then what has made
    the request, one of `hdl.memory.port.Source`, and `write` whether it was one.
    """

    address: int
    nth: int
    seen: int = 0
    cycle: int | None = None
    source: int = 0
    write: int = 0


@dataclass(slots=True, eq=False)
class _Response:
    #: Cycle in which it is valid at the earliest; None while a device withholds it.
    due: int | None
    data: int = 0
    error: int = 0


@dataclass(frozen=True, slots=True)
class _Lock:
    """Who holds the bus: a port, the source behind it, and the response to the locked request."""

    port: int
    source: int
    response: _Response


class Bus:
    """RAM and devices behind the two ports of a hart; what devices see of it is a `Board`.

    Members
    -------
    ready : list of two bools
        Whether each port takes a request in the coming cycle.
    ram, latency, devices
        As given.
    watched : int or None
        Address of the word of RAM that a device watches.
    events : deque of Event
        What devices have raised; the engine takes them away.
    lines : dict of bool
        The level of each interrupt line.
    refusals : list of Refusal
        Accesses that are to go wrong; given before the run begins.

    Parameters
    ----------
    ram : Ram
        The memory.
    latency : int
        Cycles from acceptance to response, at least 1.
    devices : sequence of Device
        Reached by the data port; of the fetch port only windows that say so. Two whose deadlines
        come at once act in this order.

    Raises
    ------
    ValueError
        If the latency is less than 1, devices overlap each other or RAM, a device watches what is
        no word of RAM, or two devices watch.
    """

    def __init__(self, ram: Ram, *, latency: int = 1, devices: Sequence[Device] = ()):
        if latency < 1:
            raise ValueError(f"latency must be at least 1 cycle, not {latency}")
        self.latency = latency
        self.ready = [True, True]
        self.events: deque[Event] = deque()
        self.ram = ram
        self.lines = dict.fromkeys(LINES, False)
        self.refusals: list[Refusal] = []
        self._words = ram.words
        self._queues: tuple[deque[_Response], ...] = (deque(), deque())
        self._lock: _Lock | None = None
        self._withheld: tuple[int, _Response] | None = None
        self.devices = list(devices)
        #: Those that have a `tick` of their own.
        self._timed = [each for each in devices if type(each).tick is not Device.tick]
        #: Whether there are any: else there is never a deadline.
        self.timed = bool(self._timed)
        self._check_places()
        watchers = [device for device in devices if device.watched is not None]
        if len(watchers) > 1:
            raise ValueError("only one word can be watched")
        self._watcher = watchers[0] if watchers else None
        self.watched = None if self._watcher is None else self._watcher.watched
        if self.watched is not None and (self.watched % 8 or self.watched not in ram):
            raise ValueError(f"watched must be the address of a word in RAM, not {self.watched:#x}")
        self._watched = None if self.watched is None else (self.watched - ram.base) >> 3
        for device in devices:
            device.connect(self)

    def _check_places(self) -> None:
        parts: list[Ram | Device] = [self.ram, *self.devices]
        places = sorted((each.base, each.size) for each in parts if each.size)
        for (base, size), (following, _) in itertools.pairwise(places):
            if base + size > following:
                raise ValueError(f"two lie at {following:#x}, of RAM and devices")

    def accept(self, port: int, cycle: int, request: Request) -> None:
        """Takes `request`, accepted on `port` in `cycle`; may raise an event."""
        self._check(port, request)
        response = _Response(cycle + self.latency)
        try:
            self._access(port, cycle, request, response)
        except Refused:
            response.error = 1
        if request.lock:
            self._lock = _Lock(port, request.source, response)
        elif self._lock is not None and self._lock.port == port:
            self._lock = None
        self._queues[port].append(response)

    def respond(self, port: int, cycle: int) -> tuple[int, int] | None:
        """The (data, error) that is valid on `port` in `cycle`, or None. Once for each cycle."""
        queue = self._queues[port]
        if not queue or queue[0].due is None or queue[0].due > cycle:
            return None
        response = queue.popleft()
        if response.error and self._lock is not None and self._lock.response is response:
            self._lock = None
        return response.data, response.error

    def settle(self) -> None:
        """Works out `ready` for the coming cycle, after its responses were taken."""
        lock = self._lock
        for port, queue in enumerate(self._queues):
            self.ready[port] = len(queue) < DEPTH and (lock is None or lock.port == port)

    def snapshot(self) -> object:
        """What is under way, for `restore`; what devices and lines are is no part of it."""
        state = self._queues, self._lock, self._withheld, self.ready
        return copy.deepcopy((state, self.refusals))

    def restore(self, snapshot: Any) -> None:
        """Returns to a `snapshot`."""
        state, refusals = copy.deepcopy(snapshot)
        for each, saved in zip(self.refusals, refusals, strict=True):  # who asked for it keeps it
            each.seen, each.cycle = saved.seen, saved.cycle
            each.source, each.write = saved.source, saved.write
        self._queues, self._lock, self._withheld, self.ready = state

    @property
    def busy(self) -> bool:
        """Whether a request waits for its response."""
        return bool(self._queues[FETCH] or self._queues[DATA])

    def answer(self, delay: int) -> int:
        """Lets the withheld store be answered `delay` cycles later than at the earliest.

        Returns the cycle of the response.
        """
        if self._withheld is None:
            raise RuntimeError("answer() without a store that waits for it")
        if delay < 0:
            raise ValueError(f"delay must not be negative, not {delay}")
        accepted, response = self._withheld
        response.due = due = accepted + self.latency + 1 + delay
        self._withheld = None
        return due

    def set_line(self, name: str, level: bool) -> None:
        """Drives an interrupt line; KeyError for one that is none of `LINES`."""
        if name not in self.lines:
            raise KeyError(name)
        self.lines[name] = bool(level)

    @property
    def deadline(self) -> int | None:
        """The first cycle in which a device wants its `tick`."""
        found: int | None = None
        for device in self._timed:
            due = device.deadline
            if due is not None and (found is None or due < found):
                found = due
        return found

    def tick(self, cycle: int) -> None:
        """Calls the devices whose deadline has come, before the inputs of `cycle` are driven.

        Raises ValueError if one of them does not set another deadline.
        """
        deadline = self.deadline
        while deadline is not None and deadline <= cycle:
            for device in self._timed:
                if device.deadline is not None and device.deadline <= cycle:
                    self._raise(device.tick(cycle))
                    if device.deadline is not None and device.deadline <= cycle:
                        raise ValueError(
                            f"the deadline of {device} must be later than cycle {cycle}, "
                            f"not {device.deadline}"
                        )
            deadline = self.deadline

    def written(self, strobe: int, cycle: int) -> None:
        """The watched word was stored to in `cycle`, in the byte lanes of `strobe`."""
        assert self._watcher is not None
        self._raise(self._watcher.written(strobe, cycle))

    def device_access(
        self, cycle: int, address: int, size: int, write: int, data: int
    ) -> int | None:
        """An access of `1 << size` bytes to a device, whose data are in their byte lanes.

        Returns the data of a load, 0 for a store, and None if the answer is withheld. Raises
        `Refused`.
        """
        device = self._device_at(address)
        offset, count, shift = address - device.base, 1 << size, 8 * (address & 7)
        if not write:
            return device.load(offset, count, cycle) << shift
        event = device.store(offset, count, data >> shift & (1 << 8 * count) - 1, cycle)
        self._raise(event)
        return 0 if event is None else None

    def _raise(self, event: Event | None) -> None:
        if event is not None:
            self.events.append(event)

    def _refuse(self, cycle: int, request: Request) -> None:
        """Counts the access, and raises `Refused` if it is to go wrong."""
        wrong = False
        for each in self.refusals:
            if each.address >> 3 == request.address >> 3:
                each.seen += 1
                if each.seen == each.nth:
                    wrong = True
                    each.cycle, each.source, each.write = cycle, request.source, request.write
        if wrong:
            raise Refused

    def _access(self, port: int, cycle: int, request: Request, response: _Response) -> None:
        if self.refusals:
            self._refuse(cycle, request)
        ram = self.ram
        offset = request.address - ram.base
        if 0 <= offset < ram.size:
            index = offset >> 3
            if request.write:
                self._store(index, cycle, request)
            else:
                response.data = self._words[index]
            return
        if port == FETCH:
            response.data = self._fetch(cycle, request.address & -8)
            return
        data = self.device_access(cycle, request.address, request.size, request.write, request.data)
        if data is None:
            self._withheld = (cycle, response)
            response.due = None
        else:
            response.data = data

    def _fetch(self, cycle: int, address: int) -> int:
        """The doubleword of ROM at `address`."""
        device = self._device_at(address)
        offset = address - device.base
        if any(window.fetchable and offset in window.loadable for window in device.windows):
            return device.load(offset, 8, cycle)
        raise Refused

    def _store(self, index: int, cycle: int, request: Request) -> None:
        mask = _STROBE_MASKS[request.strobe]
        self._words[index] = (self._words[index] & ~mask) | (request.data & mask)
        if index == self._watched:
            self.written(request.strobe, cycle)

    def _device_at(self, address: int) -> Device:
        for device in self.devices:
            if device.base <= address < device.base + device.size:
                return device
        raise Refused

    def _check(self, port: int, request: Request) -> None:
        if not self.ready[port]:
            raise ProtocolError(f"port {port}: a request was accepted while the port is not ready")
        if request.address & ((1 << request.size) - 1):
            raise ProtocolError(
                f"port {port}: address {request.address:#x} is not aligned to its size"
            )
        if port == FETCH and request.write:
            raise ProtocolError(f"the fetch port wrote to {request.address:#x}")
        lock = self._lock
        if lock is not None and lock.port == port and lock.source != request.source:
            raise ProtocolError(
                f"port {port}: source {request.source} was admitted to {request.address:#x} "
                f"while source {lock.source} holds the lock"
            )
