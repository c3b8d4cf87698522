"""Runs tests of a `Tree` in a forked process, which has all that is not ours imported already."""

import contextlib
import json
import os
import re
import resource
import signal
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.verify.mutants.tree import PACKAGES, PROJECT

__all__ = ["Outcome", "preload", "run_pytest"]

#: Bytes of memory that a run may ask for, besides those of the process that it is forked from.
MEMORY = 6 << 30


@dataclass(frozen=True)
class Outcome:
    """How a run ended.

    Attributes
    ----------
    status : str
        "passed", "failed" (by the test `test`), "broken" (nothing could be imported or collected),
        "timeout" or "crashed"; "empty" if there was no test to run.
    test : str
        The test that failed first.
    seconds : float
        What the run took, of a processor, without what it started.
    data : dict
        What the plugins had to say.
    """

    status: str
    test: str
    seconds: float
    data: dict

    @property
    def killed(self) -> bool:
        """Whether the run shows that something is wrong."""
        return self.status in ("failed", "broken", "timeout", "crashed")


def preload() -> None:
    """Imports what the tests use and is not ours, so that forked processes need not."""
    import vcd.gtkw  # noqa: F401


def run_pytest(
    folder: Path,
    arguments: Sequence[str],
    *,
    plugins: Sequence[object] = (),
    report: Callable[[], dict] = dict,
    cpu_seconds: float,
    wall_seconds: float,
    write_bytecode: bool = False,
) -> Outcome:
    """Runs pytest with `arguments` in `folder`, a copy of the project, up to the first failure.

    `plugins` are pytest's; `report()` is called after the run, in the forked process, for `data`.
    Beyond `cpu_seconds` of a processor, or `wall_seconds` of time, it is a "timeout".
    `write_bytecode` leaves compiled modules for the runs to come.
    """
    result = folder / "result.json"
    result.unlink(missing_ok=True)
    sys.stdout.flush()
    child = os.fork()
    if child == 0:
        status = 70
        try:
            _enter(folder, cpu_seconds)
            # A file broken within a second would be taken for the one compiled before.
            sys.dont_write_bytecode = not write_bytecode
            status = _run(arguments, plugins, report, result)
        finally:
            os._exit(status)
    return _wait(child, result, wall_seconds)


class _FirstFailure:
    """Remembers the first test that failed."""

    def __init__(self):
        self.test = ""

    def pytest_runtest_logreport(self, report):
        if report.failed and not self.test:
            self.test = report.nodeid

    def pytest_collectreport(self, report):
        if report.failed and not self.test:
            self.test = f"importing {report.nodeid}"


def _enter(folder, cpu_seconds):
    """Makes this process one that has never seen the project's modules, in `folder`."""
    os.setsid()
    # A process of a pool ignores it, and what a process ignores its children do.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    log = os.open(folder / "log.txt", os.O_CREAT | os.O_WRONLY | os.O_TRUNC)
    for stream in (1, 2):
        os.dup2(log, stream)
    limit = int(cpu_seconds) + 1
    resource.setrlimit(resource.RLIMIT_CPU, (limit, limit))
    # Not the size of addresses: Yosys in WebAssembly reserves more of them than it uses.
    _, most = resource.getrlimit(resource.RLIMIT_DATA)
    resource.setrlimit(resource.RLIMIT_DATA, (_held() + MEMORY, most))
    os.chdir(folder)
    for name in [name for name in sys.modules if name.partition(".")[0] in PACKAGES]:
        del sys.modules[name]
    ours = {str(PROJECT), "", "."}
    sys.path[:] = [str(folder), *(entry for entry in sys.path if entry not in ours)]
    os.environ["AMARANTH_USE_YOSYS"] = "builtin"
    # Programs that tests start are those of the folder, too.
    os.environ["PYTHONPATH"] = str(folder)


def _held():
    """Bytes that this process has asked for. A worker that has run many tests has some GiB."""
    status = Path("/proc/self/status").read_text()
    return 1024 * int(re.search(r"^VmData:\s+(\d+) kB$", status, re.M)[1])


def _run(arguments, plugins, report, result):
    import pytest

    first = _FirstFailure()
    options = ["-x", "-q", "-p", "no:cacheprovider", "-p", "no:xdist", "--tb=short"]
    # Pytest would rewrite the assertions of plugins that have been imported here already.
    options += ["-W", "ignore::pytest.PytestAssertRewriteWarning"]
    status = pytest.main([*options, *arguments], plugins=[first, *plugins])
    result.write_text(json.dumps({"status": int(status), "test": first.test, "data": report()}))
    return 0


def _wait(child, result, wall_seconds):
    """Waits for `child`, and ends it with all that it has started."""
    deadline = time.monotonic() + wall_seconds
    late = False
    try:
        while True:
            pid, status, usage = os.wait4(child, os.WNOHANG)
            if pid:
                break
            if time.monotonic() > deadline:
                late = True
                os.killpg(child, signal.SIGKILL)
                _, status, usage = os.wait4(child, 0)
                break
            time.sleep(0.01)
    finally:
        # It is in a session of its own, where no Ctrl-C reaches it.
        with contextlib.suppress(ProcessLookupError):
            os.killpg(child, signal.SIGKILL)
    seconds = usage.ru_utime + usage.ru_stime
    if late or (os.WIFSIGNALED(status) and os.WTERMSIG(status) in (signal.SIGXCPU, signal.SIGKILL)):
        return Outcome("timeout", "", seconds, {})
    if status != 0 or not result.exists():
        return Outcome("crashed", "", seconds, {})
    told = json.loads(result.read_text())
    kinds = {0: "passed", 1: "failed", 2: "broken", 4: "broken", 5: "empty"}
    return Outcome(kinds.get(told["status"], "crashed"), told["test"], seconds, told["data"])
