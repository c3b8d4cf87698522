"""A plugin of pytest: a test suite of Amaranth designs runs on the native engine, unchanged.

    pytest -p trapline.pytest_engine

`--amaranth-engine pysim`, or `AMARANTH_SIM_ENGINE=pysim` in the environment, has it run on
Amaranth's own engine after all. Simulators that ask for an engine themselves get that one.
"""

import os

import pytest
from amaranth.sim import Simulator

from trapline.amaranth import NativeSimEngine

ENGINES = ("native", "pysim")
VARIABLE = "AMARANTH_SIM_ENGINE"


def pytest_addoption(parser: pytest.Parser) -> None:
    """`--amaranth-engine`."""
    parser.addoption(
        "--amaranth-engine",
        choices=ENGINES,
        help=f"what simulates Amaranth designs: native unless {VARIABLE} says otherwise",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Changes which engine a simulator has by default. UsageError for one of another name."""
    engine = config.getoption("--amaranth-engine") or os.environ.get(VARIABLE) or "native"
    if engine not in ENGINES:
        raise pytest.UsageError(f"{VARIABLE} is {engine}, and not one of {', '.join(ENGINES)}")
    # Which designs stay on Amaranth's own engine is shown, and no mistake of theirs.
    config.addinivalue_line("filterwarnings", "default::trapline.amaranth.NotNative")
    if engine == "native":
        _set_default(NativeSimEngine)
        config.add_cleanup(lambda: _set_default("pysim"))


def pytest_report_header(config: pytest.Config) -> str:
    """Says it in the first lines."""
    engine = Simulator.__init__.__kwdefaults__["engine"]
    return f"engine of Amaranth's simulators: {'pysim' if engine == 'pysim' else 'native'}"


def _set_default(engine: str | type) -> None:
    Simulator.__init__.__kwdefaults__["engine"] = engine
