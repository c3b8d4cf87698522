"""What the command `exercise` does: exercises in a row, with or without their answers."""

from collections.abc import Callable
from random import SystemRandom

from sim.exercises.exercise import lines
from sim.exercises.making import exercises

__all__ = ["say_exercises"]

_SEEDS = 1_000_000


def say_exercises(
    seed: int | None, kind: str | None, count: int, *, solved: bool, say: Callable[[str], None]
) -> None:
    """Says `count` exercises; without a seed those of a new one, which is told."""
    seed = SystemRandom().randrange(_SEEDS) if seed is None else seed
    for number, exercise in enumerate(exercises(seed, count, kind), 1):
        if number > 1:
            say("")
        for line in lines(exercise, number, solved=solved):
            say(line)
    if not solved:
        say("")
        options = f" --kind {kind}" if kind else ""
        options += f" --count {count}" if count > 1 else ""
        say(f"With answers: trapline exercise --seed {seed}{options} --answers")
