"""From an Amaranth component to a loaded library and its state, translated unless it is known."""

import ctypes
from collections.abc import Callable, Mapping, Sequence
from functools import cache, cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import hdl
from sim.engines.native.compiler import store
from sim.engines.native.compiler.cxx import FLAGS, LEVEL, compile_library, find_compiler, processor
from sim.engines.native.compiler.rarely import NEVER, Rarely
from sim.host.garbage import seldom_collected
from sim.host.progress import announced

if TYPE_CHECKING:
    from amaranth.hdl import Signal

    from sim.engines.internals import SignalDict
    from sim.engines.native.compiler.bit_slicing import Pieces
    from sim.engines.native.compiler.circuit import Circuit
    from sim.engines.native.compiler.events import Events
    from sim.engines.native.compiler.layout import Layout
    from sim.engines.native.compiler.translation import Place, TranslatedDesign

__all__ = ["Model", "key"]

#: Folders whose sources determine what a model of the project's own designs computes.
_PACKAGES = (Path(hdl.__file__).parent, Path(__file__).parent)
#: Translations of shared designs, by the files of their models: who looks into several runs of a
#: hart waits for one.
_translations: "dict[Path, TranslatedDesign]" = {}
_MOST_TRANSLATIONS = 2


class Model:
    """A component as C++ functions over an array of 64-bit words.

    Nothing here is of Amaranth's until the component itself is looked at: a model that is known
    starts without it.

    Members
    -------
    image : StoredModel
        What runs it.
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

    Parameters of `of`
    ------------------
    top : elaboratable
        The design, with one clock unless `events` tells of more; or such a design as
        `extract.prepare` made it. One that `identify` can describe is elaborated only if it has not
        been made before.
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
        Inputs that keep their initial value, which is no part of the design: one library serves
        all values. They are `places`, too.
    exhibits : mapping of str to Signal
        With `everything`: signals that are to be shown, by any name; those that the design does
        not use are left out.
    level : str
        How much the compiler optimises.
    pullable : bool
        The reset of the clock domain is an input; else it is never pulled.
    rarely : Rarely
        Which state rarely changes: a hint that matters only to speed.
    events : Events
        For an elaborated design: what is told of edges; see `extract`.
    shared : bool
        The translation may be that of an equal design, with signals of its own.

    Raises
    ------
    Unsupported
        If the design cannot be computed natively.
    CompilerError
        If there is no compiler that works.
    """

    def __init__(
        self,
        image: store.StoredModel,
        directory: Path,
        translate: "Callable[[], TranslatedDesign]",
        *,
        data: Mapping[str, int] | None = None,
        cached: bool = True,
    ):
        self.image = image
        self.cached = cached
        self._translate = translate
        self.places = image.places
        self.exhibits = {name: (first, width) for name, (first, width) in image.exhibits.items()}
        self.library = ctypes.CDLL(str(directory / image.library))
        self._words = (ctypes.c_uint64 * len(image.initial))(*image.initial)
        self.state = memoryview(self._words).cast("B").cast("Q")
        for name, value in (data or {}).items():
            self.state[self.places[name]] = value

    @classmethod
    def of(
        cls,
        top: Any,
        outputs: "Sequence[Signal]",
        directory: Path,
        *,
        runtime: str = "",
        everything: bool = False,
        places: "Mapping[str, Place] | None" = None,
        data: "Mapping[str, Signal] | None" = None,
        exhibits: Mapping[str, Any] | None = None,
        level: str = LEVEL,
        pullable: bool = False,
        rarely: Rarely = NEVER,
        events: "Events | None" = None,
        shared: bool = False,
    ) -> Self:
        """The model of a component; the class describes the parameters."""
        import amaranth

        from sim.engines.native.compiler.identity import identify

        data, exhibits = data or {}, exhibits or {}
        places = {**(places or {}), **data}

        options = {"everything": everything, "places": places, "pullable": pullable}
        translate = _translator(top, outputs, rarely=rarely, events=events, **options)
        identity = identify((top, list(outputs), places, exhibits), data.values())
        facts = (identity, everything, runtime, pullable, rarely, amaranth.__version__, level)
        path = None if identity is None else key(directory, "model", _PACKAGES, *facts)
        image = store.load(path, store.StoredModel) if path is not None else None
        cached = image is not None
        if image is None:
            image, cached = _make(translate, runtime, directory, level, places, exhibits)
            if path is not None:
                store.save(path, image)
        values = {name: signal.init for name, signal in data.items()}
        if shared and path is not None:
            translate = _recent(path, translate)
        return cls(image, directory, translate, data=values, cached=cached)

    @cached_property
    def translation(self) -> "TranslatedDesign":
        """See the class."""
        return self._translate()

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
    def shown(self) -> "SignalDict":
        """See the class."""
        return self.translation.shown

    @property
    def shown_words(self) -> int:
        """See the class."""
        return self.image.shown_words

    @property
    def address(self) -> int:
        """Where the state is, for C++."""
        return ctypes.addressof(self._words)

    def word_of(self, signal: "Signal") -> int:
        """The word of the state with an input or a register; see `TranslatedDesign.word_of`."""
        return self.translation.word_of(signal)


def key(directory: Path, kind: str, packages: Sequence[Path], *facts: object) -> Path:
    """The file in `directory` for what the sources in `packages`, `facts` and the compiler make."""
    compiler = LEVEL, FLAGS, find_compiler(), processor()
    return directory / f"{kind}-{store.fingerprint(packages, *facts, *compiler)}.json"


def _translator(*arguments: Any, **options: Any) -> "Callable[[], TranslatedDesign]":
    """Translates when it is first called."""

    @cache
    def translate() -> "TranslatedDesign":
        # Imported here, with all the passes: most runs find their library, and start the sooner.
        from sim.engines.native.compiler.translation import TranslatedDesign

        return TranslatedDesign(*arguments, **options)

    return translate


def _recent(
    path: Path, translate: "Callable[[], TranslatedDesign]"
) -> "Callable[[], TranslatedDesign]":
    """What was translated for `path` lately, or what `translate` returns."""

    def found_or_made() -> "TranslatedDesign":
        found = _translations.pop(path, None) or translate()
        _translations[path] = found  # the newest is the last
        if len(_translations) > _MOST_TRANSLATIONS:
            del _translations[next(iter(_translations))]
        return found

    return found_or_made


def _make(
    translate: "Callable[[], TranslatedDesign]",
    runtime: str,
    directory: Path,
    level: str,
    places: "Mapping[str, Place]",
    exhibits: Mapping[str, Any],
) -> tuple[store.StoredModel, bool]:
    """Translates and compiles; says how to run what came of it, and whether there was a library."""
    with announced("building the native engine"), seldom_collected():
        translation = translate()
        from sim.engines.native.compiler.emit import PRELUDE

        source, *others = translation.units()
        if others:
            others.append("\n".join([PRELUDE, runtime]))
        else:
            source = "\n".join([source, runtime])
        library, cached = compile_library(source, "model", directory, level, others=others)
    words = {name: translation.word_of(place) for name, place in places.items()}
    if translation.layout.stale is not None:
        words[store.STALE] = translation.layout.stale
    image = store.StoredModel(
        library.name,
        translation.layout.initial(translation.circuit),
        words,
        translation.exhibits(exhibits) if exhibits else {},
        translation.shown_words,
    )
    return image, cached
