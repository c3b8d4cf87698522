"""How long parents and children wait after a fork, from what the guest tells."""

from types import SimpleNamespace

from kernel_model.facts.abi import Syscall
from kernel_model.facts.doorbell import Reason
from sim.engines.story import Passage
from sim.guests.kernel_guest import Rung
from sim.report.forks import ForkTimes

PARENT, CHILD = (SimpleNamespace(pid=pid) for pid in (2, 3))


def rung(times, *, running, raised=0, returned=0):
    passage = Passage(raised=raised, returned=returned)
    times.rung(Rung(Reason.USER_TRAP, passage, 0, 0, PARENT, running))


def test_a_time_ends_with_the_return_to_who_waits():
    times = ForkTimes()
    times.syscall_end(PARENT, Syscall.FORK, 3, 0)
    rung(times, raised=100, running=PARENT)
    rung(times, raised=200, returned=150, running=CHILD)
    rung(times, raised=500, returned=400, running=PARENT)
    rung(times, raised=700, returned=600, running=None)
    assert (times.parents, times.children) == ([50], [300])


def test_a_child_without_a_turn_has_none():
    times = ForkTimes()
    times.syscall_end(PARENT, Syscall.FORK, 3, 0)
    rung(times, raised=100, running=PARENT)
    rung(times, raised=200, returned=150, running=None)
    assert (times.parents, times.children) == ([50], [])


def test_what_fails_and_what_is_no_fork_is_not_looked_at():
    times = ForkTimes()
    for number, result in ((Syscall.FORK, -1), (Syscall.WAIT, 3)):
        times.syscall_end(PARENT, number, result, 0)
        rung(times, raised=100, running=PARENT)
    rung(times, raised=200, returned=150, running=PARENT)
    assert (times.parents, times.children) == ([], [])
