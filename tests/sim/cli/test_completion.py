"""What the shell completes, as README.md says that it is set up."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]


@pytest.mark.skipif(shutil.which("bash") is None, reason="no bash")
@pytest.mark.parametrize(
    ("words", "completed"),
    [
        ("r", "run"),
        ("run --js", "--json"),
        ("run --engine n", "native"),
        ("run laz", "lazy lazytests lazy.c"),
        ("run no", ""),
        ("run --json mi", "mi ne.c"),
        ("run lazy x", ""),
        ("exercise --kind s", "superpage sizes"),
    ],
)
def test_bash_completes_as_the_readme_says(tmp_path, words, completed):
    script = tmp_path / "trapline"
    script.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m sim "$@"\n')
    script.chmod(0o755)
    (line,) = (
        line for line in (ROOT / "README.md").read_text().splitlines() if "bash_source" in line
    )
    program = f"""
        {line}
        COMP_WORDS=(trapline {words})
        COMP_CWORD=$((${{#COMP_WORDS[@]}} - 1))
        compopt() {{ :; }} # works in a real completion only
        "$(complete -p trapline | sed 's/.*-F \\([^ ]*\\) .*/\\1/')" trapline "${{COMP_WORDS[-1]}}"
        echo "${{COMPREPLY[@]}}"
    """
    folder = tmp_path / "work"
    folder.mkdir()
    for name in ("lazy.c", "mi ne.c"):
        (folder / name).touch()
    path = f"{tmp_path}{os.pathsep}{os.environ['PATH']}"
    environment = dict(os.environ, PATH=path, PYTHONPATH=str(ROOT))
    done = subprocess.run(
        ["bash", "-c", program],
        cwd=folder,
        env=environment,
        text=True,
        capture_output=True,
        timeout=60,
    )

    assert done.stderr == ""
    assert done.stdout == completed + "\n"
