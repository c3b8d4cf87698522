"""Which engine runs a hart: the native one wherever it works."""

import sys
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from amaranth.hdl import UnusedElaboratable

from sim.config import ENGINES
from sim.engines.base import Engine, EngineError
from sim.engines.hart import HartPorts
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
    say: Callable[[str], None] = _say,
) -> Engine:
    """The engine `name` for a hart that `make_hart` makes.

    If `name` is None it is the native engine, or pysim where that does not work; `say` is then told
    why. Compiled libraries are kept in `directory`, by default in the cache. `traced` says that
    there will be waveforms or records of the retire port. Raises EngineError if the engine asked
    for by name cannot work here.
    """
    # A hart that an engine finds in its cache, or refuses, is never elaborated. That is no mistake.
    warnings.simplefilter("ignore", UnusedElaboratable)
    if name is None:
        try:
            return _native(make_hart(), bus, directory, traced)
        except EngineError as error:
            say(f"{error}; the engine is pysim, some thousand times slower")
            return _pysim(make_hart(), bus)
    if name == "native":
        return _native(make_hart(), bus, directory, traced)
    if name == "pysim":
        return _pysim(make_hart(), bus)
    raise ValueError(f"engine must be one of {', '.join(ENGINES)}, not {name!r}")


def _pysim(hart: HartPorts, bus: Bus) -> Engine:
    with _known_amaranth("pysim"):
        from sim.engines.pysim.engine import PysimEngine

    return PysimEngine(hart, bus)


def _native(hart: HartPorts, bus: Bus, directory: Path | None, traced: bool) -> Engine:
    from sim.host.toolchain import cache_directory

    with _known_amaranth("native"):
        from sim.engines.native.compiler.circuit import Unsupported
        from sim.engines.native.compiler.cxx import CompilerError
        from sim.engines.native.machine.engine import NativeEngine
    try:
        return NativeEngine(hart, bus, directory or cache_directory(), traced=traced)
    except (Unsupported, CompilerError, OSError) as error:
        reason = str(error).partition("\n")[0]
        raise EngineError(f"the engine native does not work here: {reason}") from error


@contextmanager
def _known_amaranth(name: str) -> Iterator[None]:
    """Engines read what is private to Amaranth as soon as they are imported."""
    try:
        yield
    except ImportError as error:
        if not (error.name or "").startswith("amaranth"):
            raise
        raise EngineError(f"the engine {name} does not fit this Amaranth: {error}") from error
