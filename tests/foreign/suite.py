"""A project's release, fetched from PyPI and installed beside us, and runs of its tests."""

import os
import re
import resource
import shutil
import subprocess
import sys
import tarfile
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from tests.foreign.outcomes import UNREADABLE, read_outcomes
from tests.foreign.projects import Project

__all__ = ["NotInstalled", "Run", "Suite", "SuiteError"]

ROOT = Path(__file__).resolve().parents[2]
#: Seconds that pip, and a suite, may take.
PATIENCE = 3600
#: Of pip: who is not there is not waited for.
_HASTE = ("--timeout", "20", "--retries", "1")


class SuiteError(Exception):
    """The suite cannot be fetched, installed or run; the message ends with what was said."""


class NotInstalled(SuiteError):
    """It cannot be fetched or installed, such as without a network."""


@dataclass(frozen=True)
class Run:
    """What a run has shown.

    Members
    -------
    outcomes : dict of str to str
        Of each test.
    seconds : float
        Of the processor, in its process and those that it started, such as a compiler's: who
        else the machine works for hardly matters to them.
    not_native : int
        Warnings of designs that stayed on Amaranth's own engine, those of one place once.
    """

    outcomes: dict[str, str]
    seconds: float
    not_native: int


@dataclass(frozen=True)
class Suite:
    """A project with its tests, in a folder.

    Members
    -------
    project : Project
        Which it is.
    source : Path
        What its archive has.
    site : Path
        Where it and what it needs are installed.
    """

    project: Project
    source: Path
    site: Path

    @classmethod
    def installed(cls, project: Project, folder: Path) -> "Suite":
        """Fetches and installs what is not there. Raises NotInstalled."""
        home = folder / f"{project.name}-{project.version}"
        site, whole = home / "site", home / "installed"
        if not whole.exists():
            shutil.rmtree(home, ignore_errors=True)
            release = f"{project.name}=={project.version}"
            _pip("download", "--no-deps", "--no-binary", project.name, "--dest", home, release)
            (archive,) = home.glob("*.tar.gz")
            with tarfile.open(archive) as file:
                file.extractall(home, filter="data")
            amaranth = f"amaranth=={version('amaranth')}"
            _pip("install", "--target", site, archive, amaranth, *project.needs)
            whole.touch()
        (facts,) = home.glob("*/PKG-INFO")
        return cls(project, facts.parent, site)

    def empty_cache(self) -> Path:
        """A folder for what is compiled, with nothing in it."""
        cache = self.site.parent / "cache"
        shutil.rmtree(cache, ignore_errors=True)
        cache.mkdir()
        return cache

    def run(self, engine: str, cache: Path) -> Run:
        """Runs the tests on an engine, "native" or "pysim". Raises SuiteError."""
        report = self.site.parent / "report.xml"
        report.unlink(missing_ok=True)
        # If theirs has no settings of pytest, this ends the search for them: ours are above.
        (self.site.parent / "pytest.ini").touch()
        plugins = ("-p", "trapline.pytest_engine", "-p", "foreign_cache")
        options = ("-q", "-p", "no:cacheprovider", f"--junitxml={report}", *self.project.options)
        command = [sys.executable, "-m", "pytest", *plugins, "--amaranth-engine", engine, *options]
        # Their tests may be a package called `tests`, which hides ours.
        path = os.pathsep.join(map(str, (self.site, ROOT, Path(__file__).parent)))
        environment = {**os.environ, "PYTHONPATH": path, "FOREIGN_CACHE": str(cache)}
        environment.pop("PYTEST_ADDOPTS", None)
        start = _processor_seconds()
        said = _output([*command, self.project.tests], self.source, environment)
        seconds = _processor_seconds() - start
        if not report.exists():
            raise SuiteError(f"its tests do not run:\n{said}")
        outcomes = read_outcomes(report)
        if UNREADABLE in outcomes.values():
            raise SuiteError(f"some of its tests cannot be imported:\n{said}")
        stayed = set(re.findall(r"not computed natively: .*", said))
        return Run(outcomes, seconds, len(stayed))


def _processor_seconds() -> float:
    """What all processes that were started from here and have ended took."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def _pip(*arguments: str | Path) -> None:
    command = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check", *_HASTE]
    try:
        done = subprocess.run(
            [*command, *map(str, arguments)], capture_output=True, text=True, timeout=PATIENCE
        )
    except subprocess.TimeoutExpired as error:
        raise NotInstalled(f"pip {arguments[0]} has not ended after {PATIENCE} s") from error
    if done.returncode != 0:
        said = done.stderr.strip() or f"its exit status is {done.returncode}"
        raise NotInstalled(f"pip {arguments[0]}: {said.splitlines()[-1]}")


def _output(command: list[str], folder: Path, environment: dict[str, str]) -> str:
    """What a command says, whatever its status."""
    try:
        done = subprocess.run(
            command, cwd=folder, env=environment, capture_output=True, text=True, timeout=PATIENCE
        )
    except subprocess.TimeoutExpired as error:
        raise SuiteError(f"its tests have not ended after {PATIENCE} s") from error
    return done.stdout + done.stderr
