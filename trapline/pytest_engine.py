"""A plugin of pytest: a test suite of Amaranth designs runs on the native engine, unchanged.

    pytest -p trapline.pytest_engine

`--amaranth-engine pysim`, or `AMARANTH_SIM_ENGINE=pysim` in the environment, has it run on
Amaranth's own engine after all. Simulators that ask for an engine themselves get that one.
"""

import os
import warnings
from collections.abc import Iterator

import pytest
from amaranth.sim import Simulator

from trapline.amaranth import NativeSimEngine, NotNative

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
    if engine == "native":
        _set_default(NativeSimEngine)
        config.add_cleanup(lambda: _set_default("pysim"))


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_protocol() -> Iterator[None]:
    """Which designs stay on Amaranth's own engine is shown, and no mistake of theirs.

    Whoever says what is to be done with these very warnings is heard.
    """
    with warnings.catch_warnings():
        if _is_error_as_any_other():
            warnings.simplefilter("default", NotNative)
        yield


def _is_error_as_any_other() -> bool:
    for action, _message, category, *_place in warnings.filters:
        if issubclass(NotNative, category):
            return action == "error" and category is not NotNative
    return False


def pytest_report_header(config: pytest.Config) -> str:
    """Says it in the first lines."""
    engine = Simulator.__init__.__kwdefaults__["engine"]
    return f"engine of Amaranth's simulators: {'pysim' if engine == 'pysim' else 'native'}"


def _set_default(engine: str | type) -> None:
    Simulator.__init__.__kwdefaults__["engine"] = engine
