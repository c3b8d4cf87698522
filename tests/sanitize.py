"""Tests of the native engine under sanitizers: `python -m tests.sanitize`, or `make sanitize`.

What is compiled is the generated code and the engine's C++, both with
`-fsanitize=address,undefined`: an access outside of what Python has given, a shift by too much or
arithmetic that overflows ends the run, and is told with its line. AddressSanitizer has to be in a
process from its start, so the tests run in a process of their own, with libasan loaded before all
else and every object of Python's allocated by itself.

This module is also the plugin of pytest that has the code compiled so there.
"""

import argparse
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from sim.engines.native.compiler import cxx, model

__all__ = ["TESTS", "Unavailable", "findings", "main"]

ROOT = Path(__file__).resolve().parents[1]
NATIVE = "tests/sim/engines/native"
#: Tests that run compiled code in their own process, by what they cost.
TESTS = (
    f"{NATIVE}/machine",
    f"{NATIVE}/testbench",
    *(
        f"{NATIVE}/compiler/test_{name}.py"
        for name in ("caching", "emit", "expressions", "resting")
    ),
)
FLAGS = (
    "-fsanitize=address,undefined",
    "-fno-sanitize-recover=all",
    "-fno-omit-frame-pointer",
    "-g1",
)
#: UndefinedBehaviorSanitizer writes to standard error, wherever it is told to.
_PYTEST = ("-p", "tests.sanitize", "-p", "no:cacheprovider", "--capture=sys")
_INSIDE = "TRAPLINE_SANITIZED"


class Unavailable(Exception):
    """There is no compiler here whose sanitizers could be used."""


def pytest_configure():
    """As a plugin: what is compiled from now on is sanitized."""
    if _INSIDE in os.environ:
        # It is loaded; compilers that are started need it not.
        del os.environ["LD_PRELOAD"]
        cxx.FLAGS = model.FLAGS = (*cxx.FLAGS, *FLAGS)


def findings(tests: Sequence[str], options: Sequence[str] = ()) -> tuple[int, str]:
    """Runs `tests` with pytest's `options`; its status, and what the sanitizers have said.

    Raises Unavailable.
    """
    with tempfile.TemporaryDirectory() as folder:
        environment = {**os.environ, **_environment(folder)}
        command = [sys.executable, "-m", "pytest", *_PYTEST, *options, *tests]
        done = subprocess.run(
            command, cwd=ROOT, env=environment, stderr=subprocess.PIPE, text=True, errors="replace"
        )
        said = [path.read_text(errors="replace") for path in sorted(Path(folder).iterdir())]
    undefined = [line for line in done.stderr.splitlines() if "runtime error" in line]
    return done.returncode, "\n".join([*said, *undefined])


def _environment(folder: str) -> dict[str, str]:
    command, _version = cxx.find_compiler()
    asked = [*command, "-print-file-name=libasan.so"]
    found = subprocess.run(asked, capture_output=True, text=True, check=False).stdout.strip()
    if not Path(found).is_absolute():
        raise Unavailable(f"{' '.join(command)} has no libasan.so; g++ has one")
    return {
        _INSIDE: "1",
        "LD_PRELOAD": found,
        "PYTHONMALLOC": "malloc",
        "PYTHONPATH": str(ROOT),
        # What Python keeps until its end is no leak.
        "ASAN_OPTIONS": f"detect_leaks=0:log_path={folder}/address",
    }


def main(arguments: list[str]) -> int:
    """Runs the tests; returns 0 if none fails and nothing was found, 2 if they cannot be run."""
    parser = argparse.ArgumentParser(prog="python -m tests.sanitize", description=__doc__)
    parser.add_argument("tests", nargs="*", default=TESTS, help="files of tests, or folders")
    parser.add_argument("--circuits", type=int, default=100, help="random circuits besides (100)")
    chosen = parser.parse_args(arguments)
    try:
        options = ("-q", f"--fuzz-circuits={chosen.circuits}")
        status, said = findings(chosen.tests, options)
    except (Unavailable, cxx.CompilerError) as error:
        print(f"sanitize: {error}", file=sys.stderr)
        return 2
    print(said or "the sanitizers have found nothing")
    return int(status != 0 or bool(said))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
