"""The native engine: the hart and the bus in one compiled library."""

import ctypes
from collections.abc import Iterable
from pathlib import Path

from hdl.arch import PAGE_FAULTS
from hdl.events import Event as Occurrence
from sim.engines.base import Engine, EngineError
from sim.engines.counts import Counts
from sim.engines.inspection import VALID, Observer, Rules
from sim.engines.native.compiler.store import ALL_STALE, STALE
from sim.engines.native.machine.compiled import (
    COUNTERS,
    NEVER,
    PORTS,
    RESPONSE,
    TRAPS,
    CompiledHart,
)
from sim.engines.native.machine.snapshot import EngineSnapshot
from sim.engines.native.machine.structs import (
    DEVICE,
    ENTRY,
    PROTOCOL,
    REFUSALS,
    REQUEST,
    RETIRED,
    WATCHED,
    MachineStruct,
    bytes_of,
    words_of,
)
from sim.engines.native.machine.watch import Watch
from sim.engines.native.machine.windows import Windows
from sim.engines.story import Passage
from sim.engines.transcripts import Form
from sim.engines.traps import TrapLog
from sim.platform.bus import Bus, ProtocolError
from sim.platform.device import LINES, Refused
from sim.platform.events import Budget, Event

__all__ = ["NativeEngine"]

#: Cycles of a `chunk` while a waveform is written.
_TRACED_CHUNK = 20_000
_RULES = {
    1: "the address of a request is not aligned to its size",
    2: "the fetch port wrote",
    3: "a request was admitted while another source holds the lock",
}

_u64 = ctypes.c_uint64


class NativeEngine(Engine):
    """Runs `hart` and `bus` in compiled code; see `Engine`.

    Parameters
    ----------
    hart : CompiledHart
        What runs. Unless it is `traced`, asking for waveforms or records raises EngineError.
    bus : Bus
        What lies behind its memory ports. RAM and the windows of its devices are served in compiled
        code.
    """

    name = "native"
    chunk = 400_000

    def __init__(self, hart: CompiledHart, bus: Bus):
        self.log = TrapLog()
        self._bus = bus
        self.model = model = hart.model
        self._registers = model.places["registers"]
        library = model.library
        self._run, self._finish = library.machine_run, library.machine_finish
        self._answer = library.machine_answer
        self._machine = machine = MachineStruct()
        self._address = ctypes.byref(machine)
        self._run.argtypes = (ctypes.c_void_p, _u64, _u64)
        self._serve = library.machine_serve
        self._answer.restype = _u64
        self._answer.argtypes = (ctypes.c_void_p, _u64)
        self._serve.argtypes = (ctypes.c_void_p, _u64, _u64)
        self._finish.argtypes = (ctypes.c_void_p,)
        if hart.traced:
            self._show = library.native_show
            self._show.restype, self._show.argtypes = None, (ctypes.c_void_p, ctypes.c_void_p)
        library.machine_size.restype = _u64
        assert library.machine_size() == ctypes.sizeof(MachineStruct)
        self._fill(hart)
        library.machine_drive(self._address)
        self._watch = Watch(model, machine, hart.fields) if hart.traced else None
        self.inspectable = model.exhibits.keys()
        self._shown = (_u64 * model.shown_words)()

    def _fill(self, hart: CompiledHart) -> None:
        """Tells the compiled side where everything is."""
        machine, places, bus = self._machine, self.model.places, self._bus
        self._ram = (ctypes.c_char * 1).from_buffer(bus.ram.bytes)
        machine.state = self.model.address
        machine.ram = ctypes.addressof(self._ram)
        machine.ram_base, machine.ram_size = bus.ram.base, bus.ram.size
        machine.latency = bus.latency
        for number, port in enumerate(PORTS):
            native = machine.port[number]
            for name in ("ready", *RESPONSE):
                setattr(native, f"{name}_at", places[f"{port}.{name}"])
            native.request_at = number * len(REQUEST)
        machine.time_at = places["mtime"]
        machine.retire_at = len(PORTS) * len(REQUEST)
        machine.story.probe_at = hart.probe_at
        machine.walk.probe_at = hart.walk_at
        machine.counts.events_at = hart.events_at
        self._counts = words_of(machine.counts.of)
        machine.story.handler_at = machine.retire_at + len(TRAPS)
        machine.watched = NEVER if bus.watched is None else (bus.watched - bus.ram.base) >> 3
        machine.lock_port = len(PORTS)
        machine.expecting = sum(1 << cause for cause in PAGE_FAULTS)
        self._lines = {name: places[name] for name in LINES}
        #: Of the lines, as they were driven last.
        self._levels = dict.fromkeys(LINES, False)
        if places.keys() >= {*COUNTERS}:
            machine.counter_at, machine.compare_at = (places[name] for name in COUNTERS)
            self._before = (_u64 * len(self.model.state))()
            machine.before = ctypes.addressof(self._before)
            machine.state_words = len(self._before)
        self._windows = Windows(machine, bus.devices)
        self._request = words_of(machine.device)
        self._passage, self._log = words_of(machine.story.passage), bytes_of(machine.log)

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
        return int(self._machine.skipped)

    @property
    def counts(self) -> Counts:
        """How often each event has happened; see `Engine`."""
        if self._machine.counts.events_at == NEVER:
            return ()
        return self._counts[: len(Occurrence)].tolist()

    @property
    def passage(self) -> Passage:
        """The way of the last trap; see `Engine`."""
        return Passage._make(self._passage.tolist())

    @property
    def satp_written(self) -> int:
        """The last write of `satp`; see `Engine`."""
        return int(self._machine.story.satp)

    @property
    def timer(self) -> int | None:
        """See `Engine`."""
        place = self.model.places.get("stimecmp")
        return None if place is None else self.model.state[place]

    @property
    def cycle(self) -> int:
        """Cycles passed."""
        return int(self._machine.cycle)

    def run(self, cycles: int, work: int | None = None) -> Event:
        """Runs for at most `cycles` cycles; returns what ended it."""
        machine, bus = self._machine, self._bus
        limit, start = machine.cycle + cycles, machine.cycle - machine.skipped
        work, done = NEVER if work is None else work, 0
        timed = bus.timed
        if timed:
            bus.tick(machine.cycle)  # Python may have changed a deadline
        if self._levels != bus.lines:
            self._drive_lines()
        if len(bus.refusals) != machine.refusals.count:
            self._give_refusals()
        if self._watch is not None:
            self._watch.before_run()
        while not bus.events and machine.cycle < limit and done < work:
            deadline = bus.deadline if timed else None
            machine.deadline = NEVER if deadline is None else deadline
            self._windows.publish(machine.cycle)
            self._run(self._address, limit - machine.cycle, work - done)
            done = machine.cycle - machine.skipped - start
            self._fetch_log()
            if bus.refusals:
                self._fetch_refusals()
            self._windows.hand_over(machine.cycle - 1)
            if machine.open:
                self._serve_devices()
        if self._watch is not None:
            self._watch.fetch()  # of a cycle that has been ended since
        return bus.events.popleft() if bus.events else Budget()

    def answer(self, delay: int) -> int:
        """Answers the doorbell's store; see `Engine`."""
        if not self._machine.withheld:
            raise RuntimeError("answer() without a store that waits for it")
        if delay < 0:
            raise ValueError(f"delay must not be negative, not {delay}")
        return int(self._answer(self._address, delay))

    def read_register(self, number: int) -> int:
        """The value of x`number`."""
        return self.model.state[self._registers + number]

    def write_register(self, number: int, value: int) -> None:
        """Sets x`number` to `value`; x0 stays 0."""
        if number:
            self._change(self._registers + number, value)

    def drop_translations(self) -> None:
        """Empties TLBs and walk cache; see `Engine`."""
        places = self.model.places
        for name in VALID:
            if name in places:
                self._change(places[name], 0)
        if STALE in places:
            self._change(places[STALE], ALL_STALE)

    def set_line(self, name: str, level: bool) -> None:
        """Drives an interrupt line; see `Engine`."""
        self._bus.set_line(name, level)
        self._drive_lines()

    def observe(self, callback: Observer, rules: Rules | None = None) -> None:
        """Calls `callback` for every record of the retire port, before `run` returns."""
        self._traced().observe(callback, rules)

    def stop_observing(self, callback: Observer) -> None:
        """Calls `callback` no more."""
        self._traced().stop_observing(callback)

    def inspect(self, names: Iterable[str]) -> dict[str, int]:
        """The values of now; see `Engine`."""
        self._traced()
        shown, exhibits = self._shown, self.model.exhibits
        self._show(self.model.address, shown)
        values = {}
        for name in names:
            first, width = exhibits[name]
            value = shown[first]
            for number in range(1, -(-width // 64)):
                value |= shown[first + number] << 64 * number
            values[name] = value
        return values

    def transcribe(self, form: Form, path: Path, hart_id: int = 0) -> None:
        """Writes a transcript to `path`; see `Engine`."""
        self._traced().transcripts.start(form, path, hart_id)

    def stop_transcripts(self) -> list[tuple[Form, OSError]]:
        """Ends all transcripts; see `Engine`."""
        return [] if self._watch is None else self._watch.transcripts.stop()

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
        """As `Engine.switch`: the machine is to look out for what the log expects."""
        super().switch(process)
        machine, expected = self._machine, self.log.expected
        machine.expected_count, machine.expected_filter = len(expected), 0
        for index, pc in enumerate(expected):
            machine.expected[index] = pc
            machine.expected_filter |= 1 << (pc >> 1 & 63)

    def snapshot(self) -> EngineSnapshot:
        """The state of hart and bus, the log, and what is written and kept; not RAM."""
        watched = None if self._watch is None else self._watch.save()
        return EngineSnapshot.take(self.model, self._machine, self.log, watched)

    def restore(self, snapshot: object) -> None:
        """Returns to a `snapshot` of this machine, or of one like it that wrote nothing.

        A waveform and transcripts that were being written go on from there. Raises OSError.
        """
        assert isinstance(snapshot, EngineSnapshot)
        self.log = snapshot.put_back(self.model, self._machine)
        if self._watch is not None and snapshot.watched is not None:
            self._watch.load(snapshot.watched)
            self.chunk = _TRACED_CHUNK if self._watch.traces else type(self).chunk
        self._windows = Windows(self._machine, self._bus.devices)
        state = self.model.state
        self._levels = {name: bool(state[word]) for name, word in self._lines.items()}
        self._bus.lines.update(self._levels)

    def _traced(self) -> Watch:
        """What looks at every cycle. Raises EngineError if not all signals are computed."""
        if self._watch is None:
            raise EngineError("the engine native must be made `traced` for waveforms and records")
        return self._watch

    def _change(self, word: int, value: int) -> None:
        self.model.state[word] = value
        if self._watch is not None:
            self._watch.touch()

    def _drive_lines(self) -> None:
        for name, level in self._bus.lines.items():
            self._change(self._lines[name], int(level))
        self._levels = dict(self._bus.lines)

    def _fetch_log(self) -> None:
        """Takes over what has been logged since the last time."""
        if self._watch is not None:
            self._watch.fetch()
        machine, log = self._machine, self.log
        log.instructions = machine.instructions
        log.user_instructions = machine.user_instructions
        if not machine.logged:
            return
        entries = self._log[: machine.logged * ENTRY.size]
        for cycle, pc, cause, tval, mode, lookups in ENTRY.iter_unpack(entries):
            if cause == RETIRED:
                log.reached(cycle, pc, lookups)
            else:
                log.trapped(cycle, pc, cause, tval, mode, b"" if mode else lookups)
        machine.logged = 0

    def _give_refusals(self) -> None:
        """Tells the compiled side which accesses are to go wrong."""
        compiled, refusals = self._machine.refusals, self._bus.refusals
        if len(refusals) > REFUSALS:
            raise EngineError(f"the engine native knows {REFUSALS} bus errors, no more")
        for native, each in zip(compiled.of, refusals, strict=False):
            native.address, native.nth, native.seen = each.address, each.nth, each.seen
            native.cycle = NEVER if each.cycle is None else each.cycle
        compiled.count = len(refusals)

    def _fetch_refusals(self) -> None:
        """Takes over what has become of them."""
        for native, each in zip(self._machine.refusals.of, self._bus.refusals, strict=False):
            each.seen, each.source, each.write = native.seen, native.source, native.write
            each.cycle = None if native.cycle == NEVER else native.cycle

    def _serve_devices(self) -> None:
        """Does what Python has to do in the cycle that has been computed, and ends it."""
        machine, bus = self._machine, self._bus
        event, cycle = machine.event, machine.cycle
        try:
            if event == DEVICE:
                self._access(cycle - 1)
            elif event == WATCHED:
                bus.written(machine.event_value, cycle - 1)
            elif event == PROTOCOL:
                port, rule = divmod(machine.event_value, 256)
                raise ProtocolError(f"port {port}: {_RULES[rule]}")
            if bus.timed:
                bus.tick(cycle)
            if self._levels != bus.lines:
                self._drive_lines()
        finally:  # a device may have raised what ends the run
            self._finish(self._address)

    def _access(self, cycle: int) -> None:
        """An access to a device that is not to a register in a window."""
        _, address, write, data, _, size, *_ = self._request.tolist()
        try:
            answer = self._bus.device_access(cycle, address, size, write, data)
        except Refused:
            self._serve(self._address, 0, 1)
            return
        if answer is not None:
            self._serve(self._address, answer, 0)
