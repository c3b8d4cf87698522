"""Goals of the engine's speed, and how near it comes."""

import re
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console

from sim.bench import speed
from sim.bench.goals import GOALS, Goal, as_table


def printed(results):
    console = Console(width=120, record=True, file=StringIO())
    console.print(as_table(results))
    return console.export_text()


def test_every_goal_is_of_figures_that_are_taken():
    taken = {measure.key for measure in speed.MEASURES}
    assert {goal.key for goal in GOALS} | {goal.beside or goal.key for goal in GOALS} <= taken


@pytest.mark.parametrize(
    "goal, results, reached",
    [
        (Goal("", 5, "a"), {"a": 4.0}, 4),
        (Goal("", 5, "a"), {"a": None}, None),
        (Goal("", 5, "a", "b"), {"a": 4.0, "b": 0.5}, 8),
        (Goal("", 5, "a", "b"), {"a": 4.0, "b": None}, None),
        (Goal("", 5, "a", "b"), {"a": None, "b": 0.5}, None),
    ],
)
def test_what_is_reached(goal, results, reached):
    assert goal.reached(results) == reached


def test_each_is_shown_with_how_much_of_it_is_reached():
    results = {measure.key: 10_000.0 for measure in speed.MEASURES}
    text = printed(results | {"native_hz": 40_000.0, "verilator_traps_hz": None})
    assert re.search(r"speed.S, times Verilator +│ +8.00 +│ +4.00 +│ +50 ", text)
    assert re.search(r"traps.c, times Verilator +│ +6.00 +│ +- +│ +- ", text)
    assert re.search(r"page faults .*│ +20,000 +│ +10,000 +│ +50 ", text)
    assert re.search(r"ring, of a run without +│ +0.80 +│ +0.25 +│ +31 ", text)


def test_the_page_says_of_each_that_is_missed_why():
    page = (Path(__file__).parents[3] / "docs" / "performance.md").read_text()
    table = page.partition("### What bounds it")[2].partition("###")[0]
    for wanted in ("8 times", "6 times", "20,000", "25,000", "500 k", "0.8 of a plain run"):
        assert f"| {wanted}" in table
