"""The projects whose suites are run, at the releases that PyPI has with their tests."""

from dataclasses import dataclass

__all__ = ["PROJECTS", "Project"]


@dataclass(frozen=True)
class Project:
    """A release, and how its tests are run.

    Members
    -------
    name, version : str
        Of its source distribution.
    tests : str
        Their folder there.
    needs : tuple of str
        What they want besides the project's own dependencies.
    options : tuple of str
        Of pytest: what is left out, because it needs programs or hardware, or is no simulation.
    """

    name: str
    version: str
    tests: str
    needs: tuple[str, ...] = ()
    options: tuple[str, ...] = ()


_SIM = "pytest-amaranth-sim>=0.1.1"
PROJECTS = (
    Project("smolarith", "0.2.1", "tests", (_SIM,)),
    # test_soc.py wants amaranth-soc, which has no release.
    Project(
        *("sentinel-cpu", "0.1.0b2", "tests/sim", ("bronzebeard", _SIM)),
        options=("--ignore=tests/sim/test_soc.py",),
    ),
    Project("luna-usb", "0.2.3", "tests", options=("--import-mode=importlib",)),
    Project("maia-hdl", "0.6.2", "test"),
    Project("transactron", "0.6.1", "test"),
)
