"""Somebody at a booted kernel: what stands behind standard input, and how time goes."""

import io
import json
import os
import subprocess
from types import SimpleNamespace

import pytest

from sim.cli.keyboard import Keyboard, Pace
from sim.platform.devices.console import Piped
from sim.platform.devices.stream import Stream
from tests.sim.kernels import kernel

pytest.importorskip("termios")

from tests.sim.session import TRAPLINE, Session


def test_idle_cycles_last_as_long_as_the_kernels_clock_says():
    engine = SimpleNamespace(skipped=1_000)
    pace = Pace(engine)
    assert pace() == 0
    engine.skipped += 10_000
    assert pace() == 0.001
    assert pace() == 0


def test_a_file_is_there_from_the_beginning(monkeypatch, tmp_path):
    for stdin in (io.TextIOWrapper(io.BytesIO(b"x")), None):
        monkeypatch.setattr("sys.stdin", stdin)
        keyboard = Keyboard()
        assert isinstance(keyboard.source, Piped)
        keyboard.pace(SimpleNamespace(skipped=0))


def test_a_pipe_is_paced(monkeypatch):
    reading, writing = os.pipe()
    with os.fdopen(reading) as stdin, os.fdopen(writing, "w"):
        monkeypatch.setattr("sys.stdin", stdin)
        keyboard = Keyboard()
        assert isinstance(keyboard.source, Stream)
        keyboard.pace(engine := SimpleNamespace(skipped=0))
        engine.skipped = 20_000
        assert keyboard.source.patience() == 0.002


def boot(*options, **streams):
    command = [*TRAPLINE, "boot", *options, str(kernel())]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, **streams)


def facts(path):
    found = json.loads(path.read_text())
    return {name: found[name] for name in ("cycles", "instructions", "exit_status")}


def test_who_answers_to_prompts_gets_along_and_the_journal_repeats_it(tmp_path):
    first, again, journal = (tmp_path / name for name in ("first", "again", "journal"))
    options = ["--quiet", "--json", str(first), "--journal", str(journal)]
    run = boot(*options, stdin=subprocess.PIPE)
    printed = b""
    for line in (b"hello\n", b"lazy\n", b"exit 4\n"):
        while not printed.endswith(b"> "):
            printed += run.stdout.read(1)
        run.stdin.write(line)
        run.stdin.flush()
        printed += run.stdout.readline()
    printed += run.communicate(timeout=60)[0]
    assert run.returncode == 4

    options = ["--quiet", "--json", str(again), "--replay", str(journal)]
    replayed = boot(*options, stdin=subprocess.DEVNULL)
    assert replayed.communicate(timeout=60)[0] == printed
    assert facts(again) == facts(first)


@pytest.fixture
def session():
    session = Session([*TRAPLINE, "boot", str(kernel())])
    yield session
    session.close()


def test_what_is_typed_is_the_kernels_to_show(session):
    session.expect(b"> ")
    session.wait_for(lambda: not session.echoes, "nobody reads")
    session.type(b"hello\n")
    assert session.expect(b"> ") == b"hello\r\nhello\r\n"
    session.type(b"exit 6\n")
    status, shown = session.end()
    assert status == 6
    assert b"instructions per cycle" in shown


@pytest.mark.parametrize("keys", [b"\x03", b"\x01x"])
def test_ctrl_c_and_ctrl_a_x_end_it_in_good_order(session, keys):
    session.expect(b"> ")
    session.wait_for(lambda: not session.echoes, "nobody reads")
    session.type(keys)
    status, shown = session.end()
    assert status == 130
    assert b"interrupted at cycle" in shown
    assert b"instructions per cycle" in shown
