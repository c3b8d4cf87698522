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


def pytest_configure(config):
    support.vcd_directory = config.getoption("--vcd")
