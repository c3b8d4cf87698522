"""Where the command begins: Ctrl-C that comes before there is anything to be interrupted."""

import os
import signal
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

#: Python reads this before the program: Ctrl-C comes when the module MODULE is looked for.
AT_IMPORT = """
import os, signal, sys

class CtrlC:
    def find_spec(name, path=None, target=None):
        if name == os.environ["MODULE"]:
            os.kill(os.getpid(), signal.SIGINT)

sys.meta_path.insert(0, CtrlC)
"""
COMPLETION = {
    "_TRAPLINE_COMPLETE": "bash_complete",
    "COMP_WORDS": "trapline run he",
    "COMP_CWORD": "2",
}


@pytest.fixture
def interrupted(tmp_path):
    """Runs the command, and Ctrl-C when it imports a module; returns what has come of it."""
    (tmp_path / "sitecustomize.py").write_text(AT_IMPORT)

    def run(*arguments, module, handler=signal.SIG_DFL, **variables):
        environment = dict(os.environ, PYTHONPATH=f"{tmp_path}{os.pathsep}{ROOT}", MODULE=module)
        return subprocess.run(
            [sys.executable, "-m", "sim", *arguments],
            env=environment | variables,
            cwd=ROOT,
            text=True,
            capture_output=True,
            timeout=60,
            preexec_fn=lambda: signal.signal(signal.SIGINT, handler),
        )

    return run


@pytest.mark.parametrize("module", ["sim.cli", "click", "kernel_model", "elftools"])
def test_ctrl_c_during_imports_is_one_line(interrupted, module):
    done = interrupted("run", "--quiet", "hello", module=module)

    assert done.returncode == 130
    assert done.stderr == "trapline: error: interrupted\n"
    assert done.stdout == ""


def test_ctrl_c_while_amaranth_is_imported_is_a_line(interrupted):
    """Only an engine that has to construct the hart imports it, when the command is under way."""
    done = interrupted("run", "--quiet", "--engine", "pysim", "hello", module="amaranth")

    assert done.returncode == 130
    assert done.stderr.lstrip("\n") == "trapline: error: interrupted\n"
    assert done.stdout == ""


@pytest.mark.parametrize("module", ["sim.cli", "click.shell_completion"])
def test_ctrl_c_while_the_shell_completes_is_silent(interrupted, module):
    done = interrupted(module=module, **COMPLETION)

    assert done.returncode == 130
    assert done.stderr == done.stdout == ""


def test_where_ctrl_c_is_ignored_it_stays_so(interrupted):
    done = interrupted("--version", module="click", handler=signal.SIG_IGN)

    assert done.returncode == 0
    assert done.stdout.startswith("trapline ")


def test_the_installed_command_begins_there_too():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]

    assert project["scripts"] == {"trapline": "sim.__main__:main"}


def test_what_tells_of_options_imports_no_machine():
    """The shell runs it at each Tab."""
    program = "import sys, sim.cli.main; print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=ROOT,
        text=True,
        capture_output=True,
        timeout=60,
        check=True,
    )
    imported = {name.partition(".")[0] for name in done.stdout.split()}

    assert "click" in imported
    assert not imported & {"amaranth", "elftools", "rich", "vcd"}
