"""From an Amaranth component to a loaded library and its state, translated unless it is known."""

import ctypes
from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import amaranth
from amaranth.hdl import Signal

import hdl
from sim.engines.internals import SignalDict
from sim.engines.native.compiler import store
from sim.engines.native.compiler.cxx import FLAGS, compile_library, find_compiler, processor
from sim.engines.native.compiler.identity import identify
from sim.engines.native.compiler.rarely import NEVER, Rarely
from sim.host.progress import announced

if TYPE_CHECKING:
    from sim.engines.native.compiler.bit_slicing import Pieces
    from sim.engines.native.compiler.circuit import Circuit
    from sim.engines.native.compiler.emit import Layout
    from sim.engines.native.compiler.translation import Place, TranslatedDesign

__all__ = ["Model"]

#: Folders whose sources determine what a model of the project's own designs computes.
_PACKAGES = (Path(hdl.__file__).parent, Path(__file__).parent)


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
        places: "Mapping[str, Place] | None" = None,
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
    def translation(self) -> "TranslatedDesign":
        """See the class."""
        # Imported here, with all the passes: most runs find their library, and start the sooner.
        from sim.engines.native.compiler.translation import TranslatedDesign

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
    def circuit(self) -> "Circuit":
        """The optimised circuit."""
        return self.translation.circuit

    @property
    def pieces(self) -> "Pieces":
        """The circuit's pieces."""
        return self.translation.pieces

    @property
    def layout(self) -> "Layout":
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
