"""The signals and memories of a compiled design, as Amaranth's simulator wants them.

It asks for a "slot" of each; those of the design are windows on the words of the compiled state.
"""

import ctypes
from pathlib import Path
from typing import Any

from amaranth.hdl import MemoryData, Signal

from sim.engines.internals import PyEngineState, PyMemoryState, PySignalState, run_wakers
from sim.engines.native.compiler.circuit import WORD, Unsupported
from sim.engines.native.testbench.open_design import OpenDesign, Place, poke
from sim.engines.native.testbench.survey import Survey

__all__ = ["Running", "State"]

_ONES = (1 << WORD) - 1
#: In the place of an edge: an asynchronous reset has risen.
RESET = -1


class Running:
    """The compiled design, its state, and what of it has to be evaluated again."""

    def __init__(self, survey: Survey, opened: OpenDesign, directory: Path):
        self.survey, self.opened = survey, opened
        self.numbers = {id(signal): number for number, signal in enumerate(survey.signals)}
        self.rows = {
            id(memory): row for memory, row in zip(survey.memories, opened.rows, strict=True)
        }
        library = ctypes.CDLL(str(directory / opened.library))
        self._step, self._show = library.native_step, library.native_show
        events = survey.events
        self.edges = {(id(edge.clock), edge.kind): i for i, edge in enumerate(events.edges)}
        #: Where the model is told of an edge, if it has to be.
        self._told: dict[int, list[Place]] = {}
        if events.gated:
            told = (opened.places[self.numbers[id(edge.told)]] for edge in events.edges)
            self._told = {i: places or [] for i, places in enumerate(told)}
        self.resets = {id(reset) for reset in events.resets}
        self._array = (ctypes.c_uint64 * len(opened.initial))()
        self.state = memoryview(self._array).cast("B").cast("Q")
        self.words = (ctypes.c_uint64 * max(1, opened.shown_words))()
        self._address = ctypes.c_void_p(ctypes.addressof(self._array))
        #: What a register's other bits are taken for while some are set; see `_Driven`.
        self.others = 0
        #: A register was set with others that are 0, and not with others that are 1.
        self.half_set = False
        self.reset()

    def reset(self) -> None:
        """The state as it is at the start."""
        self._array[:] = self.opened.initial  # type: ignore[assignment]
        #: Logic has run. Until then what it drives has the value that it was declared with.
        self.begun = False
        self.change()
        #: Edges whose moment has come.
        self.due: set[int] = set()
        #: Levels of clocks that logic reads, which it sees when the edges have been done.
        self.levels: list[tuple[list[Place], int]] = []

    def change(self) -> None:
        """The state is another one, perhaps."""
        #: What follows from it is to be computed, and who waits for that is to be woken.
        self.stale = self.unheeded = True

    def settle(self) -> None:
        """Computes the signals from the state."""
        self._show(self._address, self.words)
        self.stale = False

    def clock(self) -> None:
        """Does the clock edges that have come; then logic sees the clocks as they are."""
        if self.due:
            self._do_edges()
        for places, level in self.levels:
            self.poke(places, level)
        self.levels.clear()

    def _do_edges(self) -> None:
        told = [self._told[edge] for edge in self.due if edge in self._told]
        self.due = set()
        for places in told:
            poke(self.state, places, 1)
        self._step(self._address, self._address)
        for places in told:
            poke(self.state, places, 0)
        self.change()

    def poke(self, places: list[Place], number: int, bits: int = ~0) -> None:
        """Sets those of a signal's bits in the state that are in the mask `bits`."""
        poke(self.state, places, number, bits)
        self.change()


class State(PyEngineState):
    """The simulator's state. Once it is native, the design's signals and memories are the model's.

    Members
    -------
    native : Running or None
        The model.
    """

    def __init__(self) -> None:
        super().__init__()
        self.native: Running | None = None
        #: Logic has run since the start or a reset. Once there is a model, this is its `begun`.
        self.begun = False
        #: Driven signals that somebody waits for.
        self._watched: dict[_Driven, int] = {}
        #: What wakes the logic of Amaranth's own engine.
        self._logic: set[Any] = set()

    def note_logic(self) -> None:
        """All that waits for something now is logic of Amaranth's own engine."""
        self._logic = {waker for slot in self.slots for waker in slot.wakers}

    def go_native(self, native: Running) -> None:
        """Leaves the design's signals and memories to the model, with the values that they have.

        Who waits for one of them goes on waiting; only the logic does not.
        """
        before = list(self.slots)
        native.begun = self.begun
        for signal, index in self.signals.items():
            number = native.numbers.get(id(signal))
            if number is not None:
                native.poke(native.opened.held[number], before[index].curr)
        self.native = native
        for signal, index in self.signals.items():
            if id(signal) in native.numbers:
                self.slots[index] = slot = self._slot(signal)
                self._take_over(slot, before[index])
        for memory, index in self.memories.items():
            if id(memory) in native.rows:
                self.slots[index] = rows = _Rows(memory, self.pending, native)
                for address, row in enumerate(before[index].data):
                    rows.write(address, row)
                rows.commit()
                rows.wakers = self._waiting(before[index])

    def _take_over(self, slot: Any, before: Any) -> None:
        slot.wakers = self._waiting(before)
        if type(slot) is not _Driven:
            slot.curr = slot.next = before.curr
        elif slot.wakers:
            self._watched[slot] = slot.curr

    def _waiting(self, slot: Any) -> list[Any]:
        return [waker for waker in slot.wakers if waker not in self._logic]

    def reset(self) -> None:
        self.begun = False
        if self.native is not None:
            self.native.reset()
        super().reset()
        self._watched = {slot: slot.curr for slot in self._watched}

    def get_signal(self, signal: Signal) -> int:
        if self.native is None:
            number: int = super().get_signal(signal)
            return number
        index = self.signals.get(signal)
        if index is None:
            index = self.signals[signal] = len(self.slots)
            self.slots.append(self._slot(signal))
        return index

    def _slot(self, signal: Signal) -> Any:
        native = self.native
        assert native is not None, "the model has the slots"
        number = native.numbers.get(id(signal))
        if number is None or number in native.survey.stepwise:
            return PySignalState(signal, self.pending)
        if number in native.survey.driven:
            return _Driven(signal, self.pending, native, number)
        edges = [native.edges.get((id(signal), kind)) for kind in ("neg", "pos")]
        if edges != [None, None] or number in native.survey.read_clocks:
            return _Clock(signal, self.pending, native, edges, number)
        return _Input(signal, self.pending, native, number)

    def get_memory(self, memory: MemoryData) -> int:
        native = self.native
        if native is not None and memory not in self.memories and id(memory) in native.rows:
            self.memories[memory] = len(self.slots)
            self.slots.append(_Rows(memory, self.pending, native))
        return super().get_memory(memory)

    def add_signal_waker(self, signal: Signal, waker: Any) -> None:
        slot = self.slots[self.get_signal(signal)]
        slot.add_waker(waker)
        if type(slot) is _Driven and slot not in self._watched:
            self._watched[slot] = slot.curr

    def wake(self) -> None:
        """Wakes those who wait for a driven signal that has changed, now that logic has run."""
        assert self.native is not None, "the model has what is watched"
        self.native.begun = True
        if not self.native.unheeded:
            return
        self.native.unheeded = False
        for slot, before in list(self._watched.items()):
            value = slot.curr
            if value != before:
                self._watched[slot] = value
                run_wakers(slot.wakers, before, value)
            if not slot.wakers:
                del self._watched[slot]


class _Input(PySignalState):
    """A signal that the design reads and does not drive."""

    __slots__ = ("_native", "_places", "_resets")

    def __init__(self, signal: Signal, pending: Any, native: Running, number: int):
        self._native, self._places = native, native.opened.places[number]
        self._resets = id(signal) in native.resets
        super().__init__(signal, pending)

    def commit(self) -> bool:
        changed = super().commit()
        if changed:
            assert self._places is not None, "an input is a word of the state"
            self._native.poke(self._places, self.curr)
            if self._resets and self.curr:
                self._native.due.add(RESET)
        return changed


class _Clock(PySignalState):
    """A clock; `edges` has the numbers of its falling and its rising edge, for flip-flops."""

    __slots__ = ("_edges", "_native", "_places")

    def __init__(
        self,
        signal: Signal,
        pending: Any,
        native: Running,
        edges: list[int | None],
        number: int,
    ):
        self._native, self._edges = native, edges
        #: Where logic reads it.
        self._places = native.opened.held[number] if number in native.survey.read_clocks else []
        super().__init__(signal, pending)

    def commit(self) -> bool:
        changed = super().commit()
        edge = self._edges[self.curr]
        if changed and edge is not None:
            self._native.due.add(edge)
        if changed and self._places:
            self._native.levels.append((self._places, self.curr))
        return changed


class _Driven(PySignalState):
    """A signal that the design drives. A testbench may set one that is a register.

    At a clock edge only the bits that a process sets are its own, the others are what the
    flip-flops take. But it is a whole number that Amaranth writes, having read `next` and changed
    some bits of that. So it does it twice, with all others 0 and with all others 1: where both
    numbers agree is what was set.
    """

    __slots__ = ("_count", "_first", "_native", "_places", "_set_to", "_sign")

    def __init__(self, signal: Signal, pending: Any, native: Running, number: int):
        self.signal, self.pending = signal, pending
        self.wakers: list[Any] = []
        self.is_comb = number in native.survey.combinational
        self._native, self._places = native, native.opened.places[number]
        self._first, width = native.opened.shown[number]
        self._count = -(-width // WORD)
        self._sign = 1 << width - 1 if width and signal.shape().signed else 0
        self.reset()

    def reset(self) -> None:
        #: By what the others are taken for.
        self._set_to = {0: 0, -1: -1}

    @property
    def curr(self) -> int:
        native = self._native
        if native.stale:
            if not native.begun:
                return int(self.signal.init)
            native.settle()
        first, words = self._first, native.words
        value = words[first] if self._count else 0
        for number in range(1, self._count):
            value |= words[first + number] << number * WORD
        return value - 2 * self._sign if value & self._sign else value

    @property
    def next(self) -> int:
        return self._set_to[self._native.others]

    def update(self, value: int, mask: int = ~0) -> None:
        if self._places is None:
            raise Unsupported(f"{self.signal.name} cannot be set: some of its bits never change")
        self._native.half_set = self._native.others == 0
        self._set_to[self._native.others] = self.next & ~mask | value & mask
        self.pending.add(self)

    def commit(self) -> bool:
        assert self._places is not None
        self._native.poke(self._places, self._set_to[0], ~(self._set_to[0] ^ self._set_to[-1]))
        self.reset()
        return True


class _Rows(PyMemoryState):
    """A memory of the design. Beside a write port bits of a row are set as those of a register."""

    __slots__ = ("_first", "_native", "_sign", "_words")

    def __init__(self, memory: MemoryData, pending: Any, native: Running):
        self._native = native
        self._first = native.rows[id(memory)]
        super().__init__(memory, pending)
        width = self.shape.width
        self._words = -(-width // WORD)
        self._sign = 1 << width - 1 if width and self.shape.signed else 0

    def reset(self) -> None:
        #: By the address a row's bits that have been set, as a mask, and to what.
        self.write_queue: dict[int, tuple[int, int]] = {}

    def read(self, addr: int) -> int:
        first, state = self._first + addr * self._words, self._native.state
        value = sum(state[first + i] << i * WORD for i in range(self._words))
        return value - 2 * self._sign if value & self._sign else value

    @property
    def data(self) -> "_Rows":
        return self

    def __getitem__(self, addr: int) -> int:
        return self.read(addr)

    def write(self, addr: int, value: int, mask: int | None = None) -> None:
        if addr in range(self.memory.depth):
            every = (1 << self.shape.width) - 1
            mask = every if mask is None else mask & every
            bits, before = self.write_queue.get(addr, (0, 0))
            self.write_queue[addr] = bits | mask, before & ~mask | value & mask
            self.pending.add(self)

    def commit(self) -> bool:
        state = self._native.state
        for addr, (bits, value) in self.write_queue.items():
            for number in range(self._words):
                word = self._first + addr * self._words + number
                part = bits >> number * WORD & _ONES
                state[word] = state[word] & ~part | value >> number * WORD & part
        self.write_queue.clear()
        self._native.change()
        return True
