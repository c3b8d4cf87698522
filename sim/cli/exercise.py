"""What the command `exercise` does: exercises in a row, with or without answers, or as a quiz."""

from collections.abc import Callable, Iterable
from random import SystemRandom

from sim.exercises.exercise import Exercise, lines, solution
from sim.exercises.making import exercises
from sim.exercises.quiz import is_right, question

__all__ = ["ask_exercises", "say_exercises"]

_SEEDS = 1_000_000
_Say = Callable[[str], None]


def say_exercises(
    seed: int | None, kind: str | None, count: int, *, solved: bool, say: _Say
) -> None:
    """Says `count` exercises; without a seed those of a new one, which is told."""
    chosen = SystemRandom().randrange(_SEEDS) if seed is None else seed
    for number, exercise in enumerate(exercises(chosen, count, kind), 1):
        if number > 1:
            say("")
        _say_all(lines(exercise, number, solved=solved), say)
    if not solved or seed is None:
        say("")
        head = "The same again" if solved else "With answers"
        say(f"{head}: trapline exercise {_options(chosen, kind, count)} --answers")


def ask_exercises(
    seed: int | None, kind: str | None, count: int, *, say: _Say, ask: Callable[[], str]
) -> None:
    """Says exercises and asks for what comes of each, until `ask` raises EOFError."""
    chosen = SystemRandom().randrange(_SEEDS) if seed is None else seed
    asked = right = 0
    for number, exercise in enumerate(exercises(chosen, count, kind), 1):
        _say_all(lines(exercise, number, solved=False), say)
        say("")
        say(f"  {question(exercise)}")
        try:
            typed = ask()
        except EOFError:
            say("")
            break
        asked += 1
        right += _judge(exercise, typed, say)
    say(f"{right} of {asked} right (trapline exercise {_options(chosen, kind, count)} --quiz)")


def _judge(exercise: Exercise, typed: str, say: _Say) -> bool:
    right = is_right(exercise, typed)
    say("  Right." if right else "  Wrong.")
    _say_all(solution(exercise), say)
    say("")
    return right


def _say_all(texts: Iterable[str], say: _Say) -> None:
    for text in texts:
        say(text)


def _options(seed: int, kind: str | None, count: int) -> str:
    options = f"--seed {seed}"
    options += f" --kind {kind}" if kind else ""
    return options + (f" --count {count}" if count > 1 else "")
