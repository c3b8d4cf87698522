from types import SimpleNamespace

import pytest

from sim.guests.boot_guest import BootGuest
from sim.platform.devices.captured import Captured
from sim.platform.devices.finisher import Finisher
from sim.platform.devices.until import Until
from sim.platform.events import Budget, Halt


def machine(cycle=100, deadline=None, timer=None):
    """As much of a machine as a guest looks at; `quiet` is what it was told to expect."""
    quiet = []
    return SimpleNamespace(
        engine=SimpleNamespace(cycle=cycle, timer=timer),
        bus=SimpleNamespace(deadline=deadline),
        expect_quiet=quiet.append,
        quiet=quiet,
    )


def test_it_is_over_when_the_power_is_off():
    finisher = Finisher()
    guest = BootGuest(finisher)
    assert not guest.finished
    guest.handle(machine(), finisher.store(0, 4, 0x5555, 1))
    assert guest.finished


def test_it_is_over_when_the_text_was_printed():
    until = Until(Captured(), b"x")
    guest = BootGuest(Finisher(), until)
    assert not guest.finished
    until.write(b"x")
    assert guest.finished


def test_it_knows_of_no_other_event():
    with pytest.raises(AssertionError):
        BootGuest(Finisher()).handle(machine(), Budget())


@pytest.mark.parametrize(
    "due, quiet",
    [
        ({}, []),
        ({"deadline": 1_000_000}, [999_900]),
        ({"timer": 100}, [0]),
        ({"timer": 99}, []),
        ({"timer": (1 << 64) - 1}, []),
        ({"timer": 1 << 62}, []),
        ({"deadline": 150, "timer": 300}, [50, 200]),
    ],
)
def test_it_waits_for_timers_that_come(due, quiet):
    seen = machine(**due)
    guest = BootGuest(Finisher())
    guest.look(seen)
    assert seen.quiet == quiet
    assert (guest.next_stop(100), guest.idle_cycles) == (None, 0)


def test_halt_is_the_event_of_the_end():
    BootGuest(Finisher()).handle(machine(), Halt())
