"""What ends a run from outside: Ctrl-C, and signals in its place."""

import json
import signal

import pytest

from sim.cli import commands
from sim.cli import main as cli
from tests.sim.signals import heeded


def test_ctrl_c_ends_with_130_the_summary_and_a_whole_vcd(
    capsys, script, bare_file, tmp_path, monkeypatch
):
    class Progress(commands.Progress):
        def update(self, cycle, faults, skipped):
            signal.raise_signal(signal.SIGINT)

    monkeypatch.setattr(commands, "Progress", Progress)
    vcd = tmp_path / "run.vcd"

    assert cli.main(["bare", "--engine", "pysim", "--vcd", str(vcd), str(bare_file)]) == 130
    error = capsys.readouterr().err
    assert "interrupted at cycle 500" in error
    assert "instructions per cycle" in error
    assert f"gtkwave {tmp_path / 'run.vcd.gtkw'}" in error
    assert vcd.read_text().rstrip().endswith("#500500000000")


@pytest.fixture(params=["SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT"])
def name(request):
    """The name of a signal that ends runs."""
    with heeded(getattr(signal, request.param)):
        yield request.param


def test_a_signal_ends_a_run_in_good_order(capsys, tmp_path, monkeypatch, name):
    number = getattr(signal, name)
    before = signal.getsignal(number)

    class Progress(commands.Progress):
        def update(self, cycle, faults, skipped):
            if faults == 3:
                signal.raise_signal(number)

    monkeypatch.setattr(commands, "Progress", Progress)
    result = tmp_path / "result.json"

    assert cli.main(["run", "--json", str(result), "lazy"]) == 128 + number
    by = "" if name == "SIGINT" else f" by {name}"
    assert f"trapline: interrupted{by} at cycle " in capsys.readouterr().err
    content = json.loads(result.read_text())
    assert content["exit_status"] == 128 + number
    assert len(content["faults"]) == 3
    assert signal.getsignal(number) is before


def test_a_second_signal_ends_it_at_once(capsys, monkeypatch, name):
    number = getattr(signal, name)

    class Progress(commands.Progress):
        def update(self, cycle, faults, skipped):
            signal.raise_signal(number)
            signal.raise_signal(number)

    monkeypatch.setattr(commands, "Progress", Progress)

    assert cli.main(["run", "lazy"]) == 128 + number
    assert capsys.readouterr().err.splitlines()[-1] == "trapline: error: interrupted"


def test_a_signal_that_is_ignored_stays_so(capsys, monkeypatch):
    class Progress(commands.Progress):
        def update(self, cycle, faults, skipped):
            signal.raise_signal(signal.SIGHUP)

    monkeypatch.setattr(commands, "Progress", Progress)
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        assert cli.main(["run", "--quiet", "hello"]) == 0
    finally:
        signal.signal(signal.SIGHUP, before)
