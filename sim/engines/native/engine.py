"""The native engine: the hart and the bus in one compiled library."""

import ctypes
from collections.abc import Callable, Mapping
from pathlib import Path

from sim.bus import DATA, FETCH, Bus, ProtocolError, Refused, Request
from sim.engines.base import Engine, TrapLog
from sim.engines.native.model import Model
from sim.events import Budget, Doorbell, Event, HtifWrite

__all__ = ["NativeEngine"]

NEVER = (1 << 64) - 1
_REQUEST = ("valid", "address", "write", "data", "strobe", "size", "source", "lock")
_RETIRE = ("valid", "trap", "pc_rdata", "mode", "cause", "tval")
_DEPTH, _LOG, _WAITING, _WINDOW = 16, 1024, 1024, 64
#: Numbers of events in machine.cpp.
_BUDGET, _RING, _WATCHED, _DEVICE, _PROTOCOL = range(5)
_RULES = {
    1: "the address of a request is not aligned to its size",
    2: "the fetch port wrote",
    3: "a request was admitted while another source holds the lock",
}

_u64 = ctypes.c_uint64


def _words(*names):
    return [(name, _u64) for name in names]


class _Request(ctypes.Structure):
    _fields_ = _words(*_REQUEST)


class _Response(ctypes.Structure):
    _fields_ = _words("due", "data", "error", "locks")


class _Port(ctypes.Structure):
    _fields_ = [
        *_words("ready_at", "valid_at", "data_at", "error_at", "request_at"),
        ("queue", _Response * _DEPTH),
        *_words("head", "count", "ready"),
    ]


class _Trap(ctypes.Structure):
    _fields_ = _words("cycle", "pc", "cause", "tval", "mode")


class _Retry(ctypes.Structure):
    _fields_ = _words("number", "cycle")


class _Waiting(ctypes.Structure):
    _fields_ = _words("pc", "number")


class _Machine(ctypes.Structure):
    """The struct of the same name in machine.cpp."""

    _fields_ = [
        *_words("state", "ram", "ram_base", "ram_size", "latency"),
        ("port", _Port * 2),
        *_words("time_at", "retire_at", "watched"),
        *_words("window_base", "loadable", "storable", "ring"),
        ("window", _u64 * _WINDOW),
        *_words("lock_port", "lock_source", "withheld", "withheld_cycle"),
        *_words("cycle", "instructions", "event", "event_value"),
        ("device", _Request),
        *_words("trap_number", "trap_count", "retry_count", "waiting_count", "waiting_filter"),
        ("traps", _Trap * _LOG),
        ("retries", _Retry * _LOG),
        ("waiting", _Waiting * _WAITING),
        *_words("watch"),
    ]


class NativeEngine(Engine):
    """Runs `hart` and `bus` in compiled code; see `Engine`.

    Parameters
    ----------
    hart : wiring.Component
        A hart as `hdl.hart.Hart`, or anything with its ports and its `registers`.
    bus : Bus
        What lies behind its memory ports. Its RAM, latency, devices and watched word are used; a
        device with a `window` is served in compiled code.
    directory : Path
        Where compiled libraries are kept.
    """

    name = "native"
    chunk = 400_000

    def __init__(self, hart, bus: Bus, directory: Path):
        self.log = TrapLog()
        self._bus = bus
        self._window = next((d for d in bus.devices if hasattr(d, "window")), None)
        ports = (hart.fetch_port, hart.data_port)
        outputs = [getattr(port.request, name) for port in ports for name in _REQUEST]
        outputs += [getattr(hart.retire, name) for name in _RETIRE]
        runtime = (Path(__file__).parent / "machine.cpp").read_text()
        self.model = model = Model(hart, outputs, directory, runtime=runtime)
        self._registers = model.row_of(hart.registers, 0)
        library = model.library
        self._run, self._answer = library.machine_run, library.machine_answer
        self._serve = library.machine_serve
        self._machine = machine = _Machine()
        self._address = ctypes.byref(machine)
        self._run.argtypes = (ctypes.c_void_p, _u64)
        self._answer.argtypes = self._serve.argtypes = (ctypes.c_void_p, _u64, _u64, _u64)
        library.machine_size.restype = _u64
        assert library.machine_size() == ctypes.sizeof(_Machine)
        self._fill(hart, ports)
        library.machine_drive(self._address)

    def _fill(self, hart, ports) -> None:
        """Tells the compiled side where everything is."""
        machine, model, bus = self._machine, self.model, self._bus
        self._ram = (ctypes.c_char * 1).from_buffer(bus.ram.bytes)
        machine.state = model.address
        machine.ram = ctypes.addressof(self._ram)
        machine.ram_base, machine.ram_size = bus.ram.base, bus.ram.size
        machine.latency = bus.latency
        for number, port in enumerate(ports):
            native = machine.port[number]
            native.ready_at = model.word_of(port.request.ready)
            for name in ("valid", "data", "error"):
                setattr(native, f"{name}_at", model.word_of(getattr(port.response, name)))
            native.request_at = number * len(_REQUEST)
        machine.time_at = model.word_of(hart.time)
        machine.retire_at = len(ports) * len(_REQUEST)
        machine.watched = NEVER if bus.watched is None else (bus.watched - bus.ram.base) >> 3
        machine.lock_port = len(ports)
        self._lines = {name: model.word_of(getattr(hart, name))
                       for name in ("msip", "mtip", "meip", "seip")}  # fmt: skip
        if self._window is not None:
            window = self._window.window
            machine.window_base = self._window.base
            machine.ring = window.ring >> 3
            machine.loadable = sum(1 << (offset >> 3) for offset in window.loadable)
            machine.storable = sum(1 << (offset >> 3) for offset in window.storable)
            self._publish()
        else:
            machine.window_base = NEVER - 4096

    @property
    def cycle(self) -> int:
        """Cycles passed."""
        return self._machine.cycle

    def run(self, cycles: int) -> Event:
        """Runs for at most `cycles` cycles; returns what ended it."""
        machine = self._machine
        limit = machine.cycle + cycles
        while True:
            self._run(self._address, limit - machine.cycle)
            self._fetch_log()
            event = machine.event
            if event == _RING:
                for offset in self._window.window.storable:
                    self._window.window.store(offset, machine.window[offset >> 3])
                return Doorbell(machine.event_value)
            if event == _WATCHED:
                return HtifWrite(machine.cycle - 1, machine.event_value)
            if event == _DEVICE:
                self._serve_device()
            elif event == _PROTOCOL:
                port, rule = divmod(machine.event_value, 256)
                raise ProtocolError(f"port {port}: {_RULES[rule]}")
            if machine.cycle >= limit:
                return Budget()

    def answer(self, delay: int) -> None:
        """Answers the doorbell's store; see `Engine`."""
        if not self._machine.withheld:
            raise RuntimeError("answer() without a store that waits for it")
        if delay < 0:
            raise ValueError(f"delay must not be negative, not {delay}")
        self._publish()
        self._answer(self._address, delay, 0, 0)

    def read_register(self, number: int) -> int:
        """The value of x`number`."""
        return self.model.state[self._registers + number]

    def write_register(self, number: int, value: int) -> None:
        """Sets x`number` to `value`; x0 stays 0."""
        if number:
            self.model.state[self._registers + number] = value

    def set_line(self, name: str, level: bool) -> None:
        """Drives an interrupt line; see `Engine`."""
        self.model.state[self._lines[name]] = int(level)

    def observe(self, callback: Callable[[int, Mapping[str, int]], None]) -> None:
        """See `Engine`."""
        raise NotImplementedError("the engine native shows no retire records yet")

    def start_trace(self, path: Path) -> None:
        """See `Engine`."""
        raise NotImplementedError("the engine native writes no waveforms yet")

    def stop_trace(self) -> None:
        """Ends the VCD; does nothing if none is being written."""

    def _publish(self) -> None:
        """Copies the registers that the hart loads."""
        window, words = self._window.window, self._machine.window
        for offset in window.loadable:
            words[offset >> 3] = window.load(offset)

    def _fetch_log(self) -> None:
        """Takes over what has been logged since the last time."""
        machine, log = self._machine, self.log
        log.instructions = machine.instructions
        if machine.trap_count:
            for trap in machine.traps[: machine.trap_count]:
                log.add(trap.cycle, trap.pc, trap.cause, trap.tval, trap.mode)
            machine.trap_count = 0
        if machine.retry_count:
            for retry in machine.retries[: machine.retry_count]:
                log.traps[retry.number].retried_at = retry.cycle
            machine.retry_count = 0

    def _serve_device(self) -> None:
        """An access to a device that is not in the window."""
        request = self._machine.device
        plain = Request(*(getattr(request, name) for name in _REQUEST[1:]))
        try:
            self._serve(self._address, self._bus.serve(plain), 0)
        except Refused:
            self._serve(self._address, 0, 1)
