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
"""

from collections import deque
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Protocol

from sim.platform.events import Event, HtifWrite
from sim.platform.ram import Ram

__all__ = [
    "DATA",
    "DEPTH",
    "FETCH",
    "Bus",
    "Device",
    "ProtocolError",
    "Refused",
    "Request",
    "Window",
]

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


class Refused(Exception):
    """A device does not take this access; it becomes an error response."""


class Window(Protocol):
    """Plain registers of 8 bytes in the first 512 bytes of a device's page.

    An engine may keep copies of them: it takes those in `loadable` with `load` before the hart
    runs on, and hands over those in `storable` with `store` before the event that a store to the
    register at `ring` raises.
    """

    loadable: Collection[int]
    storable: Collection[int]
    ring: int

    def load(self, offset: int) -> int:
        """The register at `offset`."""

    def store(self, offset: int, value: int) -> None:
        """Writes the register at `offset`."""


class Device(Protocol):
    """A device behind the data port: `size` bytes of registers from physical address `base`.

    One that has a `window` (a `Window`) raises `Doorbell` and no other event.
    """

    base: int
    size: int

    def load(self, offset: int, count: int) -> int:
        """The register at `offset`, `count` bytes wide, or raises `Refused`."""

    def store(self, offset: int, count: int, value: int) -> Event | None:
        """Writes the register, or raises `Refused`; an event says that the answer must wait."""


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
    """RAM and devices behind the two ports of a hart.

    Members
    -------
    ready : list of two bools
        Whether each port takes a request in the coming cycle.
    ram, latency, devices, watched
        As given.
    event : Event or None
        What the last accepted request raised; the engine takes it away by setting None.

    Parameters
    ----------
    ram : Ram
        The memory.
    latency : int
        Cycles from acceptance to response, at least 1.
    devices : sequence of Device
        Reached by the data port.
    watched : int or None
        Address of the aligned 64-bit word whose stores raise `HtifWrite`.
    """

    def __init__(
        self,
        ram: Ram,
        *,
        latency: int = 1,
        devices: Sequence[Device] = (),
        watched: int | None = None,
    ):
        if latency < 1:
            raise ValueError(f"latency must be at least 1 cycle, not {latency}")
        if watched is not None and (watched % 8 or watched not in ram):
            raise ValueError(f"watched must be the address of a word in RAM, not {watched:#x}")
        self.latency = latency
        self.ready = [True, True]
        self.event: Event | None = None
        self.ram = ram
        self.devices = list(devices)
        self.watched = watched
        self._words = ram.words
        self._watched = None if watched is None else (watched - ram.base) >> 3
        self._queues: tuple[deque[_Response], ...] = (deque(), deque())
        self._lock: _Lock | None = None
        self._withheld: tuple[int, _Response] | None = None

    def accept(self, port: int, cycle: int, request: Request) -> None:
        """Takes `request`, accepted on `port` in `cycle`; may set `event`."""
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

    @property
    def busy(self) -> bool:
        """Whether a request waits for its response."""
        return bool(self._queues[FETCH] or self._queues[DATA])

    def answer(self, delay: int) -> None:
        """Lets the withheld store be answered `delay` cycles later than at the earliest."""
        if self._withheld is None:
            raise RuntimeError("answer() without a store that waits for it")
        if delay < 0:
            raise ValueError(f"delay must not be negative, not {delay}")
        accepted, response = self._withheld
        response.due = accepted + self.latency + 1 + delay
        self._withheld = None

    def _access(self, port: int, cycle: int, request: Request, response: _Response) -> None:
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
            raise Refused
        self._device_access(cycle, request, response)

    def _store(self, index: int, cycle: int, request: Request) -> None:
        mask = _STROBE_MASKS[request.strobe]
        self._words[index] = (self._words[index] & ~mask) | (request.data & mask)
        if index == self._watched:
            self.event = HtifWrite(cycle, request.strobe)

    def serve(self, request: Request) -> int:
        """The data (64 bits, 0 for a store) of an access to a device that answers at once.

        Raises `Refused`; a device that withholds its answer is refused too.
        """
        response = _Response(0)
        self._device_access(0, request, response)
        if response.due is None:
            raise Refused
        return response.data

    def _device_access(self, cycle: int, request: Request, response: _Response) -> None:
        device = self._device_at(request.address)
        offset = request.address - device.base
        count = 1 << request.size
        shift = 8 * (request.address & 7)
        if not request.write:
            response.data = device.load(offset, count) << shift
            return
        value = (request.data >> shift) & ((1 << 8 * count) - 1)
        event = device.store(offset, count, value)
        if event is not None:
            self.event = event
            self._withheld = (cycle, response)
            response.due = None

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
