"""What the engines use of Amaranth that is not public, imported here and nowhere else.

The native engine reads its netlist, pysim and the compiled testbenches build on its simulator, and
waveforms are described by its VCD writer. None of that is promised to stay, so the release is
checked before anything is imported: the supported ones make the same netlist of the hart and run
the same simulations, as `tests/sim/engines/test_internals.py` shows.
"""

import re

import amaranth

__all__ = [
    "NEWEST",
    "OLDEST",
    "ChangedTrigger",
    "EdgeTrigger",
    "FragmentCompiler",
    "LHSMaskCollector",
    "ProcessContext",
    "PyEngineState",
    "PyMemoryState",
    "PyRTLProcess",
    "PySignalState",
    "PySimEngine",
    "SampleTrigger",
    "SignalDict",
    "SignalSet",
    "StatementList",
    "VCDWriter",
    "ast",
    "check_version",
    "eval_format",
    "eval_value",
    "ir",
    "nir",
    "pin_blame",
    "run_wakers",
    "value_to_string",
]

#: The releases whose private parts are known.
OLDEST, NEWEST = (0, 5, 6), (0, 5, 10)


def check_version(version: str = amaranth.__version__) -> None:
    """Raises ImportError unless this release of Amaranth is a known one."""
    known = re.fullmatch(r"(\d+)\.(\d+)\.(\d+)", version)
    if known is None or not OLDEST <= tuple(map(int, known.groups())) <= NEWEST:
        oldest, newest = (".".join(map(str, release)) for release in (OLDEST, NEWEST))
        raise ImportError(
            f"amaranth {oldest} to {newest} is known, not {version}: "
            f"pip install amaranth=={newest}",
            name="amaranth",
        )


check_version()

# They may not be there in another release.
from amaranth.hdl import _ast as ast  # noqa: E402
from amaranth.hdl import _ir as ir  # noqa: E402
from amaranth.hdl import _nir as nir  # noqa: E402
from amaranth.hdl._ast import SignalDict, SignalSet  # noqa: E402
from amaranth.hdl._ast import _StatementList as StatementList  # noqa: E402
from amaranth.hdl._xfrm import LHSMaskCollector  # noqa: E402
from amaranth.sim._async import (  # noqa: E402
    ChangedTrigger,
    EdgeTrigger,
    ProcessContext,
    SampleTrigger,
)
from amaranth.sim._pyeval import eval_format, eval_value  # noqa: E402
from amaranth.sim._pyrtl import PyRTLProcess, pin_blame, value_to_string  # noqa: E402
from amaranth.sim._pyrtl import _FragmentCompiler as FragmentCompiler  # noqa: E402
from amaranth.sim.pysim import PySimEngine  # noqa: E402
from amaranth.sim.pysim import _PyEngineState as PyEngineState  # noqa: E402
from amaranth.sim.pysim import _PyMemoryState as PyMemoryState  # noqa: E402
from amaranth.sim.pysim import _PySignalState as PySignalState  # noqa: E402
from amaranth.sim.pysim import _run_wakers as run_wakers  # noqa: E402
from amaranth.sim.pysim import _VCDWriter as VCDWriter  # noqa: E402
