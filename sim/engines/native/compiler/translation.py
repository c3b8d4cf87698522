"""The passes one behind the other: from an Amaranth component to C++."""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any, TypeAlias

from amaranth.hdl import Signal, Value
from amaranth.lib.memory import MemoryData

from sim.engines.native.compiler import circuit as c
from sim.engines.native.compiler import extract
from sim.engines.native.compiler.bit_slicing import split
from sim.engines.native.compiler.circuit import WORD, Circuit, Unsupported, is_const
from sim.engines.native.compiler.common_subexpressions import canonical, merge
from sim.engines.native.compiler.dead_bits import live_bits, prune
from sim.engines.native.compiler.emit import PRELUDE
from sim.engines.native.compiler.events import Events
from sim.engines.native.compiler.layout import Layout
from sim.engines.native.compiler.narrowing import narrow
from sim.engines.native.compiler.rarely import NEVER, Rarely
from sim.engines.native.compiler.scheduling import schedule
from sim.engines.native.compiler.simplify import simplify
from sim.engines.native.compiler.statements import make_nodes
from sim.engines.native.compiler.steps import Cut, Function, steps

__all__ = ["Place", "TranslatedDesign", "optimize"]

#: Characters of functions that are worth more than one process of the compiler.
_LARGE = 100_000
#: What may be looked for in the state.
Place: TypeAlias = Signal | MemoryData


def optimize(circuit: Circuit, *, from_reset: bool = True) -> Circuit:
    """An equal circuit with less to compute, if it begins in the state after reset; or in any."""
    circuit = canonical(simplify(circuit, from_reset=from_reset))
    circuit = canonical(merge(simplify(circuit, from_reset=from_reset)))
    return simplify(circuit, from_reset=from_reset)


class TranslatedDesign:
    """A component on its way to C++, and what the passes made of it.

    Parameters are those of `Model`.

    Members
    -------
    design
        As Amaranth elaborated it.
    circuit, pieces, layout
        Its optimised circuit, cut into pieces, and where they are kept.
    shown, shown_words
        See `Model`.
    """

    def __init__(
        self,
        top: Any,
        outputs: Sequence[Signal],
        *,
        everything: bool = False,
        places: Mapping[str, Place] | None = None,
        pullable: bool = False,
        rarely: Rarely = NEVER,
        events: Events | None = None,
    ):
        self.design = extract.prepare(top)
        resets = () if pullable else extract.resets(self.design)
        self._everything = everything
        self._rarely = rarely
        self._outputs = outputs
        self.shown_words = 0
        self.circuit = optimize(extract.extract(self.design, resets, events))
        self._survey(places or {})
        narrowed = narrow(self.circuit, self._live)
        if narrowed is not self.circuit:
            self.circuit = optimize(narrowed)
            self._survey(places or {})
        self.circuit = circuit = prune(self.circuit, self._live)
        self.pieces = split(circuit, self._live)
        # One word more, for inputs that nothing reads.
        self._unread = len(self._slots)
        self.layout = Layout.of(self.pieces, self._live, len(self._slots) + 1)

    def _survey(self, places: Mapping[str, Place]) -> None:
        """Finds what the circuit shows, and which of its bits matter."""
        self._slots = self._slots_of(self.circuit)
        self._shown = self._words_of_signals() if self._everything else []
        self._live = self._live_bits(places)

    def _words_of_signals(self) -> list[tuple[int, c.Value]]:
        """Slots of all signals, a word at a time; fills `shown`. Equal signals share theirs."""
        slots: list[tuple[int, c.Value]] = []
        known: dict[c.Value, int] = {}
        self.shown = type(self.circuit.signals)()
        for signal, value in self.circuit.signals.items():
            first = known.setdefault(value, len(slots))
            self.shown[signal] = (first, len(value))
            if first == len(slots):
                slots += [
                    (first + i // WORD, value[i : i + WORD]) for i in range(0, len(value), WORD)
                ]
        self.shown_words = len(slots)
        return slots

    def _live_bits(self, places: Mapping[str, Place]) -> dict[int, int]:
        """Places are alive whether or not anything reads them."""
        values = [value for _, value in (*self._slots, *self._shown)]
        memories: list[MemoryData] = []
        for place in places.values():
            if isinstance(place, MemoryData):
                memories.append(place)
            else:
                values.append(self.circuit.signals.get(place, ()))
        if self._everything:
            memories = list(self.circuit.memories)
        numbers = (self.circuit.memories[m] for m in memories if m in self.circuit.memories)
        return live_bits(self.circuit, (n for value in values for n in value), numbers)

    def source(self) -> str:
        """The C++ functions."""
        return "\n".join([PRELUDE, *self._functions()])

    def units(self) -> list[str]:
        """The same as files that can be compiled side by side; one if that is not worth it."""
        functions = self._functions()
        if sum(map(len, functions)) < _LARGE:
            functions = ["\n".join(functions)]
        return ["\n".join([PRELUDE, function]) for function in functions]

    def _functions(self) -> list[str]:
        whole = Cut(self.circuit, self._live, self.pieces, self.layout, self._slots)
        functions = steps(whole, self._rarely, partial(optimize, from_reset=False), self._slots_of)
        if self._everything:
            nodes = make_nodes(self.pieces, self._live, self._shown, clocked=False)
            functions.append(Function("native_show", whole, schedule(self.pieces, nodes)))
        return [function.text() for function in functions]

    def _slots_of(self, circuit: Circuit) -> list[tuple[int, c.Value]]:
        """What `circuit` shows in which slots."""
        signals = (Value.cast(output) for output in self._outputs)
        return [(slot, _value_of(circuit, signal)) for slot, signal in enumerate(signals)]

    def exhibits(self, signals: Mapping[str, Any]) -> dict[str, list[int]]:
        """See `Model.exhibits`."""
        roots = {name: Value.cast(signal) for name, signal in signals.items()}
        return {name: [*self.shown[root]] for name, root in roots.items() if root in self.shown}

    def word_of(self, place: Place) -> int:
        """The word of the state that holds a signal of at most 64 bits, or a memory's first row.

        The signal is an input or a register. One that nothing reads may share its word with others
        of that kind. Raises Unsupported if there is no such word.
        """
        if isinstance(place, MemoryData):
            index = self.circuit.memories.get(place)
            return self._unread if index is None else self.layout.memories[index][0]
        value = self.circuit.signals.get(place, ())
        if all(map(is_const, value)):
            return self._unread
        read, *more = (piece for _position, _width, piece, _low in self.pieces.reads(value))
        if more or read is None or read not in self.layout.registers:
            raise Unsupported(f"the signal {place.name} is not one word of the state")
        return self.layout.registers[read]


def _value_of(circuit: Circuit, signal: Signal) -> c.Value:
    """The nets of a signal; one that the design does not use keeps its initial value."""
    initial = tuple(signal.init >> bit & 1 for bit in range(len(signal)))
    value: c.Value = circuit.signals.get(signal, initial)
    return value
