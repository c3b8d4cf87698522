"""Test suites of others on the native engine: the plugin, in a pytest of its own."""

import os
import subprocess
import sys

import pytest

from tests.rooms import ROOT

SUITE = """
from amaranth.hdl import ClockSignal, Module, Signal
from amaranth.sim import Simulator

def ran(m, **options):
    simulator = Simulator(m, **options)
    simulator.add_clock(1e-6)
    simulator.run_until(5e-6)
    return type(simulator._engine).__name__

def test_counts():
    m, count = Module(), Signal(8)
    m.d.sync += count.eq(count + 1)
    assert ran(m) == "{engine}"
    assert ran(m, engine="pysim") == "PySimEngine"

def test_shows_its_clock():
    m, y = Module(), Signal()
    m.domains.sync = sync = __import__("amaranth").hdl.ClockDomain()
    m.d.comb += sync.clk.eq(Signal(name="made"))
    m.d.sync += y.eq(1)
    Simulator(m).run()
"""


def suite(folder, engine, *options, **variables):
    """What a pytest with the plugin says of a suite that expects `engine`; and its status."""
    (folder / "pytest.ini").write_text("[pytest]\nfilterwarnings = error\n")
    (folder / "test_it.py").write_text(SUITE.replace("{engine}", engine))
    environment = {**os.environ, "PYTHONPATH": str(ROOT), **variables}
    environment.pop("PYTEST_ADDOPTS", None)
    command = [sys.executable, "-m", "pytest", "-p", "trapline.pytest_engine", *options]
    done = subprocess.run(
        [*command, "-p", "no:cacheprovider", str(folder)],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=100,
    )
    return done.stdout + done.stderr, done.returncode


def test_it_is_native_and_says_what_is_not(tmp_path):
    said, status = suite(tmp_path, "NativeSimEngine")
    assert status == 0, said
    assert "engine of Amaranth's simulators: native" in said
    assert "2 passed, 1 warning" in said
    assert "not computed natively: the clock clk is made by the design" in said


def test_it_is_no_error_though_all_warnings_are(tmp_path):
    said, status = suite(tmp_path, "NativeSimEngine", "-W", "error")
    assert status == 0, said
    assert "2 passed, 1 warning" in said


def test_whoever_wants_it_to_be_one_is_heard(tmp_path):
    only = "error::trapline.amaranth.NotNative"
    said, status = suite(tmp_path, "NativeSimEngine", "-W", only)
    assert status == 1, said
    assert "1 failed, 1 passed" in said


@pytest.mark.parametrize(
    ("options", "variables"),
    [(["--amaranth-engine", "pysim"], {}), ([], {"AMARANTH_SIM_ENGINE": "pysim"})],
)
def test_it_may_be_amaranths_own(tmp_path, options, variables):
    said, status = suite(tmp_path, "PySimEngine", *options, **variables)
    assert status == 0, said
    assert "engine of Amaranth's simulators: pysim" in said
    assert "2 passed in" in said


def test_an_engine_of_another_name_is_refused(tmp_path):
    said, status = suite(tmp_path, "PySimEngine", AMARANTH_SIM_ENGINE="verilator")
    assert status == 4
    assert "AMARANTH_SIM_ENGINE is verilator, and not one of native, pysim" in said
