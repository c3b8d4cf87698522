"""What is the case from when to when, as a value for each cycle."""

from collections.abc import Iterable, Sequence
from heapq import heappop, heappush
from typing import Generic, NamedTuple, TypeVar

__all__ = ["Stretch", "Timeline"]

_T = TypeVar("_T")


class Stretch(NamedTuple, Generic[_T]):
    """`value` is the case from cycle `start` up to, not including, `end`."""

    start: int
    end: int
    value: _T


class Timeline(Generic[_T]):
    """The value of each cycle: that of the stretch around it which has begun last, else `default`.

    Members
    -------
    changes : sequence of (int, value)
        The cycles in which it changes, in order.
    """

    def __init__(self, stretches: Iterable[Stretch[_T]], default: _T):
        self.changes: Sequence[tuple[int, _T]] = _changes(list(stretches), default)
        self._value, self._next = default, 0

    def at(self, cycle: int) -> _T:
        """The value in `cycle`, which must not be before the one that was asked for last."""
        changes = self.changes
        while self._next < len(changes) and changes[self._next][0] <= cycle:
            self._value = changes[self._next][1]
            self._next += 1
        return self._value


def _changes(stretches: list[Stretch[_T]], default: _T) -> list[tuple[int, _T]]:
    changes: list[tuple[int, _T]] = []
    # Those that have begun, the last one first.
    begun: list[tuple[int, int, int]] = []
    order = sorted(range(len(stretches)), key=lambda number: stretches[number].start)
    place = 0
    for cycle in sorted({bound for each in stretches for bound in each[:2]}):
        while place < len(order) and stretches[order[place]].start <= cycle:
            number = order[place]
            heappush(begun, (-stretches[number].start, -place, number))
            place += 1
        while begun and stretches[begun[0][2]].end <= cycle:
            heappop(begun)
        value = stretches[begun[0][2]].value if begun else default
        if value != (changes[-1][1] if changes else default):
            changes.append((cycle, value))
    return changes
