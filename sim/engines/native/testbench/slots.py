"""The signals and memories of a compiled design, as Amaranth's simulator wants them.

It asks for a "slot" of each; those of the design are windows on the words of the compiled state.
"""

import ctypes
from pathlib import Path
from typing import Any

from amaranth.hdl import MemoryData, Signal

from sim.engines.internals import PyEngineState, PySignalState, run_wakers
from sim.engines.native.compiler.circuit import WORD, Unsupported
from sim.engines.native.testbench.open_design import OpenDesign, Place, poke
from sim.engines.native.testbench.rows import Rows
from sim.engines.native.testbench.survey import Survey

__all__ = ["Running", "State"]

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
        self.words, self._spare = ((ctypes.c_uint64 * max(1, opened.shown_words))() for _ in "ab")
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
        #: What is seen of logic while it is seen to take its time; see `keep`.
        self.logic: Any = None
        self.change()
        #: Edges whose moment has come.
        self.due: set[int] = set()
        #: Levels of clocks that logic reads, which it sees when the edges have been done.
        self.levels: list[tuple[list[Place], int]] = []
        #: Clocks and asynchronous resets that have just changed.
        self.changed: list[Signal] = []

    def change(self) -> None:
        """The state is another one, perhaps."""
        #: What follows from it is to be computed, and who waits for that is to be woken.
        self.stale = self.unheeded = True

    def settle(self) -> None:
        """Computes the signals from the state."""
        if self.words is self.logic:
            self.words, self._spare = self._spare, self.words
        self._show(self._address, self.words)
        self.stale = False

    def keep(self) -> bool:
        """Logic is seen as it follows from the state at hand, until this is called again.

        As on Amaranth's own engine, where it follows one step later than what it follows from.
        The new levels of clocks it has seen. Returns whether it may be another one than before.
        """
        if self.levels:
            for places, level in self.levels:
                self.poke(places, level)
            self.settle()
            for places, level in self.levels:
                self.poke(places, 1 - level)
        elif self.stale:
            self.settle()
        moved = self.logic is not self.words
        self.logic = self.words
        self.unheeded = self.unheeded or moved
        return moved

    def clock(self) -> None:
        """Does the clock edges that have come; then logic sees the clocks as they are."""
        if self.due:
            self._do_edges()
        for places, level in self.levels:
            self.poke(places, level)
        self.levels.clear()
        self.changed.clear()

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
    lags : bool
        Somebody can tell logic from what it follows, who waits for one and sees the other.
    """

    def __init__(self) -> None:
        super().__init__()
        self.native: Running | None = None
        self.lags = False
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
                self.slots[index] = rows = Rows(memory, self.pending, native)
                for address, row in enumerate(before[index].data):
                    rows.write(address, row)
                rows.commit()
                self.pending.discard(rows)
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
        self.begun = self.lags = False
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
            self.slots.append(Rows(memory, self.pending, native))
        return super().get_memory(memory)

    def add_signal_waker(self, signal: Signal, waker: Any) -> None:
        slot = self.slots[self.get_signal(signal)]
        slot.add_waker(waker)
        if type(slot) is _Driven and slot not in self._watched:
            self._watched[slot] = slot.curr

    def wake(self) -> None:
        """Wakes those who wait for a driven signal that has changed."""
        assert self.native is not None, "the model has what is watched"
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


class _Outside(PySignalState):
    """A signal that comes from outside."""

    __slots__ = ()

    def taken(self) -> tuple[int, int]:
        """What it has been set to, and a mask of the bits that have been."""
        return self.next, ~0


class _Input(_Outside):
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
                self._native.changed.append(self.signal)
        return changed


class _Clock(_Outside):
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
        if changed:
            edge = self._edges[self.curr]
            if edge is not None:
                self._native.due.add(edge)
            if self._places:
                self._native.levels.append((self._places, self.curr))
            if edge is not None or self._places:
                self._native.changed.append(self.signal)
        return changed


class _Driven(PySignalState):
    """A signal that the design drives. A testbench may set one that is a register.

    At a clock edge only the bits that a process sets are its own, the others are what the
    flip-flops take. But it is a whole number that Amaranth writes, having read `next` and changed
    some bits of that. So it does it twice, with all others 0 and with all others 1: where both
    numbers agree is what was set.
    """

    __slots__ = ("_count", "_first", "_logic", "_native", "_places", "_set_to", "_sign")

    def __init__(self, signal: Signal, pending: Any, native: Running, number: int):
        self.signal, self.pending = signal, pending
        self.wakers: list[Any] = []
        self.is_comb = number in native.survey.combinational
        self._native, self._places = native, native.opened.places[number]
        self._first, width = native.opened.shown[number]
        self._count = -(-width // WORD)
        #: Which of its bits are logic's, if others are not.
        self._logic = native.survey.mixed.get(number, 0)
        self._sign = 1 << width - 1 if width and signal.shape().signed else 0
        self.reset()

    def reset(self) -> None:
        #: By what the others are taken for.
        self._set_to = {0: 0, -1: -1}

    @property
    def curr(self) -> int:
        native = self._native
        if native.logic is not None and self.is_comb:
            value = self._following(native)
        else:
            if native.stale:
                if not native.begun:
                    return int(self.signal.init)
                native.settle()
            value = self._read(native.words)
        return value - 2 * self._sign if value & self._sign else value

    def _following(self, native: Running) -> int:
        """Logic as it is seen, and what beside it is none as it is."""
        value = self._read(native.logic)
        if not self._logic:
            return value
        if native.stale:
            native.settle()
        return value ^ (value ^ self._read(native.words)) & ~self._logic

    def _read(self, words: Any) -> int:
        first = self._first
        value: int = words[first] if self._count else 0
        for number in range(1, self._count):
            value |= words[first + number] << number * WORD
        return value

    @property
    def next(self) -> int:
        return self._set_to[self._native.others]

    def update(self, value: int, mask: int = ~0) -> None:
        if self._places is None:
            raise Unsupported(f"{self.signal.name} cannot be set: some of its bits never change")
        self._native.half_set = self._native.others == 0
        self._set_to[self._native.others] = self.next & ~mask | value & mask
        self.pending.add(self)

    def taken(self) -> tuple[int, int]:
        """What it has been set to, and a mask of the bits that have been."""
        return self._set_to[0], ~(self._set_to[0] ^ self._set_to[-1])

    def commit(self) -> bool:
        assert self._places is not None
        self._native.poke(self._places, *self.taken())
        self.reset()
        return True
