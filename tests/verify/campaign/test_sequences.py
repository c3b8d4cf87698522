"""Page tables that change: fences, address spaces and updates, in every cycle of a walk."""

import pytest

from tests.verify.campaign import drills
from tests.verify.campaign.bench import UPDATE, Bench
from tests.verify.campaign.campaign import random_sequences, run_drills

ANSWERS = 25_000
SEED = "0"


@pytest.fixture(scope="module")
def bench():
    return Bench()


def test_random_sequences(bench):
    """Most responses are the only one allowed; some can only come from what a cache kept."""
    report = random_sequences(bench, ANSWERS, SEED)

    assert report.exact > 0.5 * report.cases
    assert report.old > 0.02 * report.cases
    assert report.retries > 5


def test_every_change_with_every_fence(bench):
    """What a fence does not cover gets its response from the TLB, so it was there to be fenced."""
    _, seen = run_drills(bench, drills.drills())

    for page, change, fence in {(drill[2], drill[0], drill[1]) for drill in seen}:
        kept = {
            old
            for change_, fence_, page_, step, _, _, old in seen
            if (change_, fence_, page_, step) == (change, fence, page, 1)
        }
        remembers = change != "map" and not drills.covers(fence, page, change)
        assert kept == {remembers}, (page, change, fence)


def test_a_fence_in_every_cycle_around_a_refill(bench):
    report, seen = run_drills(bench, drills.fence_sweeps())

    assert report.cases > 30_000
    for fence in ("none", "other asid"):
        for change in set(drills.CHANGES) - {"map"}:
            kept = {
                old
                for change_, fence_, _, step, _, _, old in seen
                if (change_, fence_, step) == (change, fence, 1)
            }
            assert kept == {False, True}, (change, fence)


def test_another_context_in_every_cycle_around_a_refill(bench):
    report, seen = run_drills(bench, drills.context_sweeps())

    assert report.cases > 30_000
    assert {drill[0] for drill in seen} == drills.CONTEXTS.keys()


def test_another_hart_changes_the_pte_in_every_cycle_of_an_update(bench):
    """Both orders are seen: the act came first, and the update did."""
    report, seen = run_drills(bench, drills.races())

    assert report.retries > 300
    harmful = {"invalidates", "removes permissions", "gives to U", "breaks"}
    for act in drills.ACTS:
        ends = {kind for act_, _, _, _, port, kind, _ in seen if (act_, port) == (act, UPDATE)}
        assert ends == ({"ok", "page"} if act in harmful else {"ok"}), act
    for act in ("remaps", "sets D", "changes RSW"):
        after = {kind for act_, _, _, step, _, kind, _ in seen if (act_, step) == (act, 2)}
        # The act overwrote what had been set, or what it left has been set.
        assert after >= {"ok", "update"}, act


def test_a_fence_in_every_cycle_of_an_update(bench):
    """Nothing that was read before the fence is there after it."""
    report, seen = run_drills(bench, drills.update_fences())

    assert report.cases > 500
    assert not any(old for *_, step, _, _, old in seen if step == 1)
