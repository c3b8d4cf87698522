"""FST files, with a `vcd2fst` that only copies."""

import pytest

from sim.cli import main as cli
from sim.output import fst
from tests.sim.cli.test_main import complaint
from tests.sim.elf import make_elf
from tests.sim.scripted import load, machines_run, store

BASE = 0x8000_0000
TOHOST = BASE + 8


@pytest.fixture
def path(tmp_path, monkeypatch):
    """A folder that is all of PATH."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))
    return folder


def install(folder, script):
    program = folder / "vcd2fst"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)


@pytest.fixture
def arguments(tmp_path, monkeypatch):
    """A run of some cycles on pysim, to which the name of the waveform is added."""
    accesses = [load(BASE)] * 20 + [store(TOHOST, 1)]
    machines_run(monkeypatch, accesses)
    program = tmp_path / "program.elf"
    program.write_bytes(make_elf([(BASE, b"\x13\0\0\0" * 2, 64)], {"tohost": TOHOST}))
    options = ["bare", "--quiet", "--engine", "pysim", "--memory", "1"]
    return lambda vcd: [*options, "--vcd", str(vcd), str(program)]


def test_a_file_called_fst_is_converted(path, arguments, tmp_path, capsys):
    install(path, 'while read -r line; do echo "$line"; done < "$1" > "$2"')
    wave = tmp_path / "run.fst"

    assert cli.main(arguments(wave)) == 0

    assert "$enddefinitions" in wave.read_text()
    assert f"waveform in {wave}" in capsys.readouterr().err
    save = tmp_path / "run.fst.gtkw"
    assert '[dumpfile] "run.fst"' in save.read_text()
    assert "data_port__request__address" in save.read_text()
    assert sorted(tmp_path.glob("run*")) == [wave, save]


def test_without_the_program_one_line_says_so_before_the_run(path, arguments, tmp_path, capsys):
    assert cli.main(arguments(tmp_path / "run.fst")) == 2

    assert "needs vcd2fst" in complaint(capsys)
    assert not list(tmp_path.glob("run*"))


def test_a_program_that_fails_leaves_the_vcd(path, arguments, tmp_path, capsys):
    install(path, "echo 'no such thing' >&2; exit 3")

    assert cli.main(arguments(tmp_path / "run.fst")) == 2

    assert "no such thing" in complaint(capsys)
    assert [path.name for path in tmp_path.glob("run*")] == ["run.fst.vcd"]


def test_a_program_that_does_not_end_is_given_up(path, tmp_path, monkeypatch):
    install(path, "while :; do :; done")
    monkeypatch.setattr(fst, "TIMEOUT", 0.1)
    vcd = tmp_path / "x.vcd"
    vcd.write_text("$end")

    with pytest.raises(OSError, match=r"vcd2fst has not converted .*x\.vcd in 0\.1 s"):
        fst.convert(vcd, tmp_path / "x.fst")

    assert vcd.exists()


def test_convert_removes_the_vcd(path, tmp_path):
    install(path, ': > "$2"')
    vcd = tmp_path / "x.vcd"
    vcd.write_text("$end")

    fst.convert(vcd, tmp_path / "x.fst")

    assert not vcd.exists()
