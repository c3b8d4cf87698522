"""Snapshots of a run are few, near each other where it is, and take a bounded room."""

import itertools
from types import SimpleNamespace

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
    for cycle in range(0, 31_100, 100):
        session.run(cycle)
        kept.keep()
    cycles = kept.cycles
    assert len(cycles) == MOST
    assert (cycles[0], cycles[-1]) == (0, 31_000)
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
    for cycle in range(0, 32_000, 1_000):
        session.run(cycle)
        kept.keep()
    assert kept.pages <= 60 or len(kept.cycles) == 2
    assert kept.cycles[0] == 0
    assert kept.cycles[-1] == 31_000


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


class Run:
    """A run with no machine: snapshots have so many Python objects, and such pages."""

    def __init__(self, objects=0, pages=()):
        self.cycle = 0
        self.objects, self.pages = objects, list(pages)
        self.like = []

    def snapshot(self, like):
        self.like.append(like)
        ram = dict(enumerate(self.pages))
        return SimpleNamespace(python=range(self.objects), ram=ram, cycle=self.cycle)

    def restore(self, snapshot):
        self.cycle = snapshot.cycle

    def keep_at(self, kept, *cycles):
        for self.cycle in cycles:
            kept.keep()
        return kept.cycles

    def keep_if_far_at(self, kept, *cycles):
        for self.cycle in cycles:
            kept.keep_if_far()
        return kept.cycles


def pages(count):
    return [bytes(1) + bytes([number % 256]) for number in range(count)]


@pytest.mark.parametrize(
    "objects, spacing",
    [(0, 500_000), (1_999, 500_000), (2_000, 1_000_000), (6_000, 2_000_000)],
)
def test_half_a_million_cycles_are_far_for_each_2000_objects(objects, spacing):
    run = Run(objects)
    kept = History(run)
    assert run.keep_if_far_at(kept, spacing - 1, spacing, 2 * spacing - 1) == [0, spacing]


def test_far_is_measured_from_the_snapshot_before_and_by_its_objects():
    run = Run()
    kept = History(run)
    run.keep_at(kept, 400_000, 5_000_000)
    run.objects = 10_000
    assert run.keep_if_far_at(kept, 899_999, 900_000) == [0, 400_000, 900_000, 5_000_000]
    assert run.keep_if_far_at(kept, 1_500_000) == [0, 400_000, 900_000, 5_000_000]


def test_there_are_24_at_most():
    run = Run()
    kept = History(run)
    assert len(run.keep_at(kept, *range(1, 24))) == 24
    assert len(run.keep_at(kept, 24)) == 24


def test_one_between_others_finds_its_place_and_is_like_the_one_before_it():
    run = Run()
    kept = History(run)
    assert run.keep_at(kept, 300, 100, 200, 300, 100, 0) == [0, 100, 200, 300]
    assert [like and like.cycle for like in run.like] == [None, 0, 0, 100]
    kept.return_to(200)
    assert run.cycle == 200


def test_what_they_hold_together_is_bounded_by_256_mib(monkeypatch):
    """So much are 65,536 pages; or 268,435 objects, which count as 1,000 bytes each."""
    assert history.BYTES == 65_536 * PAGE_SIZE

    def kept_of(*sizes):
        run = Run()
        kept = History(run)
        for cycle, (objects, held) in enumerate(sizes, 1):
            run.objects, run.pages = objects, held
            run.keep_at(kept, cycle)
        return kept.cycles

    assert kept_of((268_435, []), (0, [])) == [0, 1, 2]
    assert kept_of((268_435, []), (1, [])) == [0, 2]
    # From here on 20 pages, of which those that two share count once.
    monkeypatch.setattr(history, "BYTES", 20 * PAGE_SIZE)
    ten, others = pages(10), pages(11)
    assert kept_of((0, ten), (0, others[:10])) == [0, 1, 2]
    assert kept_of((0, ten), (0, others)) == [0, 2]
    assert kept_of((0, ten), (0, ten), (0, ten)) == [0, 1, 2, 3]
    assert kept_of((0, ten), (1, others[:10])) == [0, 2]
    assert kept_of((0, ten), (4, others[:9])) == [0, 1, 2]
    assert kept_of((0, ten), (5, others[:9])) == [0, 2]
    assert kept_of((0, ten), (0, ten), (0, others[:10])) == [0, 1, 2, 3]
    monkeypatch.setattr(history, "BYTES", 20 * PAGE_SIZE - 1)
    assert kept_of((0, ten), (0, others[:10])) == [0, 2]


def test_two_stay_however_large_they_are(monkeypatch):
    monkeypatch.setattr(history, "BYTES", 0)
    run = Run(objects=1, pages=pages(1))
    kept = History(run)
    assert run.keep_at(kept, 10) == [0, 10]
    assert run.keep_at(kept, 20) == [0, 20]


@pytest.mark.parametrize(
    "cycles, left",
    [
        # As far apart as others, but far away.
        ((100, 200, 300, 400, 500), [0, 200, 300, 400, 500]),
        # Nearer to each other, where it is.
        ((1_000, 2_000, 2_990, 2_995, 3_000), [0, 2_000, 2_990, 2_995, 3_000]),
        ((1_000, 1_100, 2_000, 3_000, 3_001), [0, 1_000, 2_000, 3_000, 3_001]),
        ((1_000, 2_000, 2_100, 9_000, 9_001), [0, 1_000, 2_100, 9_000, 9_001]),
        # What lies close at hand is worth more than what lies twice as close.
        ((821, 900, 996, 999, 1_000), [0, 821, 996, 999, 1_000]),
        # Who has gone back needs what was last least of all.
        ((1_000, 2_000, 3_000, 4_000, 500), [0, 500, 1_000, 2_000, 3_000]),
        # The first stays, and that of now.
        ((1, 2, 3, 1_000, 1_001), [0, 2, 3, 1_000, 1_001]),
    ],
)
def test_one_that_is_missed_least_makes_room(monkeypatch, cycles, left):
    monkeypatch.setattr(history, "MOST", 5)
    run = Run()
    assert run.keep_at(History(run), *cycles) == left


def test_who_goes_on_forgets_nothing_that_is_before_it():
    run = Run()
    kept = History(run)
    run.keep_at(kept, 100, 200)
    assert [kept.latest(cycle) for cycle in (0, 99, 100, 200, 900)] == [0, 0, 100, 200, 200]
    kept.forget_after(200)
    assert kept.cycles == [0, 100, 200]
    kept.forget_after(199)
    assert kept.cycles == [0, 100]
    assert run.keep_at(kept, 200) == [0, 100, 200]
