"""The whole way from an Amaranth component to a loaded library and its state."""

import ctypes
from collections.abc import Sequence
from pathlib import Path

from amaranth.hdl import Signal, Value

from sim.engines.native import extract
from sim.engines.native.circuit import Circuit
from sim.engines.native.compiler import compile_library
from sim.engines.native.emit import PRELUDE, Layout, emit
from sim.engines.native.liveness import live_bits
from sim.engines.native.merge import canonical, merge
from sim.engines.native.nodes import make_nodes
from sim.engines.native.pieces import WORD, split
from sim.engines.native.schedule import schedule
from sim.engines.native.simplify import simplify

__all__ = ["Model", "optimize"]


def optimize(circuit: Circuit) -> Circuit:
    """An equal circuit with less to compute."""
    circuit = simplify(canonical(simplify(circuit)))
    return simplify(canonical(merge(circuit)))


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
    cached : bool
        The library had been compiled before.
    shown : SignalDict of (int, int)
        With `everything`: of each signal the first of its words behind `native_show`, and its
        width; one word for each 64 bits, lowest first.
    shown_words : int
        Words that `native_show` writes.

    Parameters
    ----------
    top : elaboratable
        The design, with one clock domain `sync`; its reset is never pulled.
    outputs : sequence of Signal
        What is shown in the first words of the state, one word each (64 bits at most).
    directory : Path
        Where libraries are kept.
    runtime : str
        C++ that is compiled behind the functions.
    everything : bool
        Keep all signals alive, not only what the outputs depend on.

    Raises
    ------
    Unsupported
        If the design cannot be computed natively.
    CompilerError
        If there is no compiler that works.
    """

    def __init__(
        self,
        top,
        outputs: Sequence[Signal],
        directory: Path,
        *,
        runtime: str = "",
        everything: bool = False,
    ):
        self.design = extract.prepare(top)
        resets = extract.resets(self.design)
        self.circuit = circuit = optimize(extract.extract(self.design, resets))
        slots = [(slot, circuit.signals[Value.cast(s)]) for slot, s in enumerate(outputs)]
        shown = self._words_of_signals() if everything else []
        live = live_bits(circuit, (n for _, value in (*slots, *shown) for n in value))
        self.pieces = split(circuit, live)
        self.layout = Layout.of(self.pieces, live, len(slots))
        functions = [self._function("native_step", live, slots, clocked=True)]
        if everything:
            functions.append(self._function("native_show", live, shown, clocked=False))
        path, self.cached = compile_library(
            "\n".join([PRELUDE, *functions, runtime]), "model", directory
        )
        self.library = ctypes.CDLL(str(path))
        self._words = (ctypes.c_uint64 * self.layout.size)(*self.layout.initial(circuit))
        self.state = memoryview(self._words).cast("B").cast("Q")

    def _words_of_signals(self):
        """Slots of all signals, a word at a time; fills `shown`."""
        slots = []
        self.shown = type(self.circuit.signals)()
        for signal, value in self.circuit.signals.items():
            self.shown[signal] = (len(slots), len(value))
            slots += [(len(slots) + i // WORD, value[i : i + WORD])
                      for i in range(0, len(value), WORD)]  # fmt: skip
        self.shown_words = len(slots)
        return slots

    def _function(self, name, live, slots, *, clocked):
        nodes = make_nodes(self.pieces, live, slots, clocked=clocked)
        return emit(name, self.pieces, self.layout, schedule(self.pieces, nodes))

    @property
    def address(self) -> int:
        """Where the state is, for C++."""
        return ctypes.addressof(self._words)

    def word_of(self, signal: Signal) -> int:
        """The word of the state that holds an input or a flip-flop of at most 64 bits.

        A signal that nothing reads has none: then it is one that nothing looks at either.
        """
        value = self.circuit.signals.get(signal)
        reads = list(self.pieces.reads(value)) if value else []
        if len(reads) != 1 or len(value) > WORD or reads[0][2] not in self.layout.registers:
            raise KeyError(f"{signal!r} is not one word of the state")
        return self.layout.registers[reads[0][2]]

    def row_of(self, memory, row: int) -> int:
        """The first word of a row of a `MemoryData`."""
        first, words = self.layout.memories[self.circuit.memories[memory]]
        return first + row * words
