"""The examples for those who take the MMU: what examples/README.md says is what they print."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from hdl.verilog import main as write_verilog
from tests.hdl.verilog.readers import require

ROOT = Path(__file__).parents[2]
README = (ROOT / "examples" / "README.md").read_text()


def commands(heading):
    """The commands under a heading, each with the lines that it prints."""
    section = README.partition(f"## {heading}\n")[2].partition("\n## ")[0]
    found = []
    for line in section.splitlines():
        if line.startswith("    $ "):
            found.append((line[6:], []))
        elif line.startswith("    ") and found:
            found[-1][1].append(line[4:])
    return found


@pytest.fixture
def folder(tmp_path):
    """As the project's folder, but for what is built."""
    (tmp_path / "examples").symlink_to(ROOT / "examples")
    (tmp_path / "hdl").symlink_to(ROOT / "hdl")
    python = tmp_path / ".venv" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.write_text(f'#!/bin/sh\nexec "{sys.executable}" "$@"\n')
    python.chmod(0o755)
    return tmp_path


def run(command, folder):
    """What a command of the shell prints, in lines."""
    done = subprocess.run(
        ["sh", "-c", command],
        cwd=folder,
        env={"PATH": os.environ["PATH"]},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    return done.stdout.splitlines()


def test_the_one_in_amaranth(folder):
    ((command, shown),) = commands("In Amaranth")

    assert len(shown) == 9
    assert run(command, folder) == shown


def test_the_one_in_verilog(folder, monkeypatch):
    require("iverilog")
    (make, _), (compile_, nothing), (simulate, shown) = commands("In Verilog")
    assert make.startswith("make verilog ")
    monkeypatch.chdir(folder)
    # What make does, without a virtual environment.
    assert write_verilog(["build/", *make.split()[2:]]) == 0

    assert run(compile_, folder) == nothing == []
    assert len(shown) == 7
    assert run(simulate, folder) == shown


def test_its_own_modules_have_no_warnings(tmp_path):
    """But of the ports of `probe`, which stay open."""
    require("iverilog")
    assert write_verilog([str(tmp_path), "PART=mmu", "BUS=wishbone", "TLB=1"]) == 0
    sources = [*sorted((ROOT / "examples" / "verilog").glob("*.v")), tmp_path / "mmu.v"]
    names = " ".join(map(str, sources))
    said = run(f"iverilog -g2005 -Wall -Wno-timescale -s bench -o {tmp_path}/b {names}", tmp_path)
    assert [line for line in said if "probe__" not in line] == []
