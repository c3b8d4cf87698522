"""Runs of tests in a forked process: how they end, and that what is ours is imported anew."""

import signal
import subprocess
import sys

import pytest

from tests.verify.mutants import tree as tree_module
from tests.verify.mutants.harness import run_pytest
from tests.verify.mutants.observe import Observer, Selection, keep_marks_of_programs, marked
from tests.verify.mutants.tree import Tree


def run(folder, source, *, plugins=(), wall_seconds=60, cpu_seconds=30, **options):
    (folder / "test_it.py").write_text(source)
    return run_pytest(
        folder,
        ["test_it.py"],
        plugins=plugins,
        cpu_seconds=cpu_seconds,
        wall_seconds=wall_seconds,
        **options,
    )


def make_package(folder):
    (folder / "hdl").mkdir()
    (folder / "hdl" / "__init__.py").touch()


@pytest.mark.parametrize(
    "source, status, test",
    [
        ("def test_a(): pass", "passed", ""),
        (
            "def test_a(): pass\ndef test_b(): assert 0\ndef test_c(): 1/0",
            "failed",
            "test_it.py::test_b",
        ),
        ("import nothing_of_this_name", "broken", "importing test_it.py"),
        ("x = 1", "empty", ""),
        ("import os\ndef test_a(): os._exit(3)", "crashed", ""),
    ],
)
def test_how_runs_end(tmp_path, source, status, test):
    outcome = run(tmp_path, source)
    assert (outcome.status, outcome.test) == (status, test)
    assert outcome.killed == (status not in ("passed", "empty"))


def test_a_run_that_waits_for_ever(tmp_path):
    source = "import time\ndef test_a(): time.sleep(1000)"
    assert run(tmp_path, source, wall_seconds=1).status == "timeout"


def test_a_run_that_computes_for_ever(tmp_path):
    outcome = run(tmp_path, "def test_a():\n  while True: pass", cpu_seconds=0)
    assert outcome.status == "timeout"
    assert outcome.killed


def test_modules_of_the_project_are_those_of_the_folder(tmp_path):

    make_package(tmp_path)
    (tmp_path / "hdl" / "arch.py").write_text("PAGE_SIZE = 7")
    source = "from hdl.arch import PAGE_SIZE\ndef test_a(): assert PAGE_SIZE == 7"
    assert run(tmp_path, source).status == "passed"


def test_ctrl_c_is_not_ignored_though_it_is_where_the_run_is_started(tmp_path):
    source = "import signal\ndef test_a(): assert signal.getsignal(signal.SIGINT) != signal.SIG_IGN"
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        assert run(tmp_path, source).status == "passed"
    finally:
        signal.signal(signal.SIGINT, before)


SOURCE = '''
def double(x):
    """Twice `x`."""
    if x:
        return x + x
    else:
        return 0
'''
TESTS = """
from hdl.code import double
FOUR = double(2)
def test_two(): assert double(2) == 4
def test_none(): assert double(0) == 0
def test_other(): pass
"""


def test_observed_tests_name_the_statements_they_run(tmp_path):
    make_package(tmp_path)
    (tmp_path / "hdl" / "code.py").write_text(marked("hdl/code.py", SOURCE))
    observer = Observer()

    outcome = run(tmp_path, TESTS, plugins=[observer], report=lambda: observer.tests)

    assert outcome.data.pop("importing")["lines"] == {"hdl/code.py": [3, 4, 5]}
    lines = {test.partition("::")[2]: seen["lines"] for test, seen in outcome.data.items()}
    assert lines == {
        "test_two": {"hdl/code.py": [3, 4, 5]},
        "test_none": {"hdl/code.py": [3, 4, 7]},
        "test_other": {},
    }
    assert all(seen["seconds"] >= 0 for seen in outcome.data.values())


STARTING = """
import subprocess, sys
def test_program():
    subprocess.run([sys.executable, "-c", "from hdl.code import double; double(2)"], check=True)
def test_other(): pass
"""


def test_observed_tests_name_what_programs_run_that_they_start(tmp_path):
    make_package(tmp_path)
    (tmp_path / "hdl" / "code.py").write_text(marked("hdl/code.py", SOURCE))
    observer = Observer(keep_marks_of_programs(tmp_path))

    outcome = run(tmp_path, STARTING, plugins=[observer], report=lambda: observer.tests)

    lines = {test.partition("::")[2]: seen["lines"] for test, seen in outcome.data.items()}
    assert lines["test_program"] == {"hdl/code.py": [3, 4, 5]}
    assert lines["test_other"] == {}


def test_marked_code_runs_where_nobody_takes_its_marks(tmp_path):
    """Such as in a program that is started with a module of its own in place of ours."""
    (tmp_path / "twice.py").write_text(marked("twice.py", SOURCE))
    program = "import twice; assert twice.double(2) == 4"
    subprocess.run([sys.executable, "-c", program], cwd=tmp_path, check=True)


ENDED_HALFWAY = """
import os, subprocess, sys
PROGRAM = '''
import json, os
def dump(marks, file):
    file.write("[[")
    file.flush()
    os._exit(0)
json.dump = dump
'''
def test_program():
    subprocess.run([sys.executable, "-c", PROGRAM], check=True)
def test_other(): pass
"""


def test_a_program_that_is_ended_as_it_leaves_its_marks_leaves_none(tmp_path):
    """So is one whose marks are looked for meanwhile, since no test waits for it."""
    make_package(tmp_path)
    observer = Observer(keep_marks_of_programs(tmp_path))

    outcome = run(tmp_path, ENDED_HALFWAY, plugins=[observer], report=lambda: observer.tests)

    assert outcome.status == "passed"
    assert outcome.data["test_it.py::test_program"]["lines"] == {}


def test_a_selection_is_run_in_its_order(tmp_path):
    source = "".join(f"def test_{name}(): assert 0\n" for name in "abc")
    selection = Selection(["test_it.py::test_c", "test_it.py::test_a"])
    assert run(tmp_path, source, plugins=[selection]).test == "test_it.py::test_c"
    assert run(tmp_path, source, plugins=[Selection([])]).status == "empty"


def test_what_says_where_it_was_compiled_is_not_handed_over(tmp_path, monkeypatch):
    """Its sources go with the tree, and a fault's story would have no text."""
    monkeypatch.setattr(tree_module, "CACHE", tmp_path / "cache")
    (tmp_path / "tree").mkdir()
    tree = Tree(tmp_path / "tree")
    (tree.cache / "kept").write_bytes(b"code")
    (tree.cache / "left").write_bytes(b"code of " + str(tree.path).encode())
    tree.hand_over_cache()

    assert [path.name for path in (tmp_path / "cache").iterdir()] == ["kept"]
