"""The engine on Amaranth's own simulator: slow, and the reference for every other.

Amaranth's public interface can neither start a waveform in the middle of a run nor let a process
look at a signal only when it matters, so this file uses what lies below it: `Simulator._engine`,
its signal slots and its VCD writer; see `sim.engines.internals`.
"""

import copy
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TextIO

from amaranth.hdl import Value
from amaranth.sim import Simulator

from hdl.arch import Priv
from hdl.events import Event as Occurrence
from sim.engines.base import CYCLE_FS, Engine
from sim.engines.counts import Counts, counted
from sim.engines.hart import HartPorts
from sim.engines.inspection import Observer, Rules, inspected, is_wanted
from sim.engines.internals import PySignalState, VCDWriter
from sim.engines.pysim.levelized import LevelizedPySimEngine
from sim.engines.story import HANDLER, Follower, Passage, probed
from sim.engines.transcripts import Form, Transcript
from sim.engines.traps import TrapLog
from sim.engines.walks import WalkFollower, walked
from sim.host.output_files import open_output
from sim.platform.bus import DATA, FETCH, Bus, Request
from sim.platform.device import LINES
from sim.platform.events import Budget, Event

__all__ = ["PysimEngine"]

#: Of the retire port what is always read; the rest is for who observes it.
_RETIRED = ("valid", "trap", "pc_rdata", "mode", "cause", "tval")
_REQUEST_FIELDS = ("address", "write", "data", "strobe", "size", "source", "lock")


class _Port:
    """The simulator's slots for one memory port of the hart."""

    def __init__(self, slot: Callable[[Any], Any], port: Any):
        self.valid = slot(port.request.valid)
        self.ready = slot(port.request.ready)
        self.fields = [slot(getattr(port.request, name)) for name in _REQUEST_FIELDS]
        self.response = [slot(getattr(port.response, name)) for name in ("valid", "data", "error")]

    def request(self) -> Request:
        return Request(*(field.curr for field in self.fields))

    def drive(self, ready: bool, answer: tuple[int, int] | None) -> None:
        """Sets the inputs for the coming cycle."""
        self.ready.update(int(ready))
        valid, data, error = self.response
        valid.update(int(answer is not None))
        if answer is not None:
            data.update(answer[0])
            error.update(answer[1])


@dataclass(frozen=True)
class _Snapshot:
    """What a run was at some cycle: signals and memories in order, and what is in Python."""

    cycle: int
    slots: tuple[int | tuple[int, ...], ...]
    bus: object
    counts: Counts
    follower: Follower
    log: TrapLog


class PysimEngine(Engine):
    """Runs `hart` on Amaranth's simulator; see `Engine`.

    Parameters
    ----------
    hart : HartPorts
        Such as `hdl.hart.Hart`.
    bus : Bus
        What lies behind its memory ports.
    counts_events : bool
        Its events are counted.
    """

    name = "pysim"
    cycle = 0
    chunk = 500

    def __init__(self, hart: HartPorts, bus: Bus, *, counts_events: bool = False):
        self.cycle = 0
        self.log = TrapLog()
        self._follower = Follower()
        self._bus = bus
        self._observers: list[tuple[Observer, Rules | None]] = []
        self._transcripts: list[Transcript] = []
        self._walk_logs: list[Transcript] = []
        self._walk_follower = WalkFollower()
        self._vcd: VCDWriter | None = None
        self._vcd_file: TextIO | None = None
        self._simulator = Simulator(hart, engine=LevelizedPySimEngine)
        self._simulator.add_clock(CYCLE_FS * 1e-15, phase=CYCLE_FS * 1e-15)
        self._core = self._simulator._engine
        self._registers = hart.registers
        self._bind(hart)
        self._events = [self._slot(signal) for signal in counted(hart) if counts_events]
        self._counts = [0] * (len(Occurrence) if self._events else 0)
        self._timer = self._slot(hart.stimecmp) if hasattr(hart, "stimecmp") else None
        self._heeds_all = False
        self._core.heed(self._read_always(hart))
        self._simulator.add_process(self._clocked)
        # Settles cycle 0, so that its values mean something to a waveform.
        self._core.step_design()

    def run(self, cycles: int, work: int | None = None) -> Event:
        """Runs for at most `cycles` cycles; returns what ended it."""
        limit = self.cycle + (cycles if work is None else min(cycles, work))
        advance, bus = self._simulator.advance, self._bus
        bus.tick(self.cycle)  # Python may have changed a deadline, or a line
        self._drive_lines()
        while not bus.events and self.cycle < limit:
            advance()
        return bus.events.popleft() if bus.events else Budget()

    @property
    def counts(self) -> Counts:
        """How often each event has happened; see `Engine`."""
        return tuple(self._counts)

    @property
    def passage(self) -> Passage:
        """The way of the last trap; see `Engine`."""
        return self._follower.passage

    @property
    def satp_written(self) -> int:
        """The last write of `satp`; see `Engine`."""
        return self._follower.satp_written

    @property
    def timer(self) -> int | None:
        """See `Engine`."""
        return None if self._timer is None else int(self._timer.curr)

    def answer(self, delay: int) -> int:
        """Answers the doorbell's store; see `Engine`."""
        return self._bus.answer(delay)

    def read_register(self, number: int) -> int:
        """The value of x`number`."""
        return int(self._core.get_value(self._registers[number]))

    def write_register(self, number: int, value: int) -> None:
        """Sets x`number` to `value`; x0 stays 0."""
        if number:
            self._core.set_value(self._registers[number], value)
            self._core.step_design()

    def set_line(self, name: str, level: bool) -> None:
        """Drives an interrupt line; see `Engine`."""
        self._bus.set_line(name, level)
        self._drive_lines()

    def observe(self, callback: Observer, rules: Rules | None = None) -> None:
        """Calls `callback` for every record of the retire port; see `Engine`."""
        self._heed_all()
        self._observers.append((callback, rules))

    def stop_observing(self, callback: Observer) -> None:
        """Calls `callback` no more."""
        self._observers.remove(next(each for each in self._observers if each[0] == callback))

    def inspect(self, names: Iterable[str]) -> dict[str, int]:
        """The values of now; see `Engine`."""
        self._heed_all()
        return {name: self._inspected[name].curr for name in names}

    def transcribe(self, form: Form, path: Path, hart_id: int = 0) -> None:
        """Writes a transcript to `path`; see `Engine`."""
        self._heed_all()
        transcript = Transcript(form, path, self._retire, hart_id)
        self._transcripts.append(transcript)
        if form is Form.WALKS:
            self._walk_logs.append(transcript)
        else:
            self.observe(transcript.record)

    def stop_transcripts(self) -> list[tuple[Form, OSError]]:
        """Ends all transcripts; see `Engine`."""
        transcripts, self._transcripts = self._transcripts, []
        for each in transcripts:
            if each not in self._walk_logs:
                self.stop_observing(each.record)
        self._walk_logs.clear()
        return [(each.form, error) for each in transcripts if (error := each.close()) is not None]

    def start_trace(self, path: Path) -> None:
        """Writes a VCD to `path` from this cycle on."""
        self.stop_trace()
        self._heed_all()
        self._vcd_file = open_output(path)
        try:
            core, design = self._core, self._simulator._design
            self._vcd = VCDWriter(core.state, design, vcd_file=self._vcd_file)
        except OSError:
            with suppress(OSError):
                self._vcd_file.close()
            raise
        # Its header would claim that the values of now were those of time 0.
        now = self._vcd.vcd_writer._timestamp = self.cycle * CYCLE_FS
        # It would also begin with the initial names of states of FSMs.
        for signal in self._vcd.vcd_signal_vars:
            self._vcd.update_signal(now, signal)
        self._core._vcd_writers.append(self._vcd)

    def stop_trace(self) -> None:
        """Ends the VCD; does nothing if none is being written."""
        if self._vcd is None or self._vcd_file is None:
            return
        vcd, file = self._vcd, self._vcd_file
        self._vcd = self._vcd_file = None
        self._core._vcd_writers.remove(vcd)
        with closing(file):  # also if there is no room for the rest
            vcd.close(max(self._core.now, vcd.vcd_writer._timestamp))

    def snapshot(self) -> _Snapshot:
        """The state of hart and bus, and the log; not RAM. Nothing may be written meanwhile."""
        self._refuse_files()
        slots = self._core.state.slots
        values = (s.curr if isinstance(s, PySignalState) else tuple(s.data) for s in slots)
        follower, log = copy.deepcopy(self._follower), copy.deepcopy(self.log)
        bus = self._bus.snapshot()
        return _Snapshot(self.cycle, tuple(values), bus, self.counts, follower, log)

    def restore(self, snapshot: object) -> None:
        """Returns to a `snapshot` of this run. Raises NotImplementedError as `snapshot` does."""
        assert isinstance(snapshot, _Snapshot)
        self._refuse_files()
        for slot, value in zip(self._core.state.slots, snapshot.slots, strict=True):
            if slot is self._clock:
                continue  # the simulator's own time goes on
            if isinstance(slot, PySignalState):
                slot.curr = slot.next = value
            else:
                slot.data[:] = value
        self._core.return_in_time((self.cycle - snapshot.cycle) * CYCLE_FS)
        self.cycle = snapshot.cycle
        self._bus.restore(snapshot.bus)
        self._counts = list(snapshot.counts)
        self._follower = copy.deepcopy(snapshot.follower)
        self.log = copy.deepcopy(snapshot.log)

    def _refuse_files(self) -> None:
        if self._vcd is not None or self._transcripts:
            raise NotImplementedError("the engine pysim cannot take back what it has written")

    def _bind(self, hart: HartPorts) -> None:
        """Finds the slots of the hart's ports in the simulator's state."""
        slot = self._slot
        self._ports = (_Port(slot, hart.fetch_port), _Port(slot, hart.data_port))
        self._time = slot(hart.mtime)
        self._lines = {name: slot(getattr(hart.interrupts, name)) for name in LINES}
        self._probe = [slot(signal) for signal in probed(hart)]
        self._walk_probe = [slot(signal) for signal in walked(hart)]
        recorded = hart.retire.signature.members
        self._clock = slot(self._simulator._design.fragment.domains["sync"].clk)
        self._inspected = {name: slot(signal) for name, signal in inspected(hart).items()}
        self.inspectable = self._inspected.keys()
        self._retire = {name: slot(getattr(hart.retire, name)) for name in recorded}

    def _read_always(self, hart: HartPorts) -> list[Any]:
        """The signals that are read in every cycle."""
        requests = [port.request for port in (hart.fetch_port, hart.data_port)]
        read = [
            getattr(request, name) for request in requests for name in ("valid", *_REQUEST_FIELDS)
        ]
        read += [getattr(hart.retire, name) for name in (*_RETIRED, *HANDLER)]
        read += probed(hart) + (counted(hart) if self._events else [])
        return [signal for value in read for signal in Value.cast(value)._rhs_signals()]

    def _heed_all(self) -> None:
        """Somebody looks at more than is read always: from now on all has its value of now."""
        if not self._heeds_all:
            self._heeds_all = True
            self._core.heed(None)

    def _slot(self, value: Any) -> Any:
        """Where the simulator keeps a signal."""
        state = self._core.state
        return state.slots[state.get_signal(Value.cast(value))]

    async def _clocked(self, ctx: Any) -> None:
        """Once per clock edge: reads outputs as they were before it, drives inputs after it.

        A process wakes before the flip-flops' new values are committed, so `slot.curr` is still
        the value that the flip-flops see; reading a slot is much cheaper than sampling a signal.
        """
        self._drive_inputs()
        async for _ in ctx.tick():
            cycle = self.cycle
            if self._retire["valid"].curr:
                self._take_retirement(cycle)
            for number in (FETCH, DATA):
                port = self._ports[number]
                if port.valid.curr and port.ready.curr:
                    self._bus.accept(number, cycle, port.request())
            if self._probe:
                probe = [shown.curr for shown in self._probe]
                address = self._ports[DATA].fields[0].curr
                self._follower.follow(cycle, probe, address, self._bus.ram.read_u64)
                if self._walk_logs:
                    self._log_walk(cycle, address)
            for events in self._events:
                for number in _bits(events.curr):
                    self._counts[number] += 1
            self.cycle = cycle + 1
            self._bus.tick(cycle + 1)
            self._drive_inputs()

    def _log_walk(self, cycle: int, address: int) -> None:
        probe = [shown.curr for shown in self._walk_probe]
        line = self._walk_follower.follow(cycle, probe, address, self._bus.ram.read_u64)
        for each in self._walk_logs if line else ():
            each.write(line)

    def _drive_inputs(self) -> None:
        bus, cycle = self._bus, self.cycle
        answers = [bus.respond(number, cycle) for number in (FETCH, DATA)]
        bus.settle()
        for port, ready, answer in zip(self._ports, bus.ready, answers, strict=True):
            port.drive(ready, answer)
        self._time.update(cycle)
        self._drive_lines()

    def _drive_lines(self) -> None:
        for name, level in self._bus.lines.items():
            self._lines[name].update(int(level))

    def _take_retirement(self, cycle: int) -> None:
        retire = self._retire
        pc, mode = retire["pc_rdata"].curr, retire["mode"].curr
        follower = self._follower
        if retire["trap"].curr:
            cause, tval = retire["cause"].curr, retire["tval"].curr
            self.log.trapped(cycle, pc, cause, tval, mode, follower.refused(tval))
            follower.trapped(cycle, mode)
        else:
            self.log.retired(cycle, pc, mode, follower.first)
            if mode != Priv.U:
                follower.handled(cycle, {name: retire[name].curr for name in HANDLER})
        if self._observers:
            fields = {name: slot.curr for name, slot in retire.items()}
            for observer, rules in self._observers:
                if rules is None or is_wanted(fields, rules):
                    observer(cycle, fields)


def _bits(word: int) -> Iterator[int]:
    """The numbers of the bits that are set."""
    while word:
        yield (word & -word).bit_length() - 1
        word &= word - 1
