"""What a waveform tells of page faults where no kernel tells of them."""

from types import SimpleNamespace

import pytest

from hdl.arch import Cause
from sim.engines.story import Lookup
from sim.guests.lives import Part
from sim.output.narration import BareNarrator, _Rows
from sim.output.words import Now


def lookup(asked, answered):
    return Lookup(asked, answered, 0, 0, ())


def parts_of(**fields):
    """The parts of a fault's life in the row of the phases, each with its first cycle."""
    usual = {"lookup": None, "retried_at": None, "retry": (None, None)}
    trap = SimpleNamespace(**usual | {"cause": Cause.LOAD_PAGE, "tval": 0x5000} | fields)
    fault = SimpleNamespace(trap=trap, number=1)
    hindsight = BareNarrator([fault], lambda pc, running: None)._hindsight
    told = [hindsight.at(cycle) for cycle in range(60)]
    return [(cycle, now) for cycle, now in enumerate(told) if cycle and now != told[cycle - 1]]


def test_the_parts_of_a_faults_life_follow_each_other():
    retry = lookup(32, 36), lookup(40, 44)
    assert parts_of(cycle=20, lookup=lookup(10, 16), retried_at=50, retry=retry) == [
        (10, Part.WALK.value),
        (16, Part.RAISE.value),
        (20, Part.RETRY.value),
        (32, Part.REFETCH.value),
        (36, Part.RETRY.value),
        (40, Part.REWALK.value),
        (44, Part.RETRY.value),
        (50, ""),
    ]


def test_a_fault_that_is_never_retried_has_no_more_than_its_beginning():
    assert parts_of(cycle=20) == []
    assert parts_of(cycle=20, lookup=lookup(10, 16)) == [
        (10, Part.WALK.value),
        (16, Part.RAISE.value),
        (20, ""),
    ]


def test_what_was_looked_up_before_it_is_no_part_of_the_retry():
    before, behind = lookup(18, 24), lookup(40, 70)
    assert parts_of(cycle=20, retried_at=50, retry=(before, behind)) == [
        (20, Part.RETRY.value),
        (40, Part.REWALK.value),
        (50, ""),
    ]


@pytest.mark.parametrize("register", ["satp", "stvec", "sepc", "sie", "mcause", "mepc"])
def test_a_register_that_alone_has_changed_is_told(register):
    texts = {"priv": "U", "mode": "U", "fetch_fault": "NONE", "data_fault": "NONE"}
    texts |= {"walk_side": "FETCH", "walker": "IDLE", "walker_fault": "NONE", "source": "FETCH"}
    before = Now(**dict.fromkeys(Now._fields, 0) | texts)
    rows = _Rows(lambda pc, running: None, None)

    one, other, again = (
        list(rows.tell(now, None))
        for now in (before, before._replace(**{register: 8 << 60 | 0x6000}), before)
    )

    assert one != other
    assert one == again
