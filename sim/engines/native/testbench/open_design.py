"""A design compiled such that all its signals can be seen, and the same for its like.

Translating a design takes longer than a short testbench runs. What came of it is therefore kept
under the hash that `Survey` makes, and signals and memories are known by their numbers there.
"""

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import amaranth
from amaranth.hdl import Signal

from sim.engines.native import compiler
from sim.engines.native.compiler import cxx, store
from sim.engines.native.compiler.model import Model
from sim.engines.native.testbench.survey import Survey

__all__ = ["OpenDesign", "Place", "open_design", "places_of", "poke"]

#: Folders whose sources determine what is kept.
_PACKAGES = (Path(compiler.__file__).parent, Path(__file__).parent)
#: Part of a signal in the state: its lowest bit there, a mask of its bits, the word of the state,
#: and the lowest bit in that word.
Place = tuple[int, int, int, int]


@dataclass(frozen=True)
class OpenDesign:
    """How to run a design, and where everything is.

    Members
    -------
    library : str
        Name of the shared library, with `native_step` and `native_show`; see `Model`.
    initial : list of int
        The words of the state at the start.
    shown_words : int
        Words that `native_show` writes.
    shown : list
        Of each signal its first word there and its width; None if the design does not use it.
    places : list
        Of each signal a list of `Place`; None if it is computed or part of it never changes.
    held : list
        The same, of those parts of each signal that are neither computed nor constant.
    rows : list of int
        Of each memory the first word of the state.
    """

    library: str
    initial: list[int]
    shown_words: int
    shown: list[tuple[int, int] | None]
    places: list[list[Place] | None]
    held: list[list[Place]]
    rows: list[int]


def find_design(survey: Survey, directory: Path, level: str) -> OpenDesign | None:
    """A design that was made before and is in the folder `directory`.

    Raises CompilerError if there is no compiler, whose version is part of the name.
    """
    return store.load(_path(survey, directory, level), OpenDesign)


def open_design(design: Any, survey: Survey, directory: Path, level: str) -> OpenDesign:
    """A design with all its signals to be seen, made or from the folder `directory`.

    Raises Unsupported and CompilerError as `Model` does.
    """
    found = find_design(survey, directory, level)
    if found is not None:
        return found
    made = _make(design, survey, directory, level)
    store.save(_path(survey, directory, level), made)
    return made


def _path(survey: Survey, directory: Path, level: str) -> Path:
    return directory / f"design-{_key(survey.digest, level)}.json"


@cache
def _key(digest: str, level: str) -> str:
    compiler = cxx.FLAGS, cxx.find_compiler(), cxx.processor()
    return store.fingerprint(_PACKAGES, digest, level, amaranth.__version__, *compiler)


def _make(design: Any, survey: Survey, directory: Path, level: str) -> OpenDesign:
    memories = {str(number): memory for number, memory in enumerate(survey.memories)}
    model = Model.of(
        design,
        (),
        directory,
        everything=True,
        places=memories,
        level=level,
        pullable=True,
        events=survey.events,
    )
    return OpenDesign(
        Path(model.library._name).name,
        list(model.state),
        model.shown_words,
        [model.shown.get(signal) for signal in survey.signals],
        [places_of(model, signal) for signal in survey.signals],
        [held_of(model, signal) for signal in survey.signals],
        [model.places[name] for name in memories],
    )


def places_of(model: Model, signal: Signal) -> list[Place] | None:
    """Where the state holds an input or a register.

    None if part of it is not there, because it is computed or never changes.
    """
    held = held_of(model, signal)
    width = sum(mask.bit_length() for _position, mask, _word, _low in held)
    return held if width == len(model.circuit.signals.get(signal, ())) else None


def held_of(model: Model, signal: Signal) -> list[Place]:
    """Where the state holds those parts of a signal that are neither computed nor constant."""
    registers = model.layout.registers
    return [
        (position, (1 << width) - 1, registers[piece], low)
        for position, width, piece, low in model.pieces.reads(model.circuit.signals.get(signal, ()))
        if piece in registers
    ]


def poke(state: memoryview, places: list[Place], number: int, bits: int = ~0) -> None:
    """Sets those of a signal's bits in `state` that are in the mask `bits`."""
    for position, mask, word, low in places:
        part = bits >> position & mask
        state[word] = state[word] & ~(part << low) | (number >> position & part) << low
