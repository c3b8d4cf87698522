"""Amaranth's simulator with compiled code in place of the design's logic.

`Simulator(dut, engine=NativeSimEngine)` runs the same testbenches and processes. Time, clocks and
everything that is Python stay as they are in Amaranth's own engine; a signal of the design is a
window on the compiled model, which is evaluated when somebody looks at it.

Who waits for a signal that logic drives wakes when all has settled, and sees settled values.

It builds on private parts of Amaranth; `extract` checks the version.
"""

import ctypes
from pathlib import Path

from amaranth.hdl._ast import SignalSet
from amaranth.hdl._mem import MemoryInstance
from amaranth.sim.pysim import (
    PySimEngine,
    _PyEngineState,
    _PyMemoryState,
    _PySignalState,
    _run_wakers,
)

from sim.engines.native.circuit import Unsupported
from sim.engines.native.model import Model
from sim.engines.native.pieces import WORD
from sim.engines.native.simplify import rewrite
from sim.toolchain import cache_directory

__all__ = ["NativeSimEngine", "places_of"]

_ONES = (1 << WORD) - 1


class NativeSimEngine(PySimEngine):
    """For `Simulator(design, engine=NativeSimEngine)`; the design has one clock domain at most.

    Raises Unsupported, with the signal or source line, if the design cannot be computed natively,
    and CompilerError if there is no compiler that works.

    Members
    -------
    directory : Path or None
        Where libraries are kept; by default in the cache of `sim.toolchain`. Set it in a subclass.
    level : str
        How much the compiler optimises. A testbench seldom runs long enough for more.
    """

    directory: Path | None = None
    level = "-O1"

    def __init__(self, design):
        # The parent's constructor would compile the design its own way.
        self._design = design
        self._native = _Native(design, self.directory or cache_directory(), self.level)
        self._state = _State(self._native)
        self._processes = set()
        self._testbenches = []
        self._delta_cycles = 0
        self._vcd_writers = []
        self._active_triggers = set()
        self._traced = {}

    def step_design(self):
        """Runs processes and evaluates logic until nothing changes any more."""
        state, native = self._state, self._native
        while True:
            for trigger in self._active_triggers:
                trigger.run()
            self._active_triggers.clear()
            for process in self._processes:
                if process.runnable:
                    process.runnable = False
                    process.run()
            # What the processes have just set is not there yet for the flip-flops.
            clocked = native.clock_if_due()
            if not clocked and not state.pending:
                break
            state.commit()
            state.wake()
            if self._vcd_writers:
                self._trace()
        self._delta_cycles += 1

    def _trace(self):
        """Writes what has changed since the last time."""
        for writer in self._vcd_writers:
            now = self._now_plus_deltas(writer.fs_per_delta)
            for signal in writer.vcd_signal_vars:
                value = self._state.slots[self._state.get_signal(signal)].curr
                if self._traced.get((writer, id(signal))) != value:
                    self._traced[writer, id(signal)] = value
                    writer.update_signal(now, signal)
            for memory in writer.vcd_memory_vars:
                rows = self._state.slots[self._state.get_memory(memory)]
                for address in range(memory.depth):
                    value = rows.read(address)
                    if self._traced.get((writer, id(memory), address)) != value:
                        self._traced[writer, id(memory), address] = value
                        writer.update_memory(now, memory, address)


class _Native:
    """The compiled model of a design, and what of it has to be evaluated again."""

    def __init__(self, design, directory, level):
        self.driven, self.combinational = _driven(design)
        self.memories = {
            fragment._data: str(number)
            for number, fragment in enumerate(design.fragments)
            if isinstance(fragment, MemoryInstance)
        }
        rows = {name: memory for memory, name in self.memories.items()}
        self.model = model = Model(
            design, (), directory, everything=True, places=rows, level=level, pullable=True
        )
        self.clock = _clock(design, model.circuit, self.driven)
        self.words = (ctypes.c_uint64 * max(1, model.shown_words))()
        self._step, self._show = model.library.native_step, model.library.native_show
        self._address = ctypes.c_void_p(model.address)
        self._initial = list(model.state)
        self.reset()

    def reset(self):
        """The state as it is at the start."""
        self.model.state[:] = memoryview((ctypes.c_uint64 * len(self._initial))(*self._initial)).cast("B").cast("Q")
        self.stale, self.due = True, False

    def settle(self):
        """Computes the signals from the state."""
        self._show(self._address, self.words)
        self.stale = False

    def clock_if_due(self):
        """Does the clock edge that has come, if there is one; returns whether there was."""
        due, self.due = self.due, False
        if due:
            self._step(self._address, self._address)
            self.stale = True
        return due

    def poke(self, places, number):
        """Sets the bits of the state at `places`."""
        state = self.model.state
        for position, mask, word, low in places:
            state[word] = state[word] & ~(mask << low) | (number >> position & mask) << low
        self.stale = True


class _State(_PyEngineState):
    """The simulator's state, in which the design's signals and memories are those of the model."""

    def __init__(self, native):
        super().__init__()
        self.native = native
        #: Driven signals that somebody waits for.
        self._watched = {}

    def reset(self):
        self.native.reset()
        super().reset()

    def get_signal(self, signal):
        index = self.signals.get(signal)
        if index is None:
            index = self.signals[signal] = len(self.slots)
            self.slots.append(self._slot(signal))
        return index

    def _slot(self, signal):
        native = self.native
        if signal in native.driven:
            return _Driven(signal, self.pending, native)
        if native.clock is not None and signal is native.clock:
            return _Clock(signal, self.pending, native)
        if signal in native.model.shown:
            return _Input(signal, self.pending, native)
        return _PySignalState(signal, self.pending)

    def get_memory(self, memory):
        if memory not in self.memories and memory in self.native.memories:
            self.memories[memory] = len(self.slots)
            self.slots.append(_Rows(memory, self.pending, self.native))
        return super().get_memory(memory)

    def add_signal_waker(self, signal, waker):
        slot = self.slots[self.get_signal(signal)]
        slot.add_waker(waker)
        if type(slot) is _Driven and slot not in self._watched:
            self._watched[slot] = slot.curr

    def wake(self):
        """Wakes those who wait for a driven signal that has changed."""
        for slot, before in list(self._watched.items()):
            value = slot.curr
            if value != before:
                self._watched[slot] = value
                _run_wakers(slot.wakers, before, value)
            if not slot.wakers:
                del self._watched[slot]


class _Input(_PySignalState):
    """A signal that the design reads and does not drive."""

    __slots__ = ("_native", "_places")

    def __init__(self, signal, pending, native):
        self._native, self._places = native, places_of(native.model, signal)
        super().__init__(signal, pending)

    def commit(self):
        changed = super().commit()
        if changed:
            self._native.poke(self._places, self.curr)
        return changed


class _Clock(_PySignalState):
    """The clock of the flip-flops."""

    __slots__ = ("_native",)

    def __init__(self, signal, pending, native):
        self._native = native
        super().__init__(signal, pending)

    def commit(self):
        changed = super().commit()
        if changed and self.curr:
            self._native.due = True
        return changed


class _Driven(_PySignalState):
    """A signal that the design drives. A testbench may set one that is a register."""

    __slots__ = ("_count", "_first", "_native", "_set_to", "_sign")

    def __init__(self, signal, pending, native):
        self.signal, self.pending, self.wakers = signal, pending, []
        self.is_comb = signal in native.combinational
        self._native = native
        self._first, width = native.model.shown[signal]
        self._count = -(-width // WORD)
        self._sign = 1 << width - 1 if width and signal.shape().signed else 0
        self._set_to = None

    def reset(self):
        self._set_to = None

    @property
    def curr(self):
        native = self._native
        if native.stale:
            native.settle()
        first, words = self._first, native.words
        value = words[first] if self._count else 0
        for number in range(1, self._count):
            value |= words[first + number] << number * WORD
        return value - 2 * self._sign if value & self._sign else value

    @property
    def next(self):
        return self.curr if self._set_to is None else self._set_to

    def update(self, value, mask=~0):
        self._set_to = self.next & ~mask | value & mask
        self.pending.add(self)

    def commit(self):
        places = places_of(self._native.model, self.signal)
        self._native.poke(places, self._set_to)
        self._set_to = None
        return True


class _Rows(_PyMemoryState):
    """A memory of the design."""

    __slots__ = ("_first", "_native", "_sign", "_words")

    def __init__(self, memory, pending, native):
        self._native = native
        self._first = native.model.places[native.memories[memory]]
        super().__init__(memory, pending)
        width = self.shape.width
        self._words = -(-width // WORD)
        self._sign = 1 << width - 1 if width and self.shape.signed else 0

    def reset(self):
        self.write_queue = {}

    def read(self, addr):
        if addr not in range(self.memory.depth):
            return 0
        first, state = self._first + addr * self._words, self._native.model.state
        value = sum(state[first + i] << i * WORD for i in range(self._words))
        return value - 2 * self._sign if value & self._sign else value

    @property
    def data(self):
        return self

    def __getitem__(self, addr):
        return self.read(addr)

    def commit(self):
        for addr, value in self.write_queue.items():
            for number in range(self._words):
                word = self._first + addr * self._words + number
                bits = value & (1 << self.shape.width) - 1
                self._native.model.state[word] = bits >> number * WORD & _ONES
        self.write_queue.clear()
        self._native.stale = True
        return True


def places_of(model: Model, signal) -> list[tuple[int, int, int, int]]:
    """Where the state holds an input or a register.

    A list of (lowest bit, mask of the bits, word of the state, lowest bit in the word). Raises
    Unsupported if part of the signal is nowhere, because it is computed or never changes.
    """
    places = []
    for position, width, piece, low in model.pieces.reads(model.circuit.signals[signal]):
        if piece not in model.layout.registers:
            raise Unsupported(
                f"the signal {signal.name} cannot be set: some of its bits never change"
            )
        places.append((position, (1 << width) - 1, model.layout.registers[piece], low))
    return places


def _driven(design):
    """The signals that the design drives, and those that logic without memory drives."""
    driven, combinational = SignalSet(), SignalSet()
    for fragment in design.fragments:
        for domain, statements in fragment.statements.items():
            signals = statements._lhs_signals()
            driven.update(signals)
            combinational.update(signals if domain == "comb" else ())
        if isinstance(fragment, MemoryInstance):
            for port in fragment._read_ports:
                signals = port._data._lhs_signals()
                driven.update(signals)
                combinational.update(signals if port._domain == "comb" else ())
    return driven, combinational


def _clock(design, circuit, driven):
    """The clock of the design's flip-flops, None if it has none."""
    clocks = SignalSet()
    for fragment in design.fragments:
        names = {*fragment.statements, "comb"}
        if isinstance(fragment, MemoryInstance):
            names |= {port._domain for port in (*fragment._read_ports, *fragment._write_ports)}
        clocks.update(fragment.domains[name].clk for name in names - {"comb"})
    if not clocks:
        return None
    (clock,) = clocks
    if clock in driven:
        raise Unsupported(f"the clock {clock.name} is made by the design")
    _check_unread(circuit, clock)
    return clock


def _check_unread(circuit, clock):
    """Whoever reads the clock as data would see another order of events."""
    own = set(circuit.signals.get(clock, ()))

    for cell in filter(None, circuit.cells):
        read = set()
        rewrite(cell, lambda number, read=read: read.add(number) or number)
        if read & own:
            raise Unsupported(f"the clock {clock.name} is read as data at {cell.source}")
