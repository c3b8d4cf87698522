"""The page faults of a bare program, as the hart raised them, one by one."""

from collections.abc import Callable
from itertools import islice

from hdl.arch import PAGE_FAULTS
from sim.engines.traps import KEPT_TRAPS, TrapLog, TrapRecord
from sim.machine import Machine

__all__ = ["BareFaults"]


class BareFaults:
    """Hands every page fault to `take`, with its number from 1 on; a watcher of the machine.

    Those that are in `log` already, as after a snapshot, have been handed to somebody else.
    """

    def __init__(self, take: Callable[[int, TrapRecord], object], log: TrapLog):
        self._take = take
        self._seen = log.trap_count
        self._number = log.page_faults

    def next_stop(self, cycle: int) -> int:
        """Before the log could have lost an exception: there is one in a cycle at most."""
        return cycle + KEPT_TRAPS

    def look(self, machine: Machine) -> None:
        """Takes what has been raised since the last time; at the end of the run, too."""
        log = machine.engine.log
        new = log.trap_count - self._seen
        self._seen = log.trap_count
        for trap in islice(log.traps, len(log.traps) - new, None):
            if trap.cause in PAGE_FAULTS:
                self._number += 1
                self._take(self._number, trap)
