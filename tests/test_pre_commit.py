"""What is checked before a commit is what `make lint` checks, with the same tools."""

import re
import subprocess
import sys

import pytest

from tests.docs import ROOT

yaml = pytest.importorskip("yaml", reason="pre-commit is not installed")

CONFIG = ROOT / ".pre-commit-config.yaml"


def test_the_hooks_are_the_commands_of_make_lint():
    (repository,) = yaml.safe_load(CONFIG.read_text())["repos"]
    (recipe,) = re.findall(r"^lint: .*\n((?:\t.*\n)+)", (ROOT / "Makefile").read_text(), re.M)

    commands = [line.strip().replace("$(BIN)", ".venv/bin") for line in recipe.splitlines()]
    entries = [hook["entry"] for hook in repository["hooks"]]
    assert [command.removesuffix(" .") for command in commands] == entries
    assert {hook["language"] for hook in repository["hooks"]} == {"system"}


def test_pre_commit_takes_it():
    command = [sys.executable, "-m", "pre_commit", "validate-config", CONFIG]
    result = subprocess.run(command, capture_output=True, text=True, check=False)

    assert result.returncode == 0, result.stdout + result.stderr
