"""What somebody types is right or wrong."""

import pytest

from sim.exercises.exercise import Exercise, solution
from sim.exercises.making import make
from sim.exercises.names import KINDS
from sim.exercises.quiz import is_right, key, question


def asked(right):
    return Exercise(kind="cost", quiz=("Which?", right))


@pytest.mark.parametrize(
    "right, typed",
    [
        ("13 0x5238", "13 0x5238"),
        ("13 0x5238", "  13   0X5238 "),
        ("13 0x5238", "0xd 21048"),
        ("0x80001238", "0x80001238"),
        ("0x80001238", "2,147,488,312"),
        ("killed", "Killed"),
    ],
)
def test_right(right, typed):
    assert is_right(asked(right), typed)


@pytest.mark.parametrize("typed", ["", "13", "0x5238 13", "13 0x5239", "15 0x5238", "thirteen"])
def test_wrong(typed):
    assert not is_right(asked("13 0x5238"), typed)


def test_an_exercise_may_have_a_question_of_its_own():
    assert question(asked("5")) == "Which?"
    assert question(Exercise(kind="walk")).startswith("The physical address, or cause and stval?")


@pytest.mark.parametrize("kind", KINDS)
def test_the_answer_that_is_shown_is_the_right_one(kind):
    keys = set()
    for seed in range(30):
        exercise = make(kind, seed)
        right = key(exercise)
        shown = "\n".join(solution(exercise))
        assert question(exercise).endswith(("?", ")"))
        assert is_right(exercise, right)
        assert not is_right(exercise, right + "0")
        assert all(word in shown for word in right.split())
        keys.add(right)
    assert len(keys) > 5
