"""Makes exercises from a seed: the same ones each time."""

from collections.abc import Callable, Iterator
from random import Random

from sim.exercises import histories, processes, translations
from sim.exercises.exercise import Exercise
from sim.exercises.names import KINDS

__all__ = ["MAKERS", "exercises", "make"]

#: What makes an exercise of each kind.
MAKERS: dict[str, Callable[[Random], Exercise]] = {
    "walk": translations.walk,
    "superpage": translations.superpage,
    "permission": translations.permission,
    "ad": translations.ad,
    "tlb": histories.tlb,
    "crossing": histories.crossing,
    "cost": histories.cost,
    "lazy": processes.lazy,
    "sizes": processes.sizes,
}


def make(kind: str, seed: int, number: int = 1) -> Exercise:
    """Exercise `number` of a kind, counted from 1."""
    return MAKERS[kind](chance(kind, seed, number))


def chance(kind: str, seed: int, number: int = 1) -> Random:
    """What exercise `number` of a kind is drawn from."""
    return Random(f"{kind} {seed} {number}")


def exercises(seed: int, count: int, kind: str | None = None) -> Iterator[Exercise]:
    """So many exercises, of one kind or of all in turn, in an order that the seed decides."""
    order = [*KINDS] if kind is None else [kind]
    Random(seed).shuffle(order)
    for number in range(count):
        yield make(order[number % len(order)], seed, number // len(order) + 1)
