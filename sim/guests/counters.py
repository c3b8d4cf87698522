"""Whose the events of the hart are: of a process, or of nobody while none can run."""

from dataclasses import dataclass

from sim.engines.counts import Counts, difference, named

__all__ = ["Attribution", "Counters"]

#: Who pays that is no process.
_BOOT, _IDLE = "boot", "idle"


@dataclass(frozen=True)
class Counters:
    """How often each event has happened, by its name; docs/counters.md has their meaning.

    Attributes
    ----------
    run : dict of int
        In the whole run.
    boot, idle : dict of int
        Before the first process runs, and while none can.
    processes : dict of dict
        Those of each process that has run, by its pid. With `boot` and `idle` they are `run` in
        all.
    """

    run: dict[str, int]
    boot: dict[str, int]
    idle: dict[str, int]
    processes: dict[int, dict[str, int]]


class Attribution:
    """Gives the events between two answers of the kernel to the process that the first let run."""

    def __init__(self) -> None:
        self._of: dict[int | str, list[int]] = {}
        self._payer: int | str = _BOOT
        #: What had been counted when the payer got the hart.
        self._until: Counts = ()

    def runs(self, counts: Counts, pid: int | None) -> None:
        """From now on the process runs, or nobody; so far `counts` has been counted."""
        if counts:
            self._close(counts)
            self._payer = _IDLE if pid is None else pid

    def shares(self, counts: Counts) -> Counters | None:
        """What all have so far; None if nothing is counted."""
        if not counts:
            return None
        self._close(counts)
        nothing = [0] * len(counts)
        shares = {payer: named(paid) for payer, paid in self._of.items()}
        boot, idle = (shares.pop(payer, named(nothing)) for payer in (_BOOT, _IDLE))
        processes = {int(payer): paid for payer, paid in sorted(shares.items())}
        return Counters(named(counts), boot, idle, processes)

    def _close(self, counts: Counts) -> None:
        nothing = [0] * len(counts)
        paid = self._of.setdefault(self._payer, nothing)
        new = difference(counts, self._until or nothing)
        self._of[self._payer] = [sum(pair) for pair in zip(paid, new, strict=True)]
        self._until = counts
