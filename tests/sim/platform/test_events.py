"""Events are what they say: equal if they say the same, and told apart by their kind."""

from dataclasses import FrozenInstanceError, fields
from itertools import combinations
from typing import get_args

import pytest

from sim.platform.events import Budget, Event, Halt, Ring

#: No two of them say the same.
DIFFERENT = [Budget(), Halt(), Ring(0), Ring(1)]


@pytest.mark.parametrize("one, other", list(combinations(DIFFERENT, 2)))
def test_events_that_say_something_else_differ(one, other):
    assert one != other


@pytest.mark.parametrize("event", DIFFERENT, ids=repr)
def test_events_that_say_the_same_are_equal(event):
    again = type(event)(*(getattr(event, field.name) for field in fields(event)))
    assert again == event
    assert len({again, event}) == 1


@pytest.mark.parametrize("event", DIFFERENT[2:], ids=repr)
def test_what_an_event_says_cannot_be_changed(event):
    name = fields(event)[0].name
    with pytest.raises(FrozenInstanceError):
        setattr(event, name, 5)
    assert event in DIFFERENT


def test_an_event_tells_itself_in_a_failure():
    assert repr(Ring(reason=3)) == "Ring(reason=3)"


def test_these_are_all_there_are():
    assert {type(event) for event in DIFFERENT} == set(get_args(Event))
