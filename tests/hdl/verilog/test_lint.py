"""What others say about our Verilog without running it."""

import re

import pytest

from hdl.verilog import WAIVERS
from tests.hdl.verilog.readers import lint, require

DESIGNS = ("mmu", "hart")


@pytest.mark.parametrize("design", DESIGNS)
def test_verilator_finds_nothing(verilog, design):
    require("verilator")
    assert lint(verilog / f"{design}.v") == ""


def test_verilator_would_find_just_what_is_waived(verilog, tmp_path):
    require("verilator")
    source = tmp_path / "hart.v"
    text, waivers = re.subn(r"/\* verilator lint_\w+.*\*/\n", "", (verilog / "hart.v").read_text())
    source.write_text(text)
    found = set(re.findall(r"^%Warning-([A-Z]+)", lint(source, "-Wno-fatal"), re.MULTILINE))
    assert waivers == len(WAIVERS) + 2
    assert {re.sub("^WIDTH.*", "WIDTH", code) for code in found} == set(WAIVERS)


@pytest.mark.parametrize("design", DESIGNS)
def test_slang_takes_it_for_systemverilog(verilog, design):
    """It warns of the same kinds as Verilator."""
    require("pyslang")
    import pyslang

    compilation = pyslang.ast.Compilation()
    compilation.addSyntaxTree(pyslang.syntax.SyntaxTree.fromFile(str(verilog / f"{design}.v")))
    found = compilation.getAllDiagnostics()
    assert not any(diagnostic.isError() for diagnostic in found)
    assert {str(diagnostic.code) for diagnostic in found} <= {
        f"DiagCode({kind})"
        for kind in ("CaseDefault", "ArithOpMismatch", "SignConversion", "WidthTruncate")
    }
