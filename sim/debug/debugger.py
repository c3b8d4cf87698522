"""Goes forth and back in a run, exactly: to a moment one gets by the same way each time.

A run is the same whenever it is run, so a moment of the past is reached by going back to a snapshot
before it and running on. To go back to what happened last, what comes behind the snapshot is
searched first.
"""

from collections.abc import Callable
from dataclasses import dataclass

from sim.debug.conditions import Condition, Kind, OfKind
from sim.debug.history import SPACING, History
from sim.debug.search import Eye, Search
from sim.debug.typed import InputWanted, Typed
from sim.limit import DEFAULT_CYCLES
from sim.machine import End
from sim.session import KernelSession

__all__ = ["Debugger", "DebugError", "Stop"]

#: Cycles that are searched one by one before a snapshot is taken, to search on in large steps.
_NEAR = 128
#: Cycles before the present that are searched first on the way back; then eight times as many.
_WINDOW = 20_000
_GROWTH = 8


class DebugError(Exception):
    """What is asked for makes no sense here; one line that says why."""


@dataclass(frozen=True)
class Stop:
    """Why the run stands, in words, and in which cycle; `met` are the conditions that hold there.

    `reached` says whether it has come to where it was to go.
    """

    cycle: int
    why: str
    met: tuple[Condition, ...] = ()
    reached: bool = True


class Debugger:
    """A run that can be stepped, forth and back.

    Members
    -------
    session : KernelSession
        The run. Nobody else may drive it.
    breakpoints : dict of int to Condition
        What every motion but one by cycles stops at, by its number.
    stop : Stop
        Where it stands, and why.
    asked : function
        Whether somebody wants a motion to end; it is asked about ten times a second.
    history : History
        Its snapshots.

    Parameters
    ----------
    session : KernelSession
        A run made with `traced`, at the cycle behind which it cannot go back.
    typed : Typed or None
        Its console, if input is given to it while it is debugged.
    max_cycles : int
        The most cycles that one motion goes forward.
    """

    def __init__(
        self,
        session: KernelSession,
        typed: Typed | None = None,
        *,
        max_cycles: int = DEFAULT_CYCLES,
    ):
        self.session = session
        self.breakpoints: dict[int, Condition] = {}
        self.asked: Callable[[], bool] = lambda: False
        self._eye = Eye(session, lambda: self.asked())
        self.history = History(session)
        self.stop = Stop(session.cycle, "the run begins")
        self._typed = typed
        self._most = max_cycles
        #: The first cycle that cannot be, for input is missing there.
        self._wall: int | None = None

    @property
    def cycle(self) -> int:
        """Where it stands."""
        return self.session.cycle

    @property
    def over(self) -> bool:
        """The run has ended here."""
        return self.session.end not in (End.LIMIT, End.STOPPED)

    def give_input(self, data: bytes) -> None:
        """The console gets `data` now, or b"" for the end of all input.

        What was to come is another run now. Raises DebugError if its input comes from elsewhere, or
        has ended.
        """
        if self._typed is None:
            raise DebugError("the program's input comes from a file")
        ended = self._typed.end_by(self.cycle)
        if ended is not None:
            raise DebugError(f"the program's input has ended in cycle {ended:,}: go back before it")
        self._typed.give(self.cycle, data)
        self.history.forget_after(self.cycle)
        self._wall = None

    def forward(self, kind: Kind | None, count: int = 1) -> Stop:
        """Goes on to what is the `count`th of a kind from here, or to a breakpoint.

        Without a kind to a breakpoint, or the end. Of cycles it goes exactly so many.
        """
        if kind is Kind.CYCLE:
            return self.go_to(self.cycle + count)
        self._eye.interrupted = False
        wanted = None if kind is None else OfKind(kind)
        return self._settle(self._search_on(self._conditions(wanted), wanted, count))

    def run_to(self, condition: Condition, *, passing: bool = True) -> Stop:
        """Goes on to a condition, past all breakpoints unless it is not `passing` them."""
        self._eye.interrupted = False
        conditions = (condition,) if passing else self._conditions(condition)
        return self._settle(self._search_on(conditions, None, 1))

    def back(self, kind: Kind | None, count: int = 1) -> Stop:
        """Goes back to what was the `count`th of a kind before here, or to a breakpoint.

        Without a kind to a breakpoint. If there was none it is the beginning.
        """
        if kind is Kind.CYCLE:
            return self.go_to(max(self.history.cycles[0], self.cycle - count))
        self._eye.interrupted = False
        wanted = None if kind is None else OfKind(kind)
        return self._settle(self._search_back(self._conditions(wanted), wanted, count))

    def back_to(self, condition: Condition, *, passing: bool = True) -> Stop:
        """Goes back to a condition, past all breakpoints unless it is not `passing` them."""
        self._eye.interrupted = False
        conditions = (condition,) if passing else self._conditions(condition)
        return self._settle(self._search_back(conditions, None, 1))

    def go_to(self, cycle: int) -> Stop:
        """Goes to a cycle, before or behind here; to the end of the run if that is before it."""
        if cycle < self.history.cycles[0]:
            raise DebugError(f"the run begins in cycle {self.history.cycles[0]:,}")
        if cycle > self.cycle + self._most:
            raise DebugError(f"no motion goes further than {self._most:,} cycles")
        self._eye.interrupted = False
        self._reach(cycle)
        self.session.machine.go_on()
        why = "" if self.cycle == cycle else self._why_ended()
        return self._settle(Stop(self.cycle, why, reached=self.cycle == cycle))

    def _conditions(self, wanted: Condition | None) -> tuple[Condition, ...]:
        breakpoints = tuple(self.breakpoints.values())
        return breakpoints if wanted is None else (wanted, *breakpoints)

    def _settle(self, stop: Stop) -> Stop:
        self.stop = stop
        return stop

    # Forth.

    def _search_on(
        self, conditions: tuple[Condition, ...], wanted: Condition | None, count: int
    ) -> Stop:
        start, limit = self.cycle, self.cycle + self._most
        search = Search(self.session, conditions, wanted, count, start=start)
        with self._eye.on(search, records=False):
            while self.cycle < min(start + _NEAR, limit) and not search.found:
                before = self.cycle
                goes_on = self._advance(before + 1)
                if self.cycle > before:  # though something else has stopped it there
                    search.inspect()
                if not goes_on:
                    break
        if not search.found and self.cycle == start + _NEAR:
            self.history.keep()
            with self._eye.on(search):
                while self.cycle < limit and self._advance(min(limit, self.cycle + SPACING)):
                    if search.found:
                        break
                    self.history.keep_if_far()
        return self._found(search) or Stop(self.cycle, self._why_ended(), reached=False)

    def _found(self, search: Search) -> Stop | None:
        """Goes to where the search has come to, if anywhere."""
        self.session.machine.go_on()
        if not search.found or self._eye.interrupted:
            return None
        cycle = search.found[0][0]
        self._reach(cycle)
        met = tuple(condition for _, condition in search.found)
        return Stop(cycle, ", ".join(map(str, met)), met)

    def _why_ended(self) -> str:
        if self._eye.interrupted:
            return "interrupted"
        if self._wall is not None and self.cycle == self._wall - 1:
            return "the program waits for input"
        if self.session.end is End.FINISHED:
            return f"the run has ended, with status {self.session.exit_code}"
        if self.over:
            return f"the run cannot go on: {self.session.end.value}"
        return f"nothing of that kind in {self._most:,} cycles"

    # Back.

    def _search_back(
        self, conditions: tuple[Condition, ...], wanted: Condition | None, count: int
    ) -> Stop:
        here = end = self.cycle
        first, window = self.history.cycles[0], _WINDOW
        while end > first:
            low = self._begin_of(end, window)
            # What stands before the interval, and its first record, belong to it, too.
            search = Search(
                self.session,
                conditions,
                wanted,
                count,
                start=low - 1,
                end=min(here, end + 1),
                last=True,
            )
            with self._eye.on(search):
                self._advance(end)
            stop = self._found(search)
            if stop is not None:
                return stop
            if self._eye.interrupted:
                return Stop(self.cycle, "interrupted", reached=False)
            count -= search.met
            end, window = low, window * _GROWTH
        self._reach(first)
        return Stop(first, "the run begins", reached=False)

    def _begin_of(self, end: int, window: int) -> int:
        """Goes to where a search up to `end` is to begin, and takes a snapshot there."""
        low = self.history.latest(end - 1)
        self.history.return_to(low)
        if end - low > 2 * window and self._advance(end - window):
            self.history.keep()
        return self.cycle

    # Both.

    def _reach(self, cycle: int) -> None:
        """Goes to a cycle, by way of the nearest snapshot before it."""
        latest = self.history.latest(cycle)
        if cycle < self.cycle or latest > self.cycle:
            goes_back = cycle < self.cycle
            self.history.return_to(latest)
            # Who goes back a little will do so again.
            if goes_back and cycle - latest > 2 * _WINDOW and self._advance(cycle - _WINDOW):
                self.history.keep()
        while self.cycle < cycle and self._advance(min(cycle, self.cycle + SPACING)):
            self.history.keep_if_far()

    def _advance(self, cycle: int) -> bool:
        """Runs to a cycle; whether it has come there, and nothing has stopped it."""
        if self._wall is not None and cycle >= self._wall:
            self._advance(self._wall - 1)
            return False
        if self.cycle >= cycle:
            return self.cycle == cycle
        try:
            end = self.session.run(cycle)
        except InputWanted:
            self._wall = self.cycle
            self.history.return_to(self.history.latest(self._wall - 1))
            self.session.run(self._wall - 1)
            return False
        return end is End.LIMIT
