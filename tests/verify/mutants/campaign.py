"""Runs the tests on one mutant after the other, the ones that are likely to kill it first."""

import os
import subprocess
import sys
from collections import Counter
from dataclasses import dataclass

from tests.fast import mirrors
from tests.verify.mutants.equivalence import WRITE_RTLIL, equivalent
from tests.verify.mutants.harness import run_pytest
from tests.verify.mutants.mutate import Mutant, apply
from tests.verify.mutants.observe import (
    IMPORTING,
    Observer,
    Selection,
    keep_marks_of_programs,
    marked,
)
from tests.verify.mutants.targets import suite_name, suite_of
from tests.verify.mutants.tree import Tree

__all__ = ["Examiner", "Result", "observe"]

#: Seconds of tests that a mutant has to survive before a proof of its equivalence is tried.
QUICK_SECONDS = 4
#: A run may take so many times what its tests take with the original, and so many seconds more.
PATIENCE, GRACE = 4, 15
#: On a busy machine a second of a processor takes longer.
WALL = 10


@dataclass(frozen=True)
class Result:
    """What became of a mutant: `status` is "killed", "survived" or "equivalent".

    `by` is the test that killed it, or how it was proven equivalent. `seconds` are those of a
    processor. `source` and `tests` are digests of what it was a mutant of, and of what was run.
    """

    status: str
    by: str
    seconds: float
    source: str = ""
    tests: str = ""


def observe(tree: Tree, suite, tests: list[str], files: list[str]) -> dict[str, dict]:
    """Runs the files `tests` of `suite` on the original.

    Returns the seconds of each test, and the statements that it runs in `files`, as their first
    lines, by file; under `IMPORTING` those of what was run before any test. `tree` is of no use any
    more then.
    """
    python = [file for file in files if file.endswith(".py")]
    for file in {*python, suite.machine} - {None}:
        path = tree.path / file
        path.write_text(marked(file, path.read_text()))
    observer = Observer(keep_marks_of_programs(tree.path))
    outcome = run_pytest(
        tree.path,
        [*suite.options, *tests],
        plugins=[observer],
        report=lambda: observer.tests,
        cpu_seconds=3000,
        wall_seconds=6000,
        write_bytecode=True,
    )
    if outcome.status != "passed":
        log = (tree.path / "log.txt").read_text()
        raise RuntimeError(f"the tests must pass before anything is broken:\n{log[-2000:]}")
    tree.hand_over_cache()
    return outcome.data


class Examiner:
    """Finds out about mutants, in a tree of its own.

    Parameters
    ----------
    tree : Tree
        Where they live.
    observations : dict of str to dict
        For each suite, by name, what `observe` returned.
    """

    def __init__(self, tree: Tree, observations: dict[str, dict]):
        self._tree = tree
        self._observations = observations
        #: Mutants killed by each test, by file: what has killed its neighbour comes first.
        self._kills = {}
        self._gold = None
        self._proven = {}

    def examine(self, mutant: Mutant) -> Result:
        """Kills `mutant`, proves it equivalent, or tells that it survived.

        Raises SyntaxError if it is not Python: nothing would be shown by that.
        """
        source = apply((self._tree.path / mutant.file).read_text(), mutant)
        if mutant.file.endswith(".py"):
            compile(source, mutant.file, "exec")
        own, quick, slow = self.stages(mutant)
        seconds = 0.0
        with self._tree.broken(mutant.file, source):
            for stage in (own, quick, None, slow):
                if stage is None:
                    if reason := self._equivalent(mutant):
                        return Result("equivalent", reason, round(seconds, 2))
                    continue
                if not stage:
                    continue
                outcome = self._run(mutant, stage)
                seconds += outcome.seconds
                if outcome.killed:
                    self._kills.setdefault(mutant.file, Counter())[outcome.test] += 1
                    return Result("killed", outcome.test or outcome.status, round(seconds, 2))
        return Result("survived", "", round(seconds, 2))

    def stages(self, mutant: Mutant) -> tuple[list[str], list[str], list[str]]:
        """The tests that can notice `mutant`, in three parts, each in the order to run them.

        First the quick ones of its own unit: they kill most, and little has to be imported.
        """
        suite = suite_of(mutant.file)
        tests = self._observations[suite_name(mutant.file)]
        whole = {t for t, seen in tests.items() if suite.machine and suite.machine in seen["lines"]}
        running = self._running(mutant, tests)
        kills = self._kills.get(mutant.file, Counter())

        def rank(test):
            # For those with the whole hart in them it has to be compiled, which takes seconds.
            return test in whole, -kills[test], tests[test]["seconds"]

        def quick(order):
            seconds = 0.0
            for test in order:
                seconds += 0 if test in whole else tests[test]["seconds"]
                if test in whole or seconds < QUICK_SECONDS:
                    yield test

        order, unit = sorted({*running, *whole}, key=rank), mirrors([mutant.file])
        own = list(quick(test for test in order if test.partition("::")[0] in unit))
        others = [test for test in order if test not in own]
        first = list(quick(others))
        return own, first, [test for test in others if test not in first]

    @staticmethod
    def _running(mutant, tests):
        """The tests that run the mutant's statement; failing those, others that may notice it.

        What is run as a module is imported may count for any test beside one that runs the file,
        in the same file of tests: it may compare a constant and run nothing. Failing those, all.
        """
        of_file = {t: seen["lines"].get(mutant.file, ()) for t, seen in tests.items()}
        imported = of_file.pop(IMPORTING)
        exactly = [t for t, lines in of_file.items() if mutant.line in lines]
        if exactly and mutant.line not in imported:
            return exactly
        neighbours = {t.partition("::")[0] for t, lines in of_file.items() if lines}
        return [t for t in of_file if t.partition("::")[0] in neighbours] or list(of_file)

    def _run(self, mutant, order):
        tests = self._observations[suite_name(mutant.file)]
        seconds = sum(tests[test]["seconds"] for test in order)
        limit = PATIENCE * seconds + GRACE
        files = list(dict.fromkeys(test.partition("::")[0] for test in order))
        return run_pytest(
            self._tree.path,
            [*suite_of(mutant.file).options, *files],
            plugins=[Selection(order)],
            cpu_seconds=limit,
            wall_seconds=WALL * limit,
        )

    def _equivalent(self, mutant):
        """How the mutant in the tree was proven equivalent, or ""."""
        if not mutant.file.startswith("hdl/") or mutant.guards:
            return ""
        gate = self._designs()
        if self._gold is None:
            with self._tree.good(mutant.file):
                self._gold = self._designs()
        if gate is None or self._gold is None:
            return ""
        if gate == self._gold:
            return "the same RTLIL"
        if all(equivalent(self._gold[name], gate[name], self._proven) for name in gate):
            return "proven by Yosys"
        return ""

    def _designs(self):
        """The RTLIL of what is in the tree, by name; None if it cannot be written."""
        folder = self._tree.path / "rtlil"
        folder.mkdir(exist_ok=True)
        result = subprocess.run(
            [sys.executable, "-B", "-c", WRITE_RTLIL, str(folder)],
            cwd=self._tree.path,
            env={**os.environ, "PYTHONPATH": str(self._tree.path)},
            capture_output=True,
            timeout=600,
            check=False,
        )
        if result.returncode != 0:
            return None
        return {path.stem: path.read_text() for path in folder.iterdir()}
