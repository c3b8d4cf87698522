"""The native engine: the hart and the bus in one compiled library."""

import ctypes
from collections.abc import Callable, Mapping
from pathlib import Path

from hdl.priv.interrupts import InterruptLines
from sim.engines.base import Engine, EngineError, TrapLog
from sim.engines.native.compiler.caching import Rarely
from sim.engines.native.compiler.model import Model
from sim.engines.native.machine.snapshot import Snapshot
from sim.engines.native.machine.structs import DEVICE, PROTOCOL, REQUEST, RING, WATCHED, Machine
from sim.engines.native.machine.watch import Watch
from sim.platform.bus import Bus, ProtocolError, Refused, Request
from sim.platform.events import Budget, Doorbell, Event, HtifWrite

__all__ = ["NativeEngine"]

NEVER = (1 << 64) - 1
#: Cycles of a `chunk` while a waveform is written.
_TRACED_CHUNK = 20_000
_PORTS = ("fetch_port", "data_port")
_LINES = tuple(InterruptLines().members)
#: What a hart must have for idle cycles to be passed over.
_COUNTERS = ("mcycle", "stimecmp")
#: Constants of a hart that are data here.
_DATA = ("ram_end",)
_RESPONSE = ("valid", "data", "error")
#: Tables of the MMU, control registers, and the units that most instructions do not use.
RARELY = Rarely(
    modules=frozenset({"csrs", "tlb", "walk_cache", "walker", "muldiv"}),
    often=frozenset({"mcycle", "minstret"}),
)
_RETIRE = ("valid", "trap", "pc_rdata", "mode", "cause", "tval")
_RULES = {
    1: "the address of a request is not aligned to its size",
    2: "the fetch port wrote",
    3: "a request was admitted while another source holds the lock",
}

_u64 = ctypes.c_uint64


def _runtime(traced: bool) -> str:
    """The C++ behind the model's functions."""
    names = ("machine", "fields", "trace", "watch") if traced else ("machine",)
    return "\n".join((Path(__file__).parent / f"{name}.cpp").read_text() for name in names)


def _places(hart) -> dict[str, object]:
    """Everything of `hart` that has to be found in the state, by name."""
    places = {name: getattr(hart, name) for name in ("mtime", "registers")}
    places |= {name: getattr(hart.interrupts, name) for name in _LINES}
    for name in _PORTS:
        port = getattr(hart, name)
        places[f"{name}.ready"] = port.request.ready
        places |= {f"{name}.{field}": getattr(port.response, field) for field in _RESPONSE}
    places |= {name: getattr(hart, name) for name in _COUNTERS if hasattr(hart, name)}
    return places


def _data(hart) -> dict[str, object]:
    """What of `hart` is data, by name: machines that differ in nothing else share a library."""
    return {name: getattr(hart, name) for name in _DATA if hasattr(hart, name)}


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
    traced : bool
        All signals are computed, so that there can be waveforms and records of the retire port.
        Without it, asking for these raises EngineError.
    """

    name = "native"
    chunk = 400_000

    def __init__(self, hart, bus: Bus, directory: Path, *, traced: bool = False):
        self.log = TrapLog()
        self._bus = bus
        outputs = [getattr(getattr(hart, port).request, name)
                   for port in _PORTS for name in REQUEST]  # fmt: skip
        others = [name for name in hart.retire.signature.members if name not in _RETIRE]
        fields = (*_RETIRE, *others) if traced else _RETIRE
        outputs += [getattr(hart.retire, name) for name in fields]
        self.model = model = Model(
            hart, outputs, directory, runtime=_runtime(traced), everything=traced,
            places=_places(hart), data=_data(hart), rarely=RARELY,
        )  # fmt: skip
        self._registers = model.places["registers"]
        library = model.library
        self._run, self._answer = library.machine_run, library.machine_answer
        self._serve = library.machine_serve
        self._machine = machine = Machine()
        self._address = ctypes.byref(machine)
        self._run.argtypes = (ctypes.c_void_p, _u64)
        self._answer.argtypes = (ctypes.c_void_p, _u64, _u64, _u64)
        self._serve.argtypes = (ctypes.c_void_p, _u64, _u64)
        library.machine_size.restype = _u64
        assert library.machine_size() == ctypes.sizeof(Machine)
        self._fill()
        library.machine_drive(self._address)
        self._watch = Watch(model, machine, fields) if traced else None

    def _fill(self) -> None:
        """Tells the compiled side where everything is."""
        machine, places, bus = self._machine, self.model.places, self._bus
        self._ram = (ctypes.c_char * 1).from_buffer(bus.ram.bytes)
        machine.state = self.model.address
        machine.ram = ctypes.addressof(self._ram)
        machine.ram_base, machine.ram_size = bus.ram.base, bus.ram.size
        machine.latency = bus.latency
        for number, port in enumerate(_PORTS):
            native = machine.port[number]
            for name in ("ready", *_RESPONSE):
                setattr(native, f"{name}_at", places[f"{port}.{name}"])
            native.request_at = number * len(REQUEST)
        machine.time_at = places["mtime"]
        machine.retire_at = len(_PORTS) * len(REQUEST)
        machine.watched = NEVER if bus.watched is None else (bus.watched - bus.ram.base) >> 3
        machine.lock_port = len(_PORTS)
        self._lines = {name: places[name] for name in _LINES}
        if places.keys() >= {*_COUNTERS}:
            machine.counter_at, machine.compare_at = (places[name] for name in _COUNTERS)
            self._before = (_u64 * len(self.model.state))()
            machine.before = ctypes.addressof(self._before)
            machine.state_words = len(self._before)
        self._find_window()
        if self._window is not None:
            window = self._window.window
            machine.window_base = self._window.base
            machine.ring = window.ring >> 3
            machine.loadable = sum(1 << (offset >> 3) for offset in window.loadable)
            machine.storable = sum(1 << (offset >> 3) for offset in window.storable)
            self._words = memoryview(machine.window).cast("B").cast("Q")
            self._loadable = [(offset, offset >> 3) for offset in window.loadable]
            self._storable = [(offset, offset >> 3) for offset in window.storable]
            self._publish()
        else:
            machine.window_base = NEVER - 4096

    def _find_window(self) -> None:
        """Finds the device that is served in compiled code."""
        self._window = next((d for d in self._bus.devices if hasattr(d, "window")), None)

    @property
    def fast_forward(self) -> bool:
        """Idle cycles are passed over; see `Engine`."""
        return bool(self._machine.forward)

    @fast_forward.setter
    def fast_forward(self, wanted: bool) -> None:
        self._machine.forward = int(wanted and self._machine.state_words > 0)

    @property
    def skipped(self) -> int:
        """Cycles that were passed over."""
        return self._machine.skipped

    @property
    def cycle(self) -> int:
        """Cycles passed."""
        return self._machine.cycle

    def run(self, cycles: int) -> Event:
        """Runs for at most `cycles` cycles; returns what ended it."""
        machine = self._machine
        limit = machine.cycle + cycles
        if self._watch is not None:
            self._watch.before_run()
        while True:
            self._run(self._address, limit - machine.cycle)
            self._fetch_log()
            event = machine.event
            if event == RING:
                store, words = self._window.window.store, self._words
                for offset, index in self._storable:
                    store(offset, words[index])
                return Doorbell(machine.event_value)
            if event == WATCHED:
                return HtifWrite(machine.cycle - 1, machine.event_value)
            if event == DEVICE:
                self._serve_device()
            elif event == PROTOCOL:
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
            self._change(self._registers + number, value)

    def set_line(self, name: str, level: bool) -> None:
        """Drives an interrupt line; see `Engine`."""
        self._change(self._lines[name], int(level))

    def observe(self, callback: Callable[[int, Mapping[str, int]], None]) -> None:
        """Calls `callback` for every record of the retire port, before `run` returns."""
        self._traced().observe(callback)

    def start_trace(self, path: Path) -> None:
        """Writes a VCD to `path` from this cycle on; see `Engine`."""
        self._traced().start_trace(path)
        self.chunk = _TRACED_CHUNK

    def stop_trace(self) -> None:
        """Ends the VCD; does nothing if none is being written."""
        if self._watch is not None:
            self._watch.stop_trace()
        self.chunk = type(self).chunk

    def keep_recent(self, cycles: int) -> None:
        """Keeps the last `cycles` cycles; see `Engine`."""
        self._traced().keep(cycles)

    def write_recent(self, path: Path, first: int = 0, last: int = NEVER) -> bool:
        """Writes a VCD of the cycles kept; see `Engine`."""
        return self._watch is not None and self._watch.write_kept(path, first, last)

    def switch(self, process: int) -> None:
        """As `Engine.switch`: the page faults that wait are in the machine, not in the log."""
        log, machine = self.log, self._machine
        waiting = [(each.pc, each.number) for each in machine.waiting[: machine.waiting_count]]
        waiting = log.exchange(process, waiting) or []
        machine.waiting_count = len(waiting)
        machine.waiting_filter = 0
        for index, (pc, number) in enumerate(waiting):
            machine.waiting[index].pc, machine.waiting[index].number = pc, number
            machine.waiting_filter |= 1 << (pc >> 1 & 63)

    def snapshot(self) -> Snapshot:
        """The state of hart and bus, the log, and what is traced and kept; not RAM."""
        watched = self._watch and self._watch.save()
        return Snapshot.take(self.model, self._machine, self.log, watched)

    def restore(self, snapshot: Snapshot) -> None:
        """Returns to a `snapshot` of this machine, or of one like it that wrote no waveform.

        A waveform that was being written goes on from there. Raises OSError.
        """
        self.log = snapshot.put_back(self.model, self._machine)
        if self._watch is not None:
            self._watch.load(snapshot.watched)
            self.chunk = _TRACED_CHUNK if self._watch.traces else type(self).chunk
        self._find_window()

    def _traced(self) -> Watch:
        """What looks at every cycle. Raises EngineError if not all signals are computed."""
        if self._watch is None:
            raise EngineError("the engine native must be made `traced` for waveforms and records")
        return self._watch

    def _change(self, word, value) -> None:
        self.model.state[word] = value
        if self._watch is not None:
            self._watch.touch()

    def _publish(self) -> None:
        """Copies the registers that the hart loads."""
        load, words = self._window.window.load, self._words
        for offset, index in self._loadable:
            words[index] = load(offset)

    def _fetch_log(self) -> None:
        """Takes over what has been logged since the last time."""
        if self._watch is not None:
            self._watch.fetch()
        machine, log = self._machine, self.log
        log.instructions = machine.instructions
        log.user_instructions = machine.user_instructions
        if machine.trap_count:
            for trap in machine.traps[: machine.trap_count]:
                log.add(trap.cycle, trap.pc, trap.cause, trap.tval, trap.mode)
            machine.trap_count = 0
        if machine.retry_count:
            for retry in machine.retries[: machine.retry_count]:
                log.retried(retry.number, retry.cycle)
            machine.retry_count = 0

    def _serve_device(self) -> None:
        """An access to a device that is not in the window."""
        request = self._machine.device
        plain = Request(*(getattr(request, name) for name in REQUEST[1:]))
        try:
            self._serve(self._address, self._bus.serve(plain), 0)
        except Refused:
            self._serve(self._address, 0, 1)
