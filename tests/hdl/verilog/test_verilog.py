"""The Verilog export: both designs, with the ports that their users connect."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from hdl import verilog as export
from hdl.hart import Hart
from hdl.mmu.mmu import Mmu
from hdl.verilog import UnknownVerilog, main, wake

PROJECT = Path(export.__file__).parents[1]
DESIGNS = {"mmu": Mmu, "hart": Hart}

#: What Yosys makes of a module with one process, and of one that a register follows in part.
MODULE = r"""module \top.part (a, y);
  reg \$auto$verilog_backend.cc:2355:dump_module$3  = 0;
  output [1:0] y;
  reg [1:0] y;
  always @* begin
    if (\$auto$verilog_backend.cc:2355:dump_module$3 ) begin end
    y[0] = 1'h0;
  end
  always @*
    y[1] = a;
endmodule
"""
WOKEN = r"""module \top.part (a, y);
  reg \$auto$verilog_backend.cc:2355:dump_module$3 ;
  initial \$auto$verilog_backend.cc:2355:dump_module$3 <= 0;
  output [1:0] y;
  reg [1:0] y;
  always @* begin
    if (\$auto$verilog_backend.cc:2355:dump_module$3 ) begin end
    y[0] = 1'h0;
  end
  always @* begin
    if (\$auto$verilog_backend.cc:2355:dump_module$3 ) begin end
    y[1] = a;
  end
endmodule
"""


@pytest.mark.parametrize("name", DESIGNS)
def test_its_ports_are_those_of_the_component(name, verilog):
    text = (verilog / f"{name}.v").read_text()
    (top,) = re.findall(rf"^module trapline_{name}\(([^)]*)\);$", text, re.MULTILINE)
    ports = {"__".join(map(str, path)) for path, _, _ in _flatten(DESIGNS[name]())}
    assert set(re.split(r"\s*,\s*", top)) == ports | {"clk", "rst"}


def _flatten(component):
    return component.signature.flatten(component)


@pytest.mark.parametrize("name", DESIGNS)
def test_no_name_is_a_keyword(name, verilog):
    """A name that could stand without its backslash has it because it is one, such as `time`."""
    text = (verilog / f"{name}.v").read_text()
    assert re.findall(r"\\[A-Za-z_]\w* ", text) == []


def test_it_is_the_same_each_time(verilog, tmp_path):
    """In another folder, and with another order of what Python keeps in sets."""
    environment = {**os.environ, "PYTHONPATH": str(PROJECT), "PYTHONHASHSEED": "4711"}
    result = subprocess.run(
        [sys.executable, "-m", "hdl.verilog", "out"],
        env=environment,
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    assert result.stdout == "out/mmu.v\nout/hart.v\n"
    for name in ("mmu.v", "hart.v"):
        assert (tmp_path / "out" / name).read_bytes() == (verilog / name).read_bytes()


def test_every_process_wakes():
    assert wake(f"/* Yosys */\n\n{MODULE}") == f"/* Yosys */\n\n{WOKEN}"


@pytest.mark.parametrize(
    "known, other, said",
    [
        pytest.param("  reg \\", "  reg x; reg \\", "2 of 2 .* and 0 registers", id="declaration"),
        pytest.param("= 0;", "= 1;", "2 of 2 .* and 0 registers", id="value"),
        pytest.param("$3 ) begin end", "$4 ) begin end", "2 of 2 .* and 1 reg", id="register"),
        pytest.param("begin\n    if", "begin\n    while", "1 of 2 .* and 1 reg", id="process"),
        pytest.param("@*\n    y", "@*\n\n    y", "1 of 2 .* and 1 reg", id="single"),
    ],
)
def test_what_yosys_has_not_written_so_far_is_refused(known, other, said):
    assert MODULE.count(known) == 1
    with pytest.raises(UnknownVerilog, match=rf"^module \\top.part: {said}"):
        wake(MODULE.replace(known, other))


def test_a_refusal_is_one_line(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(export.verilog, "convert", lambda *_, **__: MODULE.replace("= 0", "= 1"))
    assert main([str(tmp_path)]) == 1
    assert re.fullmatch(r"hdl\.verilog: module \\top\.part: .*\n", capsys.readouterr().err)


def test_a_wrong_call_is_one_line(tmp_path, capsys):
    assert main([]) == 2
    assert capsys.readouterr().err == "usage: python -m hdl.verilog DIRECTORY [NAME=VALUE ...]\n"
    file = tmp_path / "file"
    file.write_text("")
    assert main([str(file / "below")]) == 2
    assert capsys.readouterr().err.count("\n") == 1
