"""Trapline under its own name, for projects with a folder `sim` or `hdl` of their own.

    from trapline import run
    from trapline.hdl.mmu.mmu import Mmu

See docs/python.md.
"""

import importlib
import sys
from collections.abc import Sequence
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType

_HOME = str(Path(__file__).resolve().parents[1])
_PACKAGES = ("hdl", "kernel_model", "sim")


class _OtherName(MetaPathFinder, Loader):
    """Finds `trapline.sim.config` as the module `sim.config`: the same, and not another one."""

    def find_spec(
        self,
        fullname: str,
        path: Sequence[str] | None = None,
        target: ModuleType | None = None,
    ) -> ModuleSpec | None:
        """A spec for what begins with the name of one of our packages, behind ours."""
        top, _, name = fullname.partition(".")
        ours = top == __name__ and name.partition(".")[0] in _PACKAGES
        return ModuleSpec(fullname, self) if ours else None

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        """The module itself, which keeps its own spec."""
        module = importlib.import_module(spec.name.partition(".")[2])
        spec.loader_state = module.__spec__
        return module

    def exec_module(self, module: ModuleType) -> None:
        """Nothing is left to do: the import system has changed its spec only."""
        if module.__spec__ is not None:
            module.__spec__ = module.__spec__.loader_state


# In front of the folder of the script that is run: what lies there has the same names.
sys.path.insert(0, _HOME)
try:
    for _package in map(importlib.import_module, _PACKAGES):
        if not (_package.__file__ or "").startswith(_HOME):
            raise ImportError(
                f"trapline needs its own package {_package.__name__}, but {_package.__file__} "
                "has been imported by that name: import trapline first"
            )
finally:
    sys.path.remove(_HOME)
sys.meta_path.insert(0, _OtherName())

from sim import *  # noqa: E402, F403
from sim import __all__  # noqa: E402, F401
