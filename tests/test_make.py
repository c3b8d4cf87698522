"""`make wave`, with a GTKWave that only says what it opens."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

MAKEFILE = Path(__file__).parents[1] / "Makefile"

pytestmark = pytest.mark.skipif(shutil.which("make") is None, reason="make is not installed")


@pytest.fixture
def wave(tmp_path):
    """Runs `make wave` in a folder; returns the last line of what it prints."""
    program = tmp_path / "bin" / "gtkwave"
    program.parent.mkdir()
    program.write_text('#!/bin/sh\necho "opens <$1>"\n')
    program.chmod(0o755)
    (tmp_path / "build").mkdir()
    # Not what make tells its children: these tests may be run by one.
    environment = {name: os.environ[name] for name in os.environ if not name.startswith("MAKE")}
    environment["PATH"] = f"{program.parent}:{environment['PATH']}"

    def run():
        result = subprocess.run(
            ["make", "-s", "-f", MAKEFILE, "wave"],
            cwd=tmp_path,
            text=True,
            env=environment,
            capture_output=True,
            check=False,
        )
        return (result.stdout + result.stderr.partition("make: ***")[0]).splitlines()[-1]

    return run


def trace(folder, name, *, age, save_age=0):
    """A waveform of so many seconds ago, and its save file."""
    for path, seconds in (
        (folder / "build" / name, age),
        (folder / "build" / f"{name}.gtkw", save_age),
    ):
        path.touch()
        os.utime(path, (1_000_000_000 - seconds,) * 2)


def test_the_last_waveform_is_opened_whatever_its_save_files_age(wave, tmp_path):
    """A save file that a person has arranged is older than the waveform of the next run."""
    trace(tmp_path, "old.vcd", age=50, save_age=20)
    trace(tmp_path, "a b.fst", age=10, save_age=100)

    assert wave() == "opens <build/a b.fst.gtkw>"


def test_a_save_file_without_its_waveform_is_passed_over(wave, tmp_path):
    trace(tmp_path, "gone.vcd", age=0)
    trace(tmp_path, "here.vcd", age=10)
    (tmp_path / "build" / "gone.vcd").unlink()

    assert wave() == "opens <build/here.vcd.gtkw>"


def test_where_there_is_no_waveform_it_is_made(wave, tmp_path):
    """By `make sim`, for which Trapline is installed here already, as far as make can tell."""
    (tmp_path / "pyproject.toml").touch()
    python = tmp_path / ".venv" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.write_text('#!/bin/sh\ntouch build/lazy.vcd build/lazy.vcd.gtkw\necho "runs $*"\n')
    python.chmod(0o755)
    (tmp_path / ".venv" / ".installed").touch()

    assert wave() == "opens <build/lazy.vcd.gtkw>"

    python.write_text("#!/bin/sh\necho no compiler >&2\nexit 1\n")
    (tmp_path / "build" / "lazy.vcd").unlink()
    assert re.fullmatch(r"make\[1\]: .* sim\] Error 1", wave())
