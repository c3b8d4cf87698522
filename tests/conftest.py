"""Options of this test suite."""

from pathlib import Path

from tests import support


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
        default="pysim",
    )
    parser.addoption(
        "--fuzz-circuits",
        metavar="N",
        type=int,
        default=300,
        help="compare N random circuits between the native engine and pysim (300 by default)",
    )
    parser.addoption(
        "--fuzz-seed", metavar="SEED", type=int, default=0, help="seed of the first of them"
    )


def pytest_configure(config):
    support.vcd_directory = config.getoption("--vcd")
    support.engine = config.getoption("--engine")
