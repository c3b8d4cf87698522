"""The whole way from an Amaranth component to a loaded library and its state."""

import ctypes
from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any, TypeAlias

import amaranth
from amaranth.hdl import Signal, Value
from amaranth.lib.memory import MemoryData

import hdl
from sim.engines.internals import SignalDict
from sim.engines.native.compiler import circuit as c
from sim.engines.native.compiler import extract, store
from sim.engines.native.compiler.bit_slicing import WORD, Pieces, split
from sim.engines.native.compiler.caching import NEVER, Rarely, separate
from sim.engines.native.compiler.circuit import Circuit, Unsupported, is_const
from sim.engines.native.compiler.common_subexpressions import canonical, merge
from sim.engines.native.compiler.cxx import FLAGS, compile_library, find_compiler, processor
from sim.engines.native.compiler.dead_bits import live_bits, prune
from sim.engines.native.compiler.emit import PRELUDE, Layout, emit, emit_tables
from sim.engines.native.compiler.identity import identify
from sim.engines.native.compiler.scheduling import schedule
from sim.engines.native.compiler.simplify import simplify
from sim.engines.native.compiler.statements import make_nodes
from sim.host.progress import announced

__all__ = ["Model", "TranslatedDesign", "optimize"]

#: Folders whose sources determine what a model of the project's own designs computes.
_PACKAGES = (Path(hdl.__file__).parent, Path(__file__).parent)

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
    ):
        self.design = extract.prepare(top)
        resets = () if pullable else extract.resets(self.design)
        self.circuit = circuit = optimize(extract.extract(self.design, resets))
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
        functions = [self._step()]
        if self._everything:
            nodes = make_nodes(self.pieces, self._live, self._shown, clocked=False)
            steps = schedule(self.pieces, nodes)
            functions.append(emit("native_show", self.pieces, self.layout, steps))
        return "\n".join([PRELUDE, emit_tables(self.pieces), *functions])

    def _step(self) -> str:
        """`native_step`, behind `native_refresh` if some state rarely changes."""
        pieces, layout = self.pieces, self.layout
        nodes = make_nodes(pieces, self._live, self._slots)
        parts = separate(pieces, nodes, self._rarely.cells(self.circuit))
        if not parts.kept:
            return emit("native_step", pieces, layout, schedule(pieces, nodes))
        layout.keep(parts.kept)
        refresh = emit("native_refresh", pieces, layout, schedule(pieces, parts.refresh))
        stale = f"s[{layout.stale}]"
        return refresh + emit(
            "native_step",
            pieces,
            layout,
            schedule(pieces, parts.rest, kept=set(parts.kept)),
            rare=parts.rare,
            kept=True,
            before=f"if ({stale}) {{ {stale} = 0; native_refresh(s, o); }}\n",
        )

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


class Model:
    """A component as C++ functions over an array of 64-bit words.

    Members
    -------
    state : memoryview of 'Q'
        The outputs as they were before the last clock edge, then inputs, flip-flops and memories.
    library : ctypes.CDLL
        Has `native_step(u64 *state, u64 *state)`, one clock cycle; with `everything` also
        `native_show(u64 *state, u64 *words)`, which computes every signal from the state as it is;
        and whatever `runtime` defines.
    places : dict
        The word of the state of every place that was asked for, by its name.
    exhibits : dict of (int, int)
        Of each signal that was to be shown, by its name, the first of its words behind
        `native_show`, and its width; one word for each 64 bits, lowest first.
    cached : bool
        The library had been compiled before.
    translation : TranslatedDesign
        How the component became C++. Made when it is first looked at if the model came whole from
        the cache.
    shown : SignalDict of (int, int)
        With `everything`: the same of all signals.
    shown_words : int
        Words that `native_show` writes.

    Parameters
    ----------
    top : elaboratable
        The design, with one clock domain; or such a design as `extract.prepare` made it. One that
        `identify` can describe is elaborated only if it has not been made before.
    outputs : sequence of Signal
        What is shown in the first words of the state, one word each (64 bits at most).
    directory : Path
        Where libraries are kept.
    runtime : str
        C++ that is compiled behind the functions.
    everything : bool
        Keep all signals alive, not only what the outputs depend on.
    places : mapping of str to Signal or MemoryData
        Inputs, registers and memories whose words in the state are wanted, by any name.
    data : mapping of str to Signal
        Inputs that keep their initial value, which is no part of the design: one library serves all
        values. They are `places`, too.
    exhibits : mapping of str to Signal
        With `everything`: signals that are to be shown, by any name; those that the design does
        not use are left out.
    level : str
        How much the compiler optimises.
    pullable : bool
        The reset of the clock domain is an input; else it is never pulled.

    rarely : Rarely
        Which state rarely changes: a hint that matters only to speed.

    Raises
    ------
    Unsupported
        If the design cannot be computed natively.
    CompilerError
        If there is no compiler that works.
    """

    def __init__(
        self,
        top: Any,
        outputs: Sequence[Signal],
        directory: Path,
        *,
        runtime: str = "",
        everything: bool = False,
        places: Mapping[str, Place] | None = None,
        data: Mapping[str, Signal] | None = None,
        exhibits: Mapping[str, Any] | None = None,
        level: str = "-O2",
        pullable: bool = False,
        rarely: Rarely = NEVER,
    ):
        data = data or {}
        places = {**(places or {}), **data}
        self._parameters = (top, outputs, everything, places, pullable, rarely)
        self._exhibited = exhibits or {}
        identity = identify((top, list(outputs), places, self._exhibited), data.values())
        path = None
        if identity is not None:
            facts = (
                identity,
                everything,
                runtime,
                pullable,
                rarely,
                amaranth.__version__,
                level,
                FLAGS,
                find_compiler(),
                processor(),
            )
            path = directory / f"model-{store.fingerprint(_PACKAGES, *facts)}.json"
        image = store.load(path, store.StoredModel) if path is not None else None
        self.cached = image is not None
        if image is None:
            image = self._make(directory, runtime, level)
            if path is not None:
                store.save(path, image)
        self.places = image.places
        self.exhibits = {name: (first, width) for name, (first, width) in image.exhibits.items()}
        self._shown_words = image.shown_words
        self.library = ctypes.CDLL(str(directory / image.library))
        self._words = (ctypes.c_uint64 * len(image.initial))(*image.initial)
        self.state = memoryview(self._words).cast("B").cast("Q")
        for name, signal in data.items():
            self.state[self.places[name]] = signal.init

    @cached_property
    def translation(self) -> TranslatedDesign:
        """See the class."""
        top, outputs, everything, places, pullable, rarely = self._parameters
        return TranslatedDesign(
            top, outputs, everything=everything, places=places, pullable=pullable, rarely=rarely
        )

    def _make(self, directory: Path, runtime: str, level: str) -> store.StoredModel:
        """Translates and compiles; says how to run what came of it."""
        with announced("building the native engine"):
            translation = self.translation
            library, self.cached = compile_library(
                "\n".join([translation.source(), runtime]), "model", directory, level
            )
        places = self._parameters[3]
        return store.StoredModel(
            library.name,
            translation.layout.initial(translation.circuit),
            {name: translation.word_of(place) for name, place in places.items()},
            translation.exhibits(self._exhibited) if self._exhibited else {},
            translation.shown_words,
        )

    @property
    def design(self) -> Any:
        """The elaborated design."""
        return self.translation.design

    @property
    def circuit(self) -> Circuit:
        """The optimised circuit."""
        return self.translation.circuit

    @property
    def pieces(self) -> Pieces:
        """The circuit's pieces."""
        return self.translation.pieces

    @property
    def layout(self) -> Layout:
        """Where the pieces are kept."""
        return self.translation.layout

    @property
    def shown(self) -> SignalDict:
        """See the class."""
        return self.translation.shown

    @property
    def shown_words(self) -> int:
        """See the class."""
        return self._shown_words

    @property
    def address(self) -> int:
        """Where the state is, for C++."""
        return ctypes.addressof(self._words)

    def word_of(self, signal: Signal) -> int:
        """The word of the state with an input or a register; see `TranslatedDesign.word_of`."""
        return self.translation.word_of(signal)
