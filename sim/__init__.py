"""The simulator: puts the kernel model in front of the hart, with memory, devices and an engine.

    from sim import run

    result = run("lazy", dtlb_entries=16)
    print(result.cycles, len(result.faults))

See `sim.api`.
"""

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sim.api import run, start, start_bare, start_boot
    from sim.config import BootConfig, MachineConfig, RunConfig
    from sim.machine import End
    from sim.result import Result

__all__ = [
    "BootConfig",
    "End",
    "MachineConfig",
    "Result",
    "RunConfig",
    "__version__",
    "run",
    "start",
    "start_bare",
    "start_boot",
]

#: The release; `CHANGELOG.md` tells what is new in it.
__version__ = "0.1.0"

_PLACES = {
    "BootConfig": "sim.config",
    "End": "sim.machine",
    "MachineConfig": "sim.config",
    "Result": "sim.result",
    "RunConfig": "sim.config",
    "run": "sim.api",
    "start": "sim.api",
    "start_bare": "sim.api",
    "start_boot": "sim.api",
}


def __getattr__(name: str) -> object:
    """What `from sim import` names: imported when it is wanted, since it takes a while."""
    if name not in _PLACES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(_PLACES[name]), name)
