"""The passes one behind the other: from an Amaranth component to C++."""

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

from amaranth.hdl import Signal, Value
from amaranth.lib.memory import MemoryData

from sim.engines.native.compiler import circuit as c
from sim.engines.native.compiler import extract
from sim.engines.native.compiler.bit_slicing import split
from sim.engines.native.compiler.caching import rare_bits, rare_cells, separate
from sim.engines.native.compiler.circuit import WORD, Circuit, Unsupported, is_const
from sim.engines.native.compiler.common_subexpressions import canonical, merge
from sim.engines.native.compiler.dead_bits import live_bits, prune
from sim.engines.native.compiler.emit import PRELUDE, emit, emit_tables
from sim.engines.native.compiler.events import Events
from sim.engines.native.compiler.layout import Layout
from sim.engines.native.compiler.rarely import NEVER, Rarely
from sim.engines.native.compiler.scheduling import schedule
from sim.engines.native.compiler.simplify import simplify
from sim.engines.native.compiler.statements import make_nodes

__all__ = ["Place", "TranslatedDesign", "optimize"]

#: Characters of functions that are worth more than one process of the compiler.
_LARGE = 100_000
#: What may be looked for in the state.
Place: TypeAlias = Signal | MemoryData


def optimize(circuit: Circuit) -> Circuit:
    """An equal circuit with less to compute."""
    circuit = simplify(canonical(simplify(circuit)))
    return simplify(canonical(merge(circuit)))


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
        self.circuit = circuit = optimize(extract.extract(self.design, resets, events))
        self._everything = everything
        self._rarely = rarely
        self._slots = [(slot, self._value_of(Value.cast(s))) for slot, s in enumerate(outputs)]
        self.shown_words = 0
        self._shown = self._words_of_signals() if everything else []
        self._live = self._live_bits(places or {})
        self.circuit = circuit = prune(circuit, self._live)
        self.pieces = split(circuit, self._live)
        # One word more, for inputs that nothing reads.
        self._unread = len(self._slots)
        self.layout = Layout.of(self.pieces, self._live, len(self._slots) + 1)

    def _value_of(self, signal: Signal) -> c.Value:
        """The nets of a signal; one that the design does not use keeps its initial value."""
        initial = tuple(signal.init >> bit & 1 for bit in range(len(signal)))
        value: c.Value = self.circuit.signals.get(signal, initial)
        return value

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
        return "\n".join([self._head(), *self._functions()])

    def units(self) -> list[str]:
        """The same as files that can be compiled side by side; one if that is not worth it."""
        head, functions = self._head(), self._functions()
        if sum(map(len, functions)) < _LARGE:
            functions = ["\n".join(functions)]
        return ["\n".join([head, function]) for function in functions]

    def _head(self) -> str:
        return "\n".join([PRELUDE, emit_tables(self.pieces)])

    def _functions(self) -> list[str]:
        functions = self._step()
        if self._everything:
            nodes = make_nodes(self.pieces, self._live, self._shown, clocked=False)
            steps = schedule(self.pieces, nodes)
            functions.append(emit("native_show", self.pieces, self.layout, steps))
        return functions

    def _step(self) -> list[str]:
        """`native_step`, and `native_refresh` if some state rarely changes."""
        pieces, layout = self.pieces, self.layout
        nodes = make_nodes(pieces, self._live, self._slots)
        cells, bits = rare_cells(self.circuit, self._rarely), rare_bits(self.circuit, self._rarely)
        parts = separate(pieces, nodes, cells, bits)
        if not parts.kept:
            return [emit("native_step", pieces, layout, schedule(pieces, nodes))]
        layout.keep(parts.kept)
        refresh = emit("native_refresh", pieces, layout, schedule(pieces, parts.refresh))
        stale = f"s[{layout.stale}]"
        step = emit(
            "native_step",
            pieces,
            layout,
            schedule(pieces, parts.rest, kept=set(parts.kept)),
            rare=parts.rare,
            kept=True,
            before=f"if ({stale}) {{ {stale} = 0; native_refresh(s, o); }}\n",
        )
        return [step, refresh]

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
