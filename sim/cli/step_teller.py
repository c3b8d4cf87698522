"""What `boot --fault-steps` does: tells of page faults by the functions of the kernel."""

from collections.abc import Callable
from typing import Any, Protocol

from sim.cli.counts import Which
from sim.engines.inspection import Observer
from sim.guests.kernel_steps import FaultSteps, KernelSteps
from sim.output.kernel_steps import average_steps, tell_steps

__all__ = ["StepTeller"]


class _Observed(Protocol):
    """A `sim.engines.base.Engine`."""

    def observe(self, callback: Observer, /) -> None:
        """Calls `callback` for every record of the retire port."""


class StepTeller:
    """Tells of page faults as they are over, from now on.

    Parameters
    ----------
    which : Which
        Of which.
    steps : KernelSteps
        What follows the kernel.
    engine : Engine
        What it follows it on.
    say : function
        Takes the lines.
    """

    def __init__(
        self, which: Which, steps: KernelSteps, engine: _Observed, say: Callable[[str], object]
    ):
        self._which, self._steps, self._say = which, steps, say
        self._count = self._told = 0
        steps.settled.append(self._take)
        engine.observe(steps.record)

    def finish(self, *, average: bool) -> bool:
        """The run is over: tells the average, if that is wanted; whether all there was to tell."""
        if average:
            for line in average_steps(self._steps):
                self._say(line)
        missing = self._which.number is not None and not self._told
        if missing:
            self._say(f"trapline: {self._which} is not told: there were {self._count:,}")
        return not missing

    @property
    def facts(self) -> dict[str, Any]:
        """The sums of those that were served, for JSON."""
        steps = self._steps
        return {"served": steps.served, "functions": dict(steps.sums), "retry": steps.retries}

    def _take(self, fault: FaultSteps) -> None:
        self._count += 1
        if self._which.number in (None, fault.number):
            self._told += 1
            for line in tell_steps(fault):
                self._say(line)
