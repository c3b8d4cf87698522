"""Options of this test suite."""

import atexit
import gc
import warnings
from pathlib import Path

import pytest
from amaranth.hdl import UnusedElaboratable

from sim.engines import recipe
from sim.engines.native.compiler import cxx
from sim.host import progress
from tests import support
from tests.sim.signals import heed_all

# The benches of `tests/hdl` assert too, and have to say what they compared.
pytest.register_assert_rewrite("tests.hdl")

# As in pyproject.toml, for components that live until the interpreter ends.
atexit.register(warnings.simplefilter, "ignore", UnusedElaboratable)


def pytest_addoption(parser):
    parser.addoption(
        "--vcd",
        metavar="DIR",
        type=Path,
        help="write a waveform of every simulated testbench into DIR, named after the test",
    )
    parser.addoption(
        "--engine",
        choices=("native", "pysim"),
        help="what simulates the testbenches: native by default, if there is a C++ compiler",
    )
    parser.addoption(
        "--fuzz-circuits",
        metavar="N",
        type=int,
        default=75,
        help="compare N random circuits between the native engine and pysim (75 by default)",
    )
    parser.addoption(
        "--fuzz-seed", metavar="SEED", type=int, default=0, help="seed of the first of them"
    )
    parser.addoption(
        "--check",
        action="store_true",
        help="usertests and lazytests run as with `trapline run --check`, which takes minutes",
    )


def pytest_configure(config):
    gc.disable()  # what is imported and collected stays
    # What is compiled for the first time shall not stand among what tests look at.
    progress._SOME = 3600.0
    support.vcd_directory = config.getoption("--vcd")
    support.default_engine = config.getoption("--engine") or _fastest_engine()
    heed_all()
    # A test that changes a class or constant of `hdl/` makes its hart itself.
    recipe.trust_sources()


def pytest_collection_finish():
    """What is there now stays: looking through it for garbage took a tenth of the time."""
    if not gc.get_freeze_count():  # what is forked from a process that has done so need not again
        gc.collect()
        gc.freeze()
    # Most of what a test makes goes with it: who looks seldom finds little.
    gc.set_threshold(50_000, 20, 50)
    gc.enable()


def pytest_report_header():
    return f"engine of the testbenches: {support.default_engine}"


def _fastest_engine():
    """The engine with which the tests take least time.

    For those of `hdl/` that was, in seconds of one processor: pysim 66, native 46 when all are in
    the cache; designs that are not begin on pysim. PyPI's `ziglang` compiles a design
    in seconds, g++ and clang in tenths: it is left to the machine, whose runs are long.
    """
    try:
        # Refuses a release of Amaranth that it does not know.
        from sim.engines import internals  # noqa: F401

        command, _version = cxx.find_compiler()
    except (ImportError, cxx.CompilerError):
        return "pysim"
    return "pysim" if "ziglang" in command else "native"
