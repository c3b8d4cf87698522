"""Harts as compiled code, and how they come from one machine to another."""

from pathlib import Path

from sim.config import RunConfig
from sim.engines.native.machine.engine import NativeEngine
from sim.host.shared_cache import content, is_kept, keep, scratch
from sim.host.toolchain import cache_directory
from sim.machine import Machine

__all__ = ["KIND", "build", "install"]

#: Parameters that make a hart another one, which is compiled for itself. Those that differ in the
#: size of memory only share a library, but not what else is kept.
KIND = (
    *("itlb_entries", "dtlb_entries", "walk_cache_entries", "btb_entries"),
    *("hpm_counters", "pmp_entries", "misaligned", "memory_mib"),
)


def build(config: RunConfig) -> dict[str, bytes]:
    """Compiles the hart of `config` unless that is done; returns the files of it in the cache.

    They are called by hashes of all that determines them, compiler and processor too. Without the
    native engine there are none. Raises EngineError and OSError.
    """
    engine = Machine(config, Machine.make_ram(config)).engine
    try:
        if not isinstance(engine, NativeEngine):
            return {}
        library = engine.model.image.library
    finally:
        engine.close()
    folder = cache_directory()
    names = [library, *(p.name for p in folder.glob("*.json") if library.encode() in _bytes(p))]
    return {name: content(folder / name) for name in names if is_kept(folder / name)}


def install(files: dict[str, bytes]) -> None:
    """Puts into this machine's cache what it has not.

    Where compiler or processor are others, nobody asks for files of these names.
    """
    folder = cache_directory()
    for name, data in files.items():
        if (folder / name).exists():
            continue
        with scratch(folder) as making:
            whole = making / name
            whole.write_bytes(data)
            keep(whole, folder / name)


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:  # gone meanwhile
        return b""
