"""What the tests of the commands run: a scripted hart, and small programs."""

import pytest

from sim.guests import kernel_setup
from tests.sim.elf import make_elf
from tests.sim.scripted import machines_run
from tests.sim.user import PROGRAM, TRAMPOLINE

BASE = 0x8000_0000
TOHOST = BASE + 8


@pytest.fixture
def script(monkeypatch):
    """Lets the machine run `ScriptedHart(script)`; the tests fill the list."""
    accesses = []
    machines_run(monkeypatch, accesses)
    return accesses


@pytest.fixture
def bare_file(tmp_path):
    path = tmp_path / "program.elf"
    symbols = {"tohost": TOHOST, "begin_signature": BASE, "end_signature": BASE + 16}
    path.write_bytes(make_elf([(BASE, b"\x13\0\0\0" * 2, 64)], symbols))
    return path


@pytest.fixture
def program(tmp_path, monkeypatch):
    monkeypatch.setattr(kernel_setup, "assemble_trampoline", lambda: TRAMPOLINE)
    path = tmp_path / "program"
    path.write_bytes(PROGRAM)
    return path
