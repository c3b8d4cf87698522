"""The examples in Python, of docs/python.md and others, and the package of another name."""

import doctest
import subprocess
import sys
from dataclasses import fields
from pathlib import Path

import pytest

from sim.config import RunConfig

ROOT = Path(__file__).resolve().parents[1]
PAGE = (ROOT / "docs" / "python.md").read_text()
README = (ROOT / "README.md").read_text()
HART = (ROOT / "docs" / "hart.md").read_text()
DEBUGGING = (ROOT / "docs" / "debugging.md").read_text()
TRANSCRIPTS = (ROOT / "docs" / "transcripts.md").read_text()
BOOT = (ROOT / "docs" / "boot.md").read_text()
POLICIES = (ROOT / "docs" / "policies.md").read_text()
TESTBENCHES = (ROOT / "docs" / "testbenches.md").read_text()
TUTORIAL = (ROOT / "docs" / "tutorial.md").read_text()


@pytest.mark.parametrize(
    "text, examples",
    [
        pytest.param(PAGE, 9, id="python.md"),
        pytest.param(README, 3, id="README.md"),
        pytest.param(HART, 20, id="hart.md"),
        pytest.param(TRANSCRIPTS, 5, id="transcripts.md"),
        pytest.param(DEBUGGING, 5, id="debugging.md"),
        pytest.param(TUTORIAL, 20, id="tutorial.md"),
        pytest.param(BOOT, 2, id="boot.md"),
        pytest.param(POLICIES, 2, id="policies.md"),
        pytest.param(TESTBENCHES, 10, id="testbenches.md"),
    ],
)
def test_examples_print_what_they_show(text, examples):
    flags = doctest.IGNORE_EXCEPTION_DETAIL | doctest.REPORT_ONLY_FIRST_FAILURE
    example = doctest.DocTestParser().get_doctest(text, {}, "page", None, 0)
    said = []

    result = doctest.DocTestRunner(optionflags=flags, verbose=False).run(example, out=said.append)

    assert result.attempted >= examples
    assert result.failed == 0, "".join(said)


def test_it_has_all_parameters():
    for parameter in fields(RunConfig):
        assert f"`{parameter.name}`" in PAGE


def python(folder, program):
    """What `program` prints, as a script in `folder`."""
    script = folder / "mine.py"
    script.write_text(program)
    command = [sys.executable, str(script)]
    return subprocess.run(command, cwd=folder, text=True, capture_output=True, timeout=60)


def other_packages(folder):
    for name in ("sim", "hdl"):
        (folder / name).mkdir()
        (folder / name / "__init__.py").write_text("mine = True\n")


def test_it_is_found_by_its_own_name_where_other_packages_have_the_same(tmp_path):
    other_packages(tmp_path)
    done = python(
        tmp_path,
        f"import sys; sys.path.append({str(ROOT)!r})\n"
        "import trapline\nfrom trapline import RunConfig, run\n"
        "from trapline.hdl.mmu.mmu import Mmu\nfrom trapline.sim.config import MachineConfig\n"
        "assert issubclass(RunConfig, MachineConfig)\nprint(Mmu.__module__)\n",
    )
    assert (done.stdout, done.stderr) == ("hdl.mmu.mmu\n", "")


def test_it_says_so_if_another_package_was_there_first(tmp_path):
    other_packages(tmp_path)
    program = f"import sim, sys; sys.path.append({str(ROOT)!r})\nimport trapline\n"
    last = python(tmp_path, program).stderr.splitlines()[-1]
    assert last == (
        f"ImportError: trapline needs its own package sim, but {tmp_path}/sim/__init__.py has been "
        "imported by that name: import trapline first"
    )
