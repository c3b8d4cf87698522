"""The hart of a machine, and what tells it apart from others without making it."""

from collections.abc import Mapping
from typing import Any

from hdl.arch import ROM_BASE
from sim.config import MachineConfig
from sim.engines.hart import HartPorts
from sim.platform.ram import Ram

__all__ = ["Recipe", "real_hart", "recipe_of", "trust_sources", "trusts_sources"]

#: Parameters of a hart, by their names; with the sources of `hdl/` they determine it.
Recipe = Mapping[str, Any]

#: Parameters of a machine that are the hart's own.
_PARAMETERS = (
    *("reset_pc", "itlb_entries", "dtlb_entries", "walk_cache_entries", "btb_entries"),
    *("hpm_counters", "pmp_entries", "pmp_csrs", "misaligned", "hart_id"),
)
#: Whether the process is the command and runs nobody else's code.
_trusted = False


def trust_sources() -> None:
    """Says that this process is the command: no code but the project's own can change a hart.

    Only then do the sources of `hdl/` tell what it is. Elsewhere, in a notebook or a test, its
    classes and constants may have been replaced, and it has to be made to be known.
    """
    global _trusted
    _trusted = True


def trusts_sources() -> bool:
    """Whether that was said."""
    return _trusted


def recipe_of(config: MachineConfig, ram: Ram) -> Recipe | None:
    """What `real_hart` makes for these; None where it has to be made to be known."""
    return {**_parameters(config), "pma": _places(config, ram)} if _trusted else None


def real_hart(config: MachineConfig, ram: Ram) -> HartPorts:
    """The `hdl.hart.Hart` that `config` asks for, with its RAM where `ram` is."""
    # Not at the top: with a hart of one's own, the real one need not be there to be imported.
    from hdl.hart import Hart
    from hdl.memory.pma import Pma

    return Hart(**_parameters(config), pma=Pma(**_places(config, ram), adjustable=True))


def _places(config: MachineConfig, ram: Ram) -> dict[str, int]:
    rom = {"rom_base": ROM_BASE, "rom_size": config.rom_size} if config.rom_size else {}
    return {"ram_base": ram.base, "ram_size": ram.size, **rom}


def _parameters(config: MachineConfig) -> dict[str, Any]:
    return {name: getattr(config, name) for name in _PARAMETERS}
