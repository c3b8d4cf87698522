"""What `explain`, and the option of that name, do: page faults of a run, told one by one."""

from collections.abc import Callable, Sequence

from sim.api import start
from sim.cli.counts import Which
from sim.config import RunConfig
from sim.guests.fault_table import PageFault
from sim.guests.symbols import Symbols
from sim.host.terminals import visible_line
from sim.limit import DEFAULT_CYCLES
from sim.machine import End
from sim.output.injections import Injections
from sim.output.story import tell

__all__ = ["ExplainError", "Explainer", "explain_program"]


class ExplainError(Exception):
    """The run has no such fault; one line that says why."""


class Explainer:
    """Tells of page faults when they are over.

    Parameters
    ----------
    which : Which
        Of which.
    symbols : Symbols
        What is known of the programs that run.
    say : callable
        Takes the lines.
    """

    def __init__(self, which: Which, symbols: Symbols, say: Callable[[str], None]):
        self.told = 0
        self._which, self._symbols, self._say = which, symbols, say

    @property
    def misses(self) -> bool:
        """The one that was wanted has not come."""
        return self._which.number is not None and not self.told

    def settled(self, fault: PageFault) -> None:
        """Takes each fault, in order; see `FaultTable.settled`."""
        if self._which.number not in (None, fault.number):
            return
        if self.told:
            self._say("")
        self.told += 1
        name = fault.served.name
        for line in tell(fault, name, self._symbols.info(name)):
            self._say(visible_line(line))


def explain_program(
    config: RunConfig,
    name: str,
    arguments: Sequence[str],
    which: Which,
    max_cycles: int | None,
    say: Callable[[str], None],
) -> None:
    """Runs the program `name`, and tells of the page faults that are wanted.

    What it prints is not shown, and it reads nothing. Raises ExplainError if there is no such
    fault, and what `start` raises.
    """
    with start(name, *arguments, config=config) as session:
        faults = session.guest.faults
        explainer = Explainer(which, session.symbols(), say)
        injections = Injections(session.injector, say)

        def settled(fault: PageFault) -> None:
            explainer.settled(fault)
            if fault.number == which.number:
                session.machine.stop()

        faults.settled.append(settled)
        session.run(max_cycles or DEFAULT_CYCLES)
        session.finish()
        injections.finish()
        if explainer.told:
            return
        if session.end is End.LIMIT:
            raise ExplainError(f"the run has not come to {which} by cycle {session.cycle:,}")
        count = len(faults)
        many = f"{count:,} page fault{'s' * (count != 1)} only" if count else "no page fault"
        raise ExplainError(f"the run has {many}")
