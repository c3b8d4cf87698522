"""What each test takes, and which lines of the files of interest it runs."""

import ast
import builtins
import json
import time
from pathlib import Path

import pytest

__all__ = ["IMPORTING", "Observer", "Selection", "keep_marks_of_programs", "marked"]

#: The name of the function that marked code calls.
MARK = "_trapline_mark"


def marked(file: str, source: str) -> str:
    """`source` with a call before every statement of its functions, that says file and line.

    Python's own tracing would slow a simulation down several times.
    """
    tree = ast.parse(source)
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef):
            _mark_blocks(node, file)
    # Where nobody takes the marks, as in a program that has no module of ours, they do nothing.
    fallback = f"__import__('builtins').__dict__.setdefault({MARK!r}, lambda file, line: None)"
    tree.body[int(ast.get_docstring(tree) is not None) : 0] = ast.parse(fallback).body
    return ast.unparse(ast.fix_missing_locations(tree))


def _mark_blocks(node, file):
    """Puts a call before each statement in the blocks of `node`, but for nested functions'."""
    for name in ("body", "orelse", "finalbody", "handlers"):
        block = getattr(node, name, None)
        if not isinstance(block, list) or not block:
            continue
        new = []
        for statement in block:
            if isinstance(statement, ast.stmt):
                call = f"{MARK}({file!r}, {statement.lineno})"
                new += ast.parse(call).body
            new.append(statement)
            if not isinstance(statement, ast.FunctionDef | ast.ClassDef):
                _mark_blocks(statement, file)
        block[:] = new


#: A module that Python imports before any other, in programs that tests start.
STARTED = """
import atexit, builtins, json, os

seen = set()
setattr(builtins, {mark!r}, lambda file, line: seen.add((file, line)))


def leave():
    # Under its name it is whole: who looks for it may not have waited.
    path = os.path.join({folder!r}, str(os.getpid()))
    with open(path, "w") as file:
        json.dump(sorted(seen), file)
    os.replace(path, path + ".json")


atexit.register(leave)
"""


def keep_marks_of_programs(tree: Path) -> Path:
    """Lets programs that tests start in `tree` leave their marks in the folder that is returned."""
    folder = tree / "marks"
    folder.mkdir()
    (tree / "sitecustomize.py").write_text(STARTED.format(mark=MARK, folder=str(folder)))
    return folder


#: Where an observation says what was run before any test, as modules were imported.
IMPORTING = "importing"


class Observer:
    """A pytest plugin. Its `tests` are records by test: `seconds`, and `lines` by marked file.

    One more, `IMPORTING`, is of what was run before the first test. `folder` is where programs that
    the tests start leave their marks, see `keep_marks_of_programs`.
    """

    def __init__(self, folder: Path | None = None):
        self.tests = {}
        self._lines = {}
        self._folder = folder
        setattr(builtins, MARK, self._mark)

    def _mark(self, file, line):
        self._lines.setdefault(file, set()).add(line)

    def pytest_collection_finish(self):
        """Records what was run so far."""
        self._record(IMPORTING, 0)

    @pytest.hookimpl(hookwrapper=True)
    def pytest_runtest_protocol(self, item, nextitem):
        """Records one test, with its fixtures."""
        began = time.process_time()
        yield
        self._record(item.nodeid, time.process_time() - began)

    def _record(self, name, seconds):
        for left in self._folder.glob("*.json") if self._folder else ():
            for file, line in json.loads(left.read_text()):
                self._mark(file, line)
            left.unlink()
        lines = {file: sorted(lines) for file, lines in self._lines.items()}
        self.tests[name] = {"seconds": round(seconds, 3), "lines": lines}
        self._lines = {}


class Selection:
    """A pytest plugin: runs the tests of `order`, in this order, and no others."""

    def __init__(self, order: list[str]):
        self._ranks = {test: rank for rank, test in enumerate(order)}

    def pytest_collection_modifyitems(self, config, items):
        """Pytest's hook."""
        chosen = [item for item in items if item.nodeid in self._ranks]
        config.hook.pytest_deselected(items=[i for i in items if i.nodeid not in self._ranks])
        items[:] = sorted(chosen, key=lambda item: self._ranks[item.nodeid])
