"""Tests that are started in the background interrupt what they start."""

import signal

import pytest

from sim.host.interrupts import ENDING
from tests.sim.signals import heed_all


@pytest.mark.parametrize("number", ENDING, ids=lambda number: number.name)
def test_what_is_ignored_is_heeded_and_all_else_stays(number):
    before = signal.signal(number, signal.SIG_IGN)
    others = {other: signal.getsignal(other) for other in ENDING if other != number}
    try:
        heed_all()
        usual = signal.default_int_handler if number == signal.SIGINT else signal.SIG_DFL
        assert signal.getsignal(number) is usual
        assert {other: signal.getsignal(other) for other in others} == others
    finally:
        signal.signal(number, before)
