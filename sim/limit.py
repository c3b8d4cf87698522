"""How long a run may take: so many cycles, or as long as it makes sense."""

from collections.abc import Callable, Sequence

from sim.config import LONGEST
from sim.machine import End, Guest, Machine, Watcher

__all__ = ["DEFAULT_CYCLES", "LAST_CYCLE", "run_within"]

#: Cycles of work after which a run is taken to be endless: ten minutes of the native engine.
DEFAULT_CYCLES = 2_000_000_000
#: Where every run ends, however long it waits: `time` and a turn more fit 64 bits.
LAST_CYCLE = 2 * LONGEST


def run_within(
    machine: Machine,
    guest: Guest,
    max_cycles: int | None,
    interactive: Callable[[], bool],
    *,
    watchers: Sequence[Watcher] = (),
    progress: Callable[[int], None] = lambda cycle: None,
) -> End:
    """Runs `guest` for at most `max_cycles` cycles; for the other options see `Machine.run`.

    If it is None, the run may last as long as somebody is there to end it (`interactive`), and else
    for DEFAULT_CYCLES. Cycles in which the hart only waits for time to pass do not count then: the
    engine passes over them.
    """

    def run(limit: int) -> End:
        return machine.run(guest, max_cycles=limit, watchers=watchers, progress=progress)

    if max_cycles is not None:
        return run(min(max_cycles, LAST_CYCLE))
    budget = DEFAULT_CYCLES
    while True:
        limit = min(budget + guest.idle_cycles, LAST_CYCLE)
        end = run(limit)
        if end is not End.LIMIT or limit == LAST_CYCLE:
            return end
        if interactive():
            budget += DEFAULT_CYCLES
        elif budget + guest.idle_cycles <= limit:
            return end
