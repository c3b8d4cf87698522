"""The examples in Python, of docs/python.md and others, and the package of another name."""

import doctest
import subprocess
import sys
from dataclasses import fields
from pathlib import Path

import pytest

from sim.config import RunConfig
from tests.python_examples import FLAGS, PAGES, examples

ROOT = Path(__file__).resolve().parents[1]
PAGE = (ROOT / "docs" / "python.md").read_text()


@pytest.mark.parametrize("name, least", PAGES.items(), ids=PAGES)
def test_examples_print_what_they_show(name, least):
    """`python -m tests.python_examples` renews them."""
    flags = FLAGS | doctest.REPORT_ONLY_FIRST_FAILURE
    said = []

    runner = doctest.DocTestRunner(optionflags=flags, verbose=False)
    result = runner.run(examples((ROOT / name).read_text()), out=said.append)

    assert result.attempted >= least
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
