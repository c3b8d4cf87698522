"""Whatever the parameters, a turn makes progress; and where none does, the run says so."""

import pytest

from kernel_model.facts.param import MIN_QUANTUM
from sim.cli import main as cli
from sim.guests.kernel_guest import PATIENCE
from sim.machine import End
from tests.sim.runs import run


@pytest.mark.parametrize("latency", [1, 15, 16, 90, 300, 950, 1000])
@pytest.mark.parametrize("quantum", [0, MIN_QUANTUM, 10_000])
@pytest.mark.parametrize("tick", [1, 10_000])
def test_hello_ends_with_every_latency_and_quantum(latency, quantum, tick):
    finished = run("hello", latency=latency, quantum=quantum, tick=tick, max_cycles=30_000_000)

    assert (finished.end, finished.printed) == (End.FINISHED, "hello from user mode, pid 2\n")


@pytest.mark.parametrize("svadu", [False, True])
@pytest.mark.parametrize("latency", [90, 950])
def test_page_faults_leave_a_short_turn_room_for_progress(latency, svadu):
    finished = run(
        "sh",
        "-c",
        "echo hi",
        latency=latency,
        quantum=MIN_QUANTUM,
        svadu=svadu,
        kernel_cost="zero",
        max_cycles=300_000_000,
    )

    assert (finished.end, finished.printed) == (End.FINISHED, "hi\n")


def test_sleepers_leave_the_others_turns():
    """Each tick that somebody awaits ends a turn."""
    finished = run("sh", "-c", "sleep 5000 & hello", latency=300, tick=1, max_cycles=100_000_000)

    assert finished.end is End.FINISHED
    assert "hello from user mode" in finished.printed


@pytest.mark.parametrize(("quantum", "latency"), [(MIN_QUANTUM, 105), (10_000, 950)])
def test_a_livelock_ends_the_run(quantum, latency):
    """As it was before turns had a least length."""
    finished = run(
        "hello", quantum=quantum, latency=latency, least_turn=MIN_QUANTUM, max_cycles=100_000_000
    )

    assert finished.end is End.LIVELOCK
    assert finished.machine.engine.log.user_instructions < 100


def test_a_livelock_is_told_in_one_line(monkeypatch, capsys):
    monkeypatch.setattr("sim.guests.kernel_setup.LEAST_TURN_ACCESSES", 1)

    status = cli.main(["run", "--quiet", "--latency", "950", "--memory", "8", "hello"])

    assert status == 125
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("trapline: ended at cycle ")
    assert line.endswith(f"after {PATIENCE} traps in a row no instruction of a program had retired")
