import importlib
import json
import re

import pytest
from click.testing import CliRunner

from sim.bench import ipc, mmubench, speed
from sim.bench.losses import CAUSES
from sim.bench.runs import BenchError

#: Not `from sim.bench import __main__`: that is this test's own name for some importers.
command = importlib.import_module("sim.bench.__main__").main


@pytest.fixture
def measured(monkeypatch):
    """Nothing is run: mmubench has no cases, there is one program, and the speeds are these."""
    figures = {measure.key: 1234.5678 for measure in speed.MEASURES}
    figures |= {"native_hz": 6e6, "verilator_hz": 2e6, "build_s": 4.56789, "native_ring_hz": None}
    monkeypatch.setattr(mmubench, "run_mmubench", lambda config: mmubench.Result(2000, 1000, []))
    outcome = ipc.Outcome("text", 3000, 2400, {**dict.fromkeys(CAUSES, 0), "fetch": 600})
    monkeypatch.setattr(ipc, "run_all", lambda: [outcome])
    monkeypatch.setattr(speed, "take", lambda bench, rounds, say: figures)
    return figures


def test_it_prints_the_speeds_and_writes_them_as_json(measured, tmp_path):
    path = tmp_path / "new" / "bench.json"

    run = CliRunner().invoke(command, ["--json", str(path)])

    assert run.exit_code == 0
    assert "6,000,000" in run.output
    assert re.search(r"speed\.S .* 6,000,000 .* 2,000,000 .* 3\.00", run.output)
    assert re.search(r"traps\.c .* 1,235 .* 1,235 .* 1\.00", run.output)
    content = json.loads(path.read_text())
    assert list(content) == [
        "native_hz", "verilator_hz", "native_pages_hz", "verilator_pages_hz", "native_traps_hz",
        "verilator_traps_hz", "native_lists_hz", "verilator_lists_hz", "pysim_hz", "faults_per_s",
        "faults_per_s_costed", "syscalls_per_s", "fork_exec_wait_per_s", "sparse_s",
        "sparse_forks_s", "native_vcd_hz", "native_ring_hz", "native_commits_hz", "native_rvfi_hz",
        "build_s", "cached_s", "shell_s", "ipc",
    ]  # fmt: skip
    assert content["native_hz"] == 6_000_000
    assert content["build_s"] == 4.568
    assert content["native_ring_hz"] is None
    assert re.search(r"text +│ +3,000 +│ +2,400 +│ +0\.800 ", run.output)
    assert content["ipc"]["text"]["lost"]["fetch"] == 600


def test_without_verilator_nothing_is_compared(measured, tmp_path):
    measured["verilator_hz"] = None
    run = CliRunner().invoke(command, ["--json", str(tmp_path / "bench.json")])

    assert run.exit_code == 0
    assert re.search(r"speed\.S .* 6,000,000 +│ +- +│ +- ", run.output)


def test_what_goes_wrong_is_one_clear_line(measured, monkeypatch, tmp_path):
    def fail(config):
        raise BenchError("mmubench ended at cycle 10")

    monkeypatch.setattr(mmubench, "run_mmubench", fail)

    run = CliRunner().invoke(command, ["--json", str(tmp_path / "bench.json")])

    assert run.exit_code == 1
    assert run.output.endswith("Error: mmubench ended at cycle 10\n")
