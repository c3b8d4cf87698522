"""What watches a run for the conditions that it is searched for."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager

from sim.debug.conditions import AtCycle, Condition, PteChange
from sim.engines.inspection import RETIRED, Rules
from sim.machine import Machine
from sim.session import KernelSession

__all__ = ["Eye", "Hit", "Search"]

#: A cycle, and what happens in it.
Hit = tuple[int, Condition]


class Search:
    """Notes in which cycles behind `start` and before `end` conditions are met.

    Parameters
    ----------
    session : KernelSession
        The run, which stands where the search is to begin.
    conditions : iterable of Condition
        What is searched for.
    wanted : Condition or None, int
        Of this one so many have to be met, of any other one; with None it is the other ones only.
    last : bool
        The last ones are kept, to the end; else the machine is stopped behind the first that are
        enough.
    """

    def __init__(
        self,
        session: KernelSession,
        conditions: Iterable[Condition],
        wanted: Condition | None,
        count: int,
        *,
        start: int,
        end: int | None = None,
        last: bool = False,
    ):
        self._session = session
        self._conditions = tuple(conditions)
        self._wanted, self._count = wanted, count
        self._start, self._end, self._last = start, end, last
        self._met: deque[int] = deque(maxlen=count)
        #: Those that are met in the first cycle, or if `last`, in the last.
        self._others: list[Hit] = []
        self._cycles = sorted(c.cycle for c in self._conditions if isinstance(c, AtCycle))
        # The hart itself sets A and D bits, whenever.
        entries = any(isinstance(each, PteChange) for each in self._conditions)
        self._by_the_cycle = entries and bool(getattr(session.config, "svadu", False))

    def begin(self) -> None:
        """The run has come to where the search begins."""
        for condition in self._conditions:
            condition.begin(self._session)

    @property
    def rules(self) -> Rules:
        """Which records it has to be told of."""
        return [rule for condition in self._conditions for rule in condition.rules]

    @property
    def met(self) -> int:
        """How many of those that are wanted were met, at most as many as are wanted."""
        return len(self._met)

    @property
    def found(self) -> list[Hit]:
        """Where to go: all that is met in the cycle that comes first, or if `last`, last."""
        hits: list[Hit] = []
        if self._wanted is not None and len(self._met) == self._count:
            hits.append((self._met[0] if self._last else self._met[-1], self._wanted))
        hits += self._others
        if not hits:
            return []
        choose = max if self._last else min
        cycle = choose(cycle for cycle, _ in hits)
        return [hit for hit in hits if hit[0] == cycle]

    def next_stop(self, cycle: int) -> int | None:
        """See `sim.machine.Watcher`."""
        if self._by_the_cycle:
            return cycle + 1
        return next((each for each in self._cycles if each > cycle), None)

    def look(self, machine: Machine) -> None:
        """See `sim.machine.Watcher`."""
        cycle = machine.engine.cycle
        for condition in self._conditions:
            if condition.stands(self._session):
                self._meet(cycle, condition)
        if not self._last and self.found:
            machine.stop()

    def inspect(self) -> None:
        """Takes the record that the retire port shows now, where nobody hands on records."""
        engine = self._session.machine.engine
        fields = engine.inspect(_SHOWN)
        if fields["retire.valid"]:
            named = {name: fields[f"retire.{name}"] for name in RETIRED}
            self.record(engine.cycle, named)

    def record(self, cycle: int, fields: Mapping[str, int]) -> None:
        """Takes a record; see `Engine.observe`."""
        for condition in self._conditions:
            if condition.record(fields, self._session):
                self._meet(cycle, condition)

    def _meet(self, cycle: int, condition: Condition) -> None:
        if cycle <= self._start or (self._end is not None and cycle >= self._end):
            return
        if condition is self._wanted:
            if self._last or len(self._met) < self._count:
                self._met.append(cycle)
            return
        if self._last and self._others and self._others[0][0] < cycle:
            self._others.clear()
        if not self._others or self._others[0][0] == cycle:
            self._others.append((cycle, condition))


class Eye:
    """Looks at a run for the search that is under way, if there is one; a watcher.

    It stays with the run from its beginning, whatever snapshot that returns to.

    Members: `interrupted`, whether somebody has wanted the motion to end, as `asked` tells.
    """

    def __init__(self, session: KernelSession, asked: Callable[[], bool]):
        self.interrupted = False
        self._session = session
        self._asked = asked
        self._search: Search | None = None
        session.watchers.append(self)

    @contextmanager
    def on(self, search: Search, *, records: bool = True) -> Iterator[None]:
        """Meanwhile `search` looks; with `records` the engine hands it all that retires."""
        engine, self._search = self._session.machine.engine, search
        search.begin()
        observes = records and bool(search.rules)
        if observes:
            engine.observe(search.record, search.rules)
        try:
            yield
        finally:
            if observes:
                engine.stop_observing(search.record)
            self._search = None

    def next_stop(self, cycle: int) -> int | None:
        """See `sim.machine.Watcher`."""
        return None if self._search is None else self._search.next_stop(cycle)

    def look(self, machine: Machine) -> None:
        """See `sim.machine.Watcher`."""
        if self._search is not None:
            self._search.look(machine)
        if self._asked():
            self.interrupted = True
            machine.stop()

    def save_state(self) -> None:
        """See `sim.checkpoint.Restorable`: who looks is no part of the run."""

    def load_state(self, state: None) -> None:
        """Nothing changes."""


_SHOWN = tuple(f"retire.{name}" for name in RETIRED)
