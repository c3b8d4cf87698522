"""Snapshots of a run are few, near each other where it is, and take a bounded room."""

import itertools

import pytest

from hdl.arch import PAGE_SIZE
from sim import start
from sim.debug import history
from sim.debug.history import MOST, History


@pytest.fixture
def session():
    with start("lazy", memory_mib=4) as session:
        yield session


def test_they_are_few_and_near_the_present(session):
    kept = History(session)
    for cycle in range(0, 33_000, 100):
        session.run(cycle)
        kept.keep()
    cycles = kept.cycles
    assert len(cycles) == MOST
    assert (cycles[0], cycles[-1]) == (0, 32_900)
    gaps = [later - earlier for earlier, later in itertools.pairwise(cycles)]
    assert sum(gaps[-5:]) < sum(gaps[:5])
    assert gaps[-1] <= 200


def test_the_same_moment_is_kept_once(session):
    kept = History(session)
    kept.keep()
    assert kept.cycles == [0]


def test_pages_that_are_equal_are_held_once(session):
    kept = History(session)
    session.run(5_000)
    kept.keep()
    before = kept.pages
    session.run(5_001)
    kept.keep()
    assert kept.pages == before


def test_their_memory_is_bounded(session, monkeypatch):
    monkeypatch.setattr(history, "_OBJECT", 0)
    monkeypatch.setattr(history, "BYTES", 60 * PAGE_SIZE)
    kept = History(session)
    for cycle in range(0, 33_000, 1_000):
        session.run(cycle)
        kept.keep()
    assert kept.pages <= 60 or len(kept.cycles) == 2
    assert kept.cycles[0] == 0
    assert kept.cycles[-1] == 32_000


def test_so_are_the_objects_of_python(session, monkeypatch):
    monkeypatch.setattr(history, "BYTES", 1)
    kept = History(session)
    for cycle in range(0, 5_000, 1_000):
        session.run(cycle)
        kept.keep()
    assert kept.cycles == [0, 4_000]


def test_the_more_there_is_to_keep_the_farther_apart_they_are(session, monkeypatch):
    monkeypatch.setattr(history, "SPACING", 1_000)
    kept = History(session)
    for cycle in range(100, 3_100, 100):
        session.run(cycle)
        kept.keep_if_far()
    assert kept.cycles == [0, 1_000, 2_000, 3_000]
    monkeypatch.setattr(history, "OBJECTS", 1)
    session.run(5_000)
    kept.keep_if_far()
    assert kept.cycles[-1] == 3_000


def test_a_run_returns_to_them_and_forgets_those_that_will_not_be(session):
    kept = History(session)
    for cycle in (100, 200, 300):
        session.run(cycle)
        kept.keep()
    assert kept.latest(299) == 200
    kept.return_to(100)
    assert session.cycle == 100
    kept.return_to(300)
    kept.forget_after(200)
    assert kept.cycles == [0, 100, 200]
