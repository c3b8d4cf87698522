"""The unit tests of what has changed: `python -m tests.fast`, for the inner loop.

Run are the tests that stand where the changed files do: of `hdl/mmu/tlb.py` those in
`tests/hdl/mmu/test_tlb.py` and what else begins with its name, of `hdl/priv/csr.py` those in
`tests/hdl/priv/csr/`, of a file that has no tests of its own those of its room. What takes longer
than `SECONDS` is cut off.
"""

import argparse
import signal
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

import pytest

__all__ = ["SECONDS", "changed", "main", "mirrors", "run"]

ROOT = Path(__file__).resolve().parents[1]
SECONDS = 60
#: What has tests that mirror it, by the first part of its path.
PACKAGES = ("hdl", "kernel_model", "sim", "programs", "tests")
SUFFIXES = {".py", ".cpp", ".c", ".h", ".S"}


def changed(base: str, root: Path = ROOT) -> list[str]:
    """The files that differ from where this branch left `base`, those that git does not know too.

    Raises subprocess.CalledProcessError where git cannot tell.
    """

    def git(*arguments):
        command = ["git", *arguments]
        result = subprocess.run(command, cwd=root, capture_output=True, text=True, check=True)
        return result.stdout.splitlines()

    (since,) = git("merge-base", base, "HEAD")
    return sorted(
        {
            *git("diff", "--name-only", "--relative", since),
            *git("ls-files", "--others", "--exclude-standard"),
        }
    )


def mirrors(files: Iterable[str]) -> list[str]:
    """The files with the tests of `files`: first their own, then those of rooms."""
    own, of_rooms = [], []
    for file in map(Path, files):
        if file.parts[0] not in PACKAGES or file.suffix not in SUFFIXES:
            continue
        room = Path() if file.parts[0] == "tests" else Path("tests")
        room /= file.parent
        alone = room / (file.name if file.name.startswith("test_") else f"test_{file.stem}.py")
        if (ROOT / alone).is_file():
            own += [alone, *_tests_in(room, f"{alone.stem}_*.py")]
        elif (ROOT / room / file.stem).is_dir():
            own += _tests_in(room / file.stem)
        elif not file.name.startswith("test_"):
            of_rooms += _tests_in(room)
    return [str(file) for file in dict.fromkeys([*own, *of_rooms])]


def _tests_in(folder, names="test_*.py"):
    return sorted(path.relative_to(ROOT) for path in (ROOT / folder).glob(names))


class _Count:
    """How many tests there are, how many of them are done, and whether one has failed."""

    total = done = 0
    failed = False

    def pytest_collection_finish(self, session):
        self.total = len(session.items)

    def pytest_runtest_logreport(self, report):
        self.failed |= report.failed

    def pytest_runtest_logfinish(self, nodeid):
        self.done += 1


def run(tests: list[str], seconds: float = SECONDS) -> int:
    """Runs the files `tests`, those that failed last first; returns pytest's status.

    After so many seconds it stops; that alone is no failure.
    """

    def stop(*_):
        pytest.exit("the time is up", returncode=0)

    count = _Count()
    signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    options = ["-q", "-m", "not formal", "--failed-first", "--maxfail=5"]
    status = pytest.main([*options, *tests], plugins=[count])
    signal.setitimer(signal.ITIMER_REAL, 0)
    if count.done < count.total:
        print(f"{count.done} of {count.total} tests were run")
    return int(status) or int(count.failed)


def main(arguments: list[str]) -> int:
    """Runs the unit tests of what has changed; returns 0 if none fails."""
    parser = argparse.ArgumentParser(prog="python -m tests.fast", description=__doc__)
    parser.add_argument("--base", default="main", help="what to compare with (main by default)")
    options = parser.parse_args(arguments)
    try:
        files = changed(options.base)
    except subprocess.CalledProcessError as error:
        parser.error(error.stderr.strip())
    tests = mirrors(files)
    if not tests:
        print(f"nothing that has unit tests differs from {options.base}")
        return 0
    print(f"{len(files)} files differ from {options.base}; their tests:", *tests, sep="\n  ")
    return run(tests)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
