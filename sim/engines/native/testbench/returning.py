"""The way back from the model to Amaranth's own engine, in the midst of a run."""

from typing import Any

from amaranth.hdl import MemoryData, Signal

from sim.engines.internals import FragmentCompiler, PyMemoryState, PySignalState
from sim.engines.native.compiler.circuit import WORD
from sim.engines.native.testbench.rows import Rows
from sim.engines.native.testbench.slots import Running, State

__all__ = ["mixed_with", "return_to_pysim"]


def mixed_with(state: State, clocks: set[int], *, moved: bool) -> Signal | None:
    """A clock that is set along with something that logic follows, if one is.

    At its edge registers take some values from before and some from after, on Amaranth's own
    engine; a model has the latter only. `clocks` are the signals' ids; `moved`: something else has
    been set at this moment already, or registers have.
    """
    native = state.native
    assert native is not None
    set_ = [slot for slot in state.pending if isinstance(slot, PySignalState)]
    toggled = [slot.signal for slot in set_ if id(slot.signal) in clocks and slot.curr != slot.next]
    if not toggled:
        return None
    others = {native.numbers.get(id(slot.signal)) for slot in set_ if id(slot.signal) not in clocks}
    rows = any(isinstance(slot, Rows) for slot in state.pending)
    mixed = native.due or moved or rows or not others.isdisjoint(native.survey.read_by_logic)
    return toggled[0] if mixed else None


def return_to_pysim(state: State, design: Any) -> set[Any]:
    """Leaves a design's signals and memories to Amaranth's own engine, which goes on from there.

    All has settled but for what has been set, what is due at the edges at hand, and logic that is
    still seen as it was. Returns the processes that compute the logic.
    """
    native = state.native
    assert native is not None
    if native.stale and native.logic is not None:
        native.settle()
    behind = native.logic is not None and native.logic is not native.words
    changed = [*native.changed, *(_changed_before(native) if behind else ())]
    for signal in native.survey.signals:
        state.get_signal(signal)
    for memory in native.survey.memories:
        state.get_memory(memory)
    waiting = {}
    for signal, index in state.signals.items():
        before = state.slots[index]
        if id(signal) in native.numbers and type(before) is not PySignalState:
            state.slots[index] = _signal_of(before, state.pending)
            waiting[index] = before.wakers
    for memory, index in state.memories.items():
        before = state.slots[index]
        if isinstance(before, Rows):
            state.slots[index] = _memory_of(memory, before, state.pending)
            waiting[index] = before.wakers
    state.native = None
    processes: set[Any] = FragmentCompiler(state)(design.fragment)
    for process in processes:
        process.runnable = process.is_comb and not native.begun
    # Nobody but logic waits yet.
    for slot in (state.slots[state.get_signal(signal)] for signal in changed):
        for waker in slot.wakers:
            waker(1 - slot.curr, slot.curr)
    for memory in native.survey.memories if behind else ():
        for waker in state.slots[state.get_memory(memory)].wakers:
            waker()
    for index, wakers in waiting.items():
        state.slots[index].wakers += wakers
    return processes


def _signal_of(before: Any, pending: set[Any]) -> Any:
    """The same signal with its value, and what it has been set to."""
    after = PySignalState(before.signal, pending)
    after.curr = after.next = before.curr
    if before in pending:
        pending.remove(before)
        after.update(*before.taken())
    return after


def _memory_of(memory: MemoryData, before: Rows, pending: set[Any]) -> Any:
    after = PyMemoryState(memory, pending)
    after.data = [before.read(address) for address in range(memory.depth)]
    if before in pending:
        pending.remove(before)
        for address, (bits, value) in before.write_queue.items():
            after.write(address, value, bits)
    return after


def _changed_before(native: Running) -> list[Signal]:
    """Registers and inputs that logic, as it is seen, does not yet follow."""
    survey, changed = native.survey, []
    followed = survey.combinational | survey.read_clocks
    for number, place in enumerate(native.opened.shown):
        # A clock's level is followed at once.
        own = 0 if number in followed else ~0
        bits = ~survey.mixed[number] if number in survey.mixed else own
        if bits and place is not None:
            before, after = (_read(words, *place) for words in (native.logic, native.words))
            if (before ^ after) & bits:
                changed.append(survey.signals[number])
    return changed


def _read(words: Any, first: int, width: int) -> int:
    return sum(int(words[first + i]) << i * WORD for i in range(-(-width // WORD)))
