"""The Verilog export: both designs, with the ports that their users connect."""

import re

from hdl.verilog import main, write


def test_mmu_and_hart_are_written(tmp_path):
    paths = write(tmp_path / "out")
    assert [path.name for path in paths] == ["mmu.v", "hart.v"]
    hart = paths[1].read_text()
    top = hart[hart.index("module trapline_hart(") :]
    for port in ("clk", "rst", "time", "msip", "fetch_port__request__valid", "retire__pc_rdata"):
        assert re.search(rf"\b{port}\b", top)
    assert "module trapline_mmu(" in paths[0].read_text()


def test_a_wrong_call_is_one_line(tmp_path, capsys):
    assert main([]) == 2
    assert capsys.readouterr().err == "usage: python -m hdl.verilog DIRECTORY\n"
    file = tmp_path / "file"
    file.write_text("")
    assert main([str(file / "below")]) == 2
    assert capsys.readouterr().err.count("\n") == 1
