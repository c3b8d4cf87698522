"""Amaranth's simulator, with combinational logic evaluated in the order of its dependencies.

Amaranth's simulator wakes a whole module whenever one of its inputs changes, so in a
hart of many modules each is evaluated several times a cycle, mostly to results that the next one
undoes. `LevelizedPySimEngine` compiles the same statements with the same compiler, but

1. cuts the combinational statements of each module into groups that drive nothing in common, and
2. evaluates the groups whose inputs have changed in topological order, handing on each result at
   once, so that a group runs once unless it is part of a loop.

What comes out when all has settled is the same. Glitches on the way are not, and a waveform shows
settled values alone. Made for one clock, which no logic drives.

It builds on private parts of Amaranth; see `sim.engines.internals`.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from typing import Any

from amaranth.hdl import Fragment, MemoryInstance, Signal

from sim.engines.internals import (
    FragmentCompiler,
    PyEngineState,
    PySignalState,
    PySimEngine,
    SignalSet,
    StatementList,
    VCDWriter,
)

__all__ = ["LevelizedPySimEngine", "independent_groups", "topological_order"]

#: Signals, and (memory, address), that have changed, in order.
_Changes = dict[Any, None]


class LevelizedPySimEngine(PySimEngine):
    """For `Simulator(design, engine=LevelizedPySimEngine)`: as the default engine, but faster."""

    def __init__(self, design: Any):
        # The parent's constructor would compile the design its own way first.
        self._design = design
        self._state = _State()
        self._testbenches: list[Any] = []
        self._delta_cycles = 0
        self._vcd_writers: list[VCDWriter] = []
        self._active_triggers: set[Any] = set()
        compiled = _compile(self._state, design.fragment)
        self._processes = compiled.processes
        self._clocked = compiled.clocked
        order = topological_order(_dependencies(compiled.groups))
        self._groups = [compiled.groups[index] for index in order]
        self._evaluate = [group.run for group in self._groups if group.run is not None]
        for index, group in enumerate(self._groups):
            group.wake_by_memories(self._state, 1 << index)
        self._select(None)

    def reset(self) -> None:
        """Reverts to the initial state."""
        super().reset()
        self._state.due.bits = self._all

    def heed(self, signals: Iterable[Signal] | None) -> None:
        """Evaluates, from now on, only what `signals` and flip-flops depend on.

        All other logic keeps the values it has. With None all is evaluated, as it is at first, and
        has its value of now when this returns. No time passes, and no process runs.
        """
        self._select(signals)
        self._settle(None)

    def _select(self, signals: Iterable[Signal] | None) -> None:
        state = self._state
        heeded = self._groups if signals is None else self._needed_for(signals)
        for group in self._groups:
            group.heeded = False
        for slot in state.slots:
            if type(slot) is _Signal:
                slot.readers = 0
        self._all = 0
        for index, group in enumerate(self._groups):
            if group in heeded:
                group.heeded = True
                self._all |= 1 << index
                for signal in group.inputs:
                    state.slots[state.get_signal(signal)].readers |= 1 << index
        self._state.due.bits = self._all

    def _needed_for(self, signals: Iterable[Signal]) -> Collection["_Group"]:
        """The groups that `signals`, flip-flops and memories depend on, or that drive nothing."""
        drivers: dict[int, list[_Group]] = {}
        for group in self._groups:
            for signal in group.outputs:
                drivers.setdefault(id(signal), []).append(group)
        needed = dict.fromkeys(group for group in self._groups if not group.outputs)
        work = [*signals, *self._clocked]
        work += (signal for group in needed for signal in group.inputs)
        while work:
            for group in drivers.get(id(work.pop()), ()):
                if group not in needed:
                    needed[group] = None
                    work += group.inputs
        return needed

    def return_in_time(self, femtoseconds: int) -> None:
        """All signals and memories have been set to those of so long ago, which may be negative."""
        self._state.pending.clear()
        self._state.due.bits = self._all
        timeline = self._state.timeline
        timeline.now -= femtoseconds
        for waker in timeline.wakers:
            timeline.wakers[waker] -= femtoseconds

    def step_design(self) -> None:
        """Runs processes and evaluates logic until nothing changes any more."""
        due, pending = self._state.due, self._state.pending
        changed: _Changes | None = {} if self._vcd_writers else None
        while True:
            self._run_processes()
            if not pending and not due.bits:
                break
            # All flip-flops at once: each has seen the others' values of before the edge.
            self._commit(changed)
            self._settle(changed)
        self._delta_cycles += 1
        if changed:
            self._trace(changed)

    def _settle(self, changed: _Changes | None) -> None:
        due, pending, evaluate = self._state.due, self._state.pending, self._evaluate
        while due.bits:
            lowest = due.bits & -due.bits
            due.bits ^= lowest
            evaluate[lowest.bit_length() - 1]()
            if pending:
                self._commit(changed)

    def _run_processes(self) -> None:
        for trigger in self._active_triggers:
            trigger.run()
        self._active_triggers.clear()
        for process in self._processes:
            if process.runnable:
                process.runnable = False
                process.run()

    def _commit(self, changed: _Changes | None) -> None:
        pending = self._state.pending
        for slot in pending:
            if changed is not None:
                _note(changed, slot)
            slot.commit()
        pending.clear()

    def _trace(self, changed: _Changes) -> None:
        for writer in self._vcd_writers:
            now = self._now_plus_deltas(writer.fs_per_delta)
            for change in changed:
                if type(change) is _Signal:
                    writer.update_signal(now, change.signal)
                else:
                    writer.update_memory(now, *change)


def independent_groups(statements: Iterable[Any]) -> list[list[Any]]:
    """`statements` in groups such that no two groups drive a signal in common; order is kept."""
    groups: list[tuple[SignalSet, list[Any]]] = []
    for statement in statements:
        driven = SignalSet(statement._lhs_signals())
        members = []
        apart = []
        for group in groups:
            if any(signal in group[0] for signal in driven):
                driven = SignalSet((*driven, *group[0]))
                members += group[1]
            else:
                apart.append(group)
        groups = [*apart, (driven, [*members, statement])]
    return [members for _, members in groups]


def topological_order(dependencies: Sequence[Iterable[int]]) -> list[int]:
    """The numbers of `dependencies`, each behind those it depends on where there is no loop."""
    order: list[int] = []
    seen: set[int] = set()
    for root in range(len(dependencies)):
        if root in seen:
            continue
        seen.add(root)
        path = [(root, iter(dependencies[root]))]
        while path:
            number, rest = path[-1]
            child = next((child for child in rest if child not in seen), None)
            if child is None:
                order.append(number)
                path.pop()
            else:
                seen.add(child)
                path.append((child, iter(dependencies[child])))
    return order


class _Due:
    """The groups that have to be evaluated, as a set of bits; shared by all signals."""

    def __init__(self) -> None:
        self.bits = 0


class _Signal(PySignalState):
    """A signal that knows which groups read it, as a set of bits."""

    __slots__ = ("due", "readers")

    def __init__(self, signal: Signal, pending: Any, due: _Due):
        super().__init__(signal, pending)
        self.readers = 0
        self.due = due

    def update(self, value: int, mask: int = ~0) -> None:
        # Most updates change nothing; that is cheaper to see before the mask is applied.
        if value != self.next:
            value = (self.next & ~mask) | (value & mask)
            if value != self.next:
                self.next = value
                self.pending.add(self)

    def commit(self) -> bool:
        if self.curr == self.next:
            return False
        self.due.bits |= self.readers
        if self.wakers:
            return super().commit()
        self.curr = self.next
        return True


class _State(PyEngineState):
    """The simulator's state, made of `_Signal`s.

    While `group` is set, what the compiler wants woken is noted there instead.
    """

    def __init__(self) -> None:
        super().__init__()
        self.due = _Due()
        self.group: _Group | None = None

    def get_signal(self, signal: Signal) -> int:
        if signal not in self.signals:
            self.signals[signal] = len(self.slots)
            self.slots.append(_Signal(signal, self.pending, self.due))
        return self.signals[signal]

    def add_signal_waker(self, signal: Signal, waker: Any) -> None:
        if self.group is not None and _is_combinational(waker):
            self.group.inputs.add(signal)
        else:
            super().add_signal_waker(signal, waker)

    def add_memory_waker(self, memory: Any, waker: Any) -> None:
        if self.group is not None and _is_combinational(waker):
            self.group.memories.append(memory)
        else:
            super().add_memory_waker(memory, waker)


class _Group:
    """Combinational logic that is evaluated together."""

    def __init__(self) -> None:
        self.inputs = SignalSet()
        self.outputs = SignalSet()
        self.memories: list[Any] = []
        self.heeded = True
        self.run: Callable[[], None] | None = None

    def wake_by_memories(self, state: _State, bit: int) -> None:
        """Makes a change of a memory that it reads set `bit` of what is due."""

        def waker() -> bool:
            if self.heeded:
                state.due.bits |= bit
            return True

        for memory in self.memories:
            state.add_memory_waker(memory, waker)


class _Compiled:
    """A design as combinational groups and the processes of its flip-flops."""

    def __init__(self) -> None:
        self.groups: list[_Group] = []
        self.processes: set[Any] = set()
        #: What flip-flops and memories read.
        self.clocked = SignalSet()


def _compile(state: _State, fragment: Fragment) -> _Compiled:
    compiled = _Compiled()
    for part, outputs in _parts(fragment):
        compiled.clocked.update(_clocked(part))
        group = state.group = _Group()
        group.outputs.update(outputs)
        for process in FragmentCompiler(state)(part):
            if process.is_comb:
                group.run = process.run
                compiled.groups.append(group)
            else:
                compiled.processes.add(process)
    state.group = None
    return compiled


def _parts(fragment: Fragment) -> Iterator[tuple[Fragment, Iterable[Signal]]]:
    """Fragments without submodules, each with at most one group, and what that group drives."""
    if isinstance(fragment, MemoryInstance):
        read = (port._data for port in fragment._read_ports if port._domain == "comb")
        yield fragment, [signal for data in read for signal in data._lhs_signals()]
    else:
        for domain, statements in fragment.statements.items():
            for group in independent_groups(statements) if domain == "comb" else [statements]:
                part = Fragment()
                part.domains = fragment.domains
                part.statements = {domain: StatementList(group)}
                yield part, part.statements[domain]._lhs_signals()
    for subfragment, _, _ in fragment.subfragments:
        yield from _parts(subfragment)


def _clocked(part: Fragment) -> Iterator[Signal]:
    """What a part reads at the edges of its clock."""
    if isinstance(part, MemoryInstance):
        ports = [port for port in part._read_ports if port._domain != "comb"]
        for port in (*ports, *part._write_ports):
            for value in (port._addr, port._en, port._data):
                yield from value._rhs_signals()
    for domain, statements in part.statements.items():
        if domain != "comb":
            yield from statements._rhs_signals()


def _dependencies(groups: Sequence[_Group]) -> list[list[int]]:
    drivers: dict[int, list[int]] = {}
    for index, group in enumerate(groups):
        for signal in group.outputs:
            drivers.setdefault(id(signal), []).append(index)
    return [
        [index for signal in group.inputs for index in drivers.get(id(signal), ())]
        for group in groups
    ]


def _is_combinational(waker: Any) -> bool:
    """Whether the compiler made `waker` for logic, and not for a flip-flop's clock."""
    return waker.__qualname__.startswith(("comb_waker.", "memory_waker."))


def _note(changed: _Changes, slot: Any) -> None:
    """Adds to `changed` what a commit of `slot` is about to change."""
    if type(slot) is _Signal:
        changed[slot] = None
    else:
        changed.update(((slot.memory, address), None) for address in slot.write_queue)
