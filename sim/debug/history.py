"""Where a run has been: snapshots, dense near where it is now and thin far away."""

from bisect import bisect_right

from hdl.arch import PAGE_SIZE
from sim.machine import Snapshot
from sim.session import Session

__all__ = ["BYTES", "MOST", "SPACING", "History"]

#: Cycles between two snapshots of a run that goes on, for each so many Python objects of it: they
#: cost a tenth of its time.
SPACING, OBJECTS = 500_000, 2_000
#: The most snapshots, and bytes that they hold together but for the two that there are at least:
#: of memory, and about so many for each Python object.
MOST = 24
BYTES, _OBJECT = 256 << 20, 1_000


class History:
    """Snapshots of `session`, the first of its present cycle, in which it begins."""

    def __init__(self, session: Session):
        self._session = session
        self._cycles: list[int] = []
        self._kept: list[Snapshot] = []
        self.keep()

    @property
    def cycles(self) -> list[int]:
        """The cycles of the snapshots, in order."""
        return list(self._cycles)

    @property
    def pages(self) -> int:
        """Pages of memory that all snapshots hold together; a page that two share counts once."""
        return len({id(page) for each in self._kept for page in each.ram.values()})

    def keep_if_far(self) -> None:
        """Takes a snapshot of now if the last one before it is far."""
        last = bisect_right(self._cycles, self._session.cycle) - 1
        spacing = SPACING * (1 + len(self._kept[last].python) // OBJECTS)
        if self._session.cycle - self._cycles[last] >= spacing:
            self.keep()

    def keep(self) -> None:
        """Takes a snapshot of now, if there is none; one that is missed least makes room."""
        cycle = self._session.cycle
        place = bisect_right(self._cycles, cycle)
        if place and self._cycles[place - 1] == cycle:
            return
        like = self._kept[place - 1] if place else None
        self._kept.insert(place, self._session.snapshot(like))
        self._cycles.insert(place, cycle)
        while len(self._cycles) > MOST or self._too_large():
            self._drop(self._least_missed(cycle))

    def latest(self, cycle: int) -> int:
        """The cycle of the last snapshot that is not behind `cycle`."""
        return self._cycles[bisect_right(self._cycles, cycle) - 1]

    def return_to(self, cycle: int) -> None:
        """Puts the run back, or forth, to the snapshot of `cycle`, which there must be."""
        self._session.restore(self._kept[self._cycles.index(cycle)])

    def forget_after(self, cycle: int) -> None:
        """What comes behind `cycle` will be another run."""
        place = bisect_right(self._cycles, cycle)
        del self._cycles[place:], self._kept[place:]

    def _too_large(self) -> bool:
        if len(self._cycles) <= 2:
            return False
        objects = _OBJECT * sum(len(each.python) for each in self._kept)
        most = PAGE_SIZE * sum(len(each.ram) for each in self._kept)
        return objects + most > BYTES and objects + PAGE_SIZE * self.pages > BYTES

    def _least_missed(self, now: int) -> int:
        """The one whose neighbours lie closest, for its distance; never the first, nor that of now.

        So distances grow with the way back: whoever goes far waits longer.
        """

        def gap(number: int) -> float:
            following = self._cycles[number + 1 :] or [now]
            return (following[0] - self._cycles[number - 1]) / (1 + abs(now - self._cycles[number]))

        others = range(1, len(self._cycles))
        return min((each for each in others if self._cycles[each] != now), key=gap)

    def _drop(self, number: int) -> None:
        del self._cycles[number], self._kept[number]
