"""Signals that come while something is being noted are not lost, and nothing is."""

import signal

import pytest

from sim.host.interrupts import ENDING, Interrupted, interruptible, postponed
from tests.sim.signals import heeded


@pytest.fixture(params=ENDING, ids=lambda number: number.name)
def number(request):
    """A signal that would end the process."""
    with heeded(request.param):
        yield request.param


def test_a_postponed_signal_comes_afterwards(number):
    noted = []

    def begin():
        with interruptible(), postponed():
            signal.raise_signal(number)
            noted.append("what was begun")

    with pytest.raises(KeyboardInterrupt) as caught:
        begin()
    assert noted == ["what was begun"]
    if number != signal.SIGINT:  # which is Python's own
        assert caught.type is Interrupted
        assert caught.value.status == 128 + number


def test_handlers_are_those_of_before(number):
    before = signal.getsignal(number)
    with postponed():
        assert signal.getsignal(number) is not before
    assert signal.getsignal(number) is before


def test_what_is_ignored_stays_ignored(number):
    signal.signal(number, signal.SIG_IGN)
    with postponed():
        signal.raise_signal(number)
        assert signal.getsignal(number) is signal.SIG_IGN
