"""The Verilog with other parameters than the defaults: read by others, and with their ports."""

import re
import subprocess
from pathlib import Path

import pytest

from hdl.verilog import main, write
from tests.hdl.verilog.readers import lint, require, simulate

MAKEFILE = Path(__file__).parents[3] / "Makefile"
#: Each changes other parts of the text.
SETS = (
    "PART=mmu TLB=1 WALK_CACHE=1",
    "PART=mmu TLB=16 RAM=0x40000000:1G",
    "PART=mmu ITLB=3 DTLB=5 PMP=2 RAM=0:12K",
    "PART=mmu BUS=wishbone TLB=2",
    "PART=mmu BUS=axi4-lite TLB=2",
    "PART=hart BUS=wishbone-pipelined TLB=2 PMP=1 ROM=0x10000:64K BTB=4 COUNTERS=0 MISALIGNED=1",
)
#: The least that compiles: nothing is connected, and nothing happens.
BENCH = """
module bench;
  trapline_{part} dut ();
  initial #1 $finish;
endmodule
"""


@pytest.mark.parametrize("given", SETS)
def test_others_read_it(given, tmp_path):
    require("iverilog")
    require("verilator")
    assignments = given.split()
    part = assignments[0].removeprefix("PART=")

    (path,) = write(tmp_path, assignments)

    assert path.name == f"{part}.v"
    assert path.read_text().startswith(f"// {given}\n")
    assert lint(path) == ""
    bench = tmp_path / "bench.v"
    bench.write_text(BENCH.format(part=part))
    # Icarus warns of each input that hangs.
    simulate("2012", [bench, path], "bench", tmp_path, warnings=False)


def test_protection_has_a_port(tmp_path):
    (path,) = write(tmp_path, ["PART=mmu", "TLB=1", "PMP=2"])

    # Of each entry the 8 bits of `pmpcfg` that count, and 54 of its address.
    assert re.search(r"^  input \[119:0\] context__pmp;$", path.read_text(), re.MULTILINE)


def test_a_wrong_one_is_one_line_and_writes_nothing(tmp_path, capsys):
    assert main([str(tmp_path / "out"), "TLB=0"]) == 2
    assert capsys.readouterr().err == "hdl.verilog: TLB must be 1 to 256, not '0'\n"
    assert not (tmp_path / "out").exists()


def test_help_names_them(capsys):
    assert main(["--help"]) == 0
    said = capsys.readouterr().out
    assert "  TLB        pages in each of the two TLBs, 1 to 256; 8\n" in said


def test_make_hands_on_what_it_is_given():
    """All of it, so that a misspelt name is refused."""
    said = subprocess.run(
        ["make", "-n", "-f", MAKEFILE, "-o", ".venv/.installed", "verilog", "TLB=16", "RAN=0:4K"],
        env={"PATH": "/usr/bin:/bin"},
        text=True,
        capture_output=True,
        check=True,
    ).stdout
    command = said.splitlines()[-1]
    assert command.startswith(".venv/bin/python -m hdl.verilog build/ ")
    assert set(command.split()[-2:]) == {"TLB=16", "RAN=0:4K"}
