"""Spike as our tests start it, and the assembly programs of `tests/asm` on it."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests import spike
from tests.hdl.programs import ASM, build

ROOT = Path(__file__).parents[1]
#: Tests where Spike is missing, in a module and on their own.
WITHOUT_SPIKE = """
import importlib.util
import pytest
from tests import spike

importlib.util.find_spec = lambda name: None

@pytest.mark.parametrize("number", range(5))
def test_spike(number):
    spike.require()
"""


def isa_of(name):
    return spike.ISA + ("_svadu" if name == "svadu" else "")


@pytest.mark.parametrize("name", sorted(path.stem for path in ASM.glob("*.S")))
def test_program_that_the_hart_passes_passes_on_spike(name):
    spike.require()

    run = spike.run(build(ASM / f"{name}.S"), isa=isa_of(name))

    assert run.returncode == 0, f"test {run.returncode} failed: {run.stderr.decode()}"


@pytest.mark.parametrize("name", sorted(path.stem for path in ASM.glob("protected/*.S")))
def test_so_does_one_for_a_hart_with_memory_protection(name):
    spike.require()

    run = spike.run(build(ASM / "protected" / f"{name}.S"), isa=f"{spike.ISA}_svadu", pmp_entries=8)

    assert run.returncode == 0, f"test {run.returncode} failed: {run.stderr.decode()}"


@pytest.mark.parametrize("name", sorted(path.stem for path in ASM.glob("misaligned/*.S")))
def test_so_does_one_for_a_hart_with_misaligned_accesses(name):
    spike.require()

    run = spike.run(build(ASM / "misaligned" / f"{name}.S"), isa=f"{spike.ISA}_zicclsm_svadu")

    assert run.returncode == 0, f"test {run.returncode} failed: {run.stderr.decode()}"


def test_failed_program_is_told_from_a_passed_one(tmp_path):
    spike.require()
    source = tmp_path / "failing.S"
    source.write_text(f'#include "{ASM}/test.h"\n TEST 7\n CHECK x0, 1\n PASS\n')

    assert spike.run(build(source)).returncode == 7


def test_spike_needs_no_compiler_of_device_trees(monkeypatch, tmp_path):
    spike.require()
    # `dtc` cannot be found here.
    monkeypatch.setenv("PATH", str(tmp_path))

    assert spike.run(build(ASM / "zicsr.S")).returncode == 0


class TestMissing:
    @pytest.fixture(autouse=True)
    def missing(self, monkeypatch):
        monkeypatch.setattr("importlib.util.find_spec", lambda name: None)

    def test_skips_with_a_line_that_says_so(self, monkeypatch):
        monkeypatch.delenv("TRAPLINE_REQUIRE_SPIKE", raising=False)
        with pytest.raises(pytest.skip.Exception, match="Spike is not installed: .* CPython 3.11"):
            spike.require()

    def test_fails_where_it_is_required(self, monkeypatch):
        monkeypatch.setenv("TRAPLINE_REQUIRE_SPIKE", "1")
        with pytest.raises(pytest.fail.Exception, match="Spike is not installed"):
            spike.require()

    def test_a_run_of_pytest_gives_the_reason_once(self, tmp_path):
        """Also with `-q`, which shows a letter for each test."""
        (tmp_path / "test_it.py").write_text(WITHOUT_SPIKE)
        (tmp_path / "test_other.py").write_text(f"{WITHOUT_SPIKE}\nspike.require()\n")
        environment = {
            name: value
            for name, value in os.environ.items()
            if name not in ("TRAPLINE_REQUIRE_SPIKE", "PYTEST_ADDOPTS")
        }
        command = [
            sys.executable,
            "-m",
            "pytest",
            "-q",
            "-p",
            "no:cacheprovider",
            "-c",
            ROOT / "pyproject.toml",
            tmp_path,
        ]

        run = subprocess.run(
            command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False
        )

        assert run.returncode == 0
        reasons = [line for line in run.stdout.splitlines() if "Spike is not installed" in line]
        assert len(reasons) == 1
        assert reasons[0].startswith("SKIPPED [6] ")
