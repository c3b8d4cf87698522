"""What is known from earlier runs: results, and what the tests run and take."""

import json
import time
from dataclasses import asdict
from functools import cache
from pathlib import Path

from tests.verify.mutants.campaign import Result, observe
from tests.verify.mutants.mutate import Mutant
from tests.verify.mutants.observe import IMPORTING
from tests.verify.mutants.targets import (
    SUITES,
    find,
    helper_files,
    suite_name,
    suite_of,
    test_files,
)
from tests.verify.mutants.tree import PROJECT, digest, temporary_tree

__all__ = ["Results", "observations_of"]


class Results:
    """The results so far, in the file `path`; an interrupted campaign goes on where it was.

    A result counts while the file that was mutated is the same; one that says "survived" only
    while the tests are the same, too.
    """

    def __init__(self, path: Path, *, fresh: bool = False):
        self._path = path
        self._written = 0.0
        self._fresh = fresh
        self._new = {}
        self._results = {name: Result(**fields) for name, fields in self._stored().items()}

    def _stored(self):
        """What is in the file, where another campaign may have written meanwhile."""
        if self._fresh or not self._path.exists():
            return {}
        return json.loads(self._path.read_text())

    def known(self, mutant: Mutant) -> Result | None:
        """What is known of `mutant`, if it still counts."""
        result = self._results.get(mutant.name)
        if result is None or result.source != _source_digest(mutant.file):
            return None
        if result.status == "survived" and result.tests != _tests_digest(mutant.file):
            return None
        return result

    def add(self, mutant: Mutant, result: Result) -> None:
        """Remembers `result`, in the file within seconds."""
        digests = {"source": _source_digest(mutant.file), "tests": _tests_digest(mutant.file)}
        fields = {**asdict(result), **digests}
        self._results[mutant.name] = Result(**fields)
        self._new[mutant.name] = fields
        if time.monotonic() - self._written > 2:
            self.save()

    def save(self) -> None:
        """Writes the file."""
        _write(self._path, {**self._stored(), **self._new})
        self._fresh = False
        self._written = time.monotonic()


def observations_of(name: str, path: Path) -> dict[str, dict]:
    """What the tests of suite `name` run and take (see `observe`); new only what has changed.

    The file `path` remembers it for each file of tests.
    """
    stored = json.loads(path.read_text()) if path.exists() else {}
    suite = SUITES[name]
    known = stored[name] = {"lines": {}, "files": {}} | stored.get(name, {})
    common = digest(*helper_files(suite))
    keys = {str(file.relative_to(PROJECT)): common + digest(file) for file in test_files(suite)}
    changed = [file for file in keys if known["files"].get(file, {}).get("key") != keys[file]]
    if changed:
        print(f"observing {len(changed)} of {len(keys)} files of tests", flush=True)
        files = sorted({mutant.file for mutant in find() if suite_name(mutant.file) == name})
        with temporary_tree() as tree:
            tests = observe(tree, suite, changed, files)
        for file in changed:
            of_file = {test: seen for test, seen in tests.items() if test.startswith(f"{file}::")}
            known["files"][file] = {"key": keys[file], "tests": of_file}
        # A few of the files import a part of the modules only.
        old = known["lines"] if len(changed) < len(keys) else {}
        known["lines"] = _joined(old, tests[IMPORTING]["lines"])
        _write(path, stored)
    observed = {t: seen for file in keys for t, seen in known["files"][file]["tests"].items()}
    return {IMPORTING: {"seconds": 0, "lines": known["lines"]}, **observed}


def _joined(lines, more):
    """Lines by file, of two observations."""
    return {file: sorted({*lines.get(file, ()), *more.get(file, ())}) for file in {**lines, **more}}


@cache
def _source_digest(file):
    return digest(PROJECT / file)


@cache
def _tests_digest(file):
    suite = suite_of(file)
    return digest(*test_files(suite), *helper_files(suite))


def _write(path, data):
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_suffix(".tmp")
    temporary.write_text(json.dumps(data, indent=1))
    temporary.replace(path)
