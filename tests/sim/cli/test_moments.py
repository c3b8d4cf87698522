import click
import pytest

from sim import start
from sim.cli.counts import Moment, MomentType
from sim.cli.moments import MomentError, reach


@pytest.mark.parametrize(
    "text, moment",
    [
        ("exit", Moment("exit")),
        ("fault:3", Moment("fault", 3)),
        ("cycle:0", Moment("cycle", 0)),
        ("cycle:10k", Moment("cycle", 10_000)),
    ],
)
def test_moments_are_named(text, moment):
    assert MomentType().convert(text, None, None) == moment
    if "k" not in text:
        assert str(moment) == text


@pytest.mark.parametrize(
    "text", ["", "fault", "fault:0", "fault:-1", "cycle:x", "exit:1", "trap:1"]
)
def test_others_are_refused(text):
    with pytest.raises(click.BadParameter, match="is none of fault:N, cycle:N, exit"):
        MomentType().convert(text, None, None)


@pytest.fixture
def session():
    with start("lazy", memory_mib=8) as session:
        yield session


def test_a_fault_is_reached_as_it_is_raised_and_not_yet_served(session):
    reach(session, Moment("fault", 2))
    assert session.cycle == 4_463
    assert len(session.guest.faults) == 1
    assert session.machine.engine.log.traps[-1].cycle <= 4_463
    session.run()
    assert len(session.guest.faults) == 12


def test_a_cycle_is_reached_to_the_cycle(session):
    reach(session, Moment("cycle", 1_234))
    assert session.cycle == 1_234


def test_at_its_exit_the_program_is_still_there(session):
    reach(session, Moment("exit"))
    assert session.kernel.proc.name == "lazy"
    assert session.kernel.proc.space.resident > 8
    session.step(10_000)
    assert session.kernel.halted


@pytest.mark.parametrize(
    "moment, message",
    [
        (Moment("fault", 13), "the run has 12 page faults only"),
        (Moment("cycle", 10**6), "the run has ended at cycle 31,047, before cycle:1000000"),
    ],
)
def test_what_never_comes_is_told(session, moment, message):
    with pytest.raises(MomentError, match=f"^{message}$"):
        reach(session, moment)


@pytest.mark.parametrize("moment", [Moment("exit"), Moment("fault", 12), Moment("cycle", 20_001)])
def test_so_is_what_takes_too_long(session, moment):
    with pytest.raises(MomentError, match=f"^the run has not come to {moment} by cycle 20,000$"):
        reach(session, moment, max_cycles=20_000)


def test_the_last_cycle_that_is_allowed_is_reached(session):
    reach(session, Moment("cycle", 20_000), max_cycles=20_000)
    assert session.cycle == 20_000
