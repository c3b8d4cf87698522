"""Which engine runs a hart: the native one wherever it works."""

import sys
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from sim.config import ENGINES
from sim.engines.base import Engine, EngineError
from sim.engines.hart import HartPorts
from sim.engines.recipe import Recipe
from sim.host.toolchain import ToolchainError, cache_directory
from sim.platform.bus import Bus

__all__ = ["make_engine"]


def _say(message: str) -> None:
    print(f"trapline: {message}", file=sys.stderr)


def make_engine(
    name: str | None,
    make_hart: Callable[[], HartPorts],
    bus: Bus,
    *,
    directory: Path | None = None,
    traced: bool = False,
    counted: bool = False,
    recipe: Recipe | None = None,
    say: Callable[[str], None] = _say,
) -> Engine:
    """The engine `name` for a hart that `make_hart` makes.

    If `name` is None it is the native engine, or pysim where that does not work; `say` is then told
    why. Compiled libraries are kept in `directory`, by default in the cache. What `make_hart` makes
    need not be made if `recipe` tells it and it is known. `traced` says that
    there will be waveforms or records of the retire port, `counted` that the hart's events are
    counted. Raises EngineError if the engine asked for by name cannot work here.
    """
    make = _unelaborated(make_hart)
    if name is None:
        try:
            return _native(make, bus, directory, recipe, traced=traced, counted=counted)
        except EngineError as error:
            say(f"{error}; the engine is pysim, some thousand times slower")
            return _pysim(make, bus, counted)
    if name == "native":
        return _native(make, bus, directory, recipe, traced=traced, counted=counted)
    if name == "pysim":
        return _pysim(make, bus, counted)
    raise ValueError(f"engine must be one of {', '.join(ENGINES)}, not {name!r}")


def _unelaborated(make_hart: Callable[[], HartPorts]) -> Callable[[], HartPorts]:
    """Makes a hart that need not be elaborated: an engine may refuse it, or find it in its cache.

    That is no mistake of whoever made it.
    """

    def make() -> HartPorts:
        from amaranth.hdl import UnusedElaboratable

        warnings.simplefilter("ignore", UnusedElaboratable)
        return make_hart()

    return make


def _pysim(make_hart: Callable[[], HartPorts], bus: Bus, counted: bool) -> Engine:
    with _known_amaranth("pysim"):
        from sim.engines.pysim.engine import PysimEngine

    return PysimEngine(make_hart(), bus, counts_events=counted)


def _native(
    make_hart: Callable[[], HartPorts],
    bus: Bus,
    directory: Path | None,
    recipe: Recipe | None,
    **wanted: bool,
) -> Engine:
    with _known_amaranth("native"):
        from sim.engines.native.compiler.circuit import Unsupported
        from sim.engines.native.compiler.cxx import CompilerError
        from sim.engines.native.machine.compiled import CompiledHart
        from sim.engines.native.machine.engine import NativeEngine

        try:
            directory = directory or cache_directory()
            if recipe is None:
                hart = CompiledHart.of(make_hart(), directory, **wanted)
            else:
                hart = CompiledHart.by_recipe(recipe, make_hart, directory, **wanted)
        except (Unsupported, CompilerError, OSError, ToolchainError) as error:
            reason = str(error).partition("\n")[0]
            raise EngineError(f"the engine native does not work here: {reason}") from error
        return NativeEngine(hart, bus)


@contextmanager
def _known_amaranth(name: str) -> Iterator[None]:
    """Engines read what is private to Amaranth as soon as they are imported."""
    try:
        yield
    except ImportError as error:
        if not (error.name or "").startswith("amaranth"):
            raise
        raise EngineError(f"the engine {name} does not fit this Amaranth: {error}") from error
