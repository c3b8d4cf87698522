"""The log of exceptions that every engine keeps, and which page fault was retried when."""

from collections import deque
from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any

from hdl.arch import PAGE_FAULTS, Cause, Priv
from sim.engines.story import DATA, FETCH, Lookup, lookup_of

__all__ = ["KEPT_TRAPS", "MOST_EXPECTED", "TrapLog", "TrapRecord"]

#: The most exceptions that a log keeps.
KEPT_TRAPS = 10_000
#: The most addresses whose instructions are expected to retire, and page faults at each of them. So
#: many have never waited at once: the oldest are of instructions that were killed.
MOST_EXPECTED = 1024
#: The most processes that are remembered with what they expect.
_MOST_PROCESSES = 2_000


@dataclass(slots=True)
class TrapRecord:
    """An exception as the retire port reported it; interrupts are not recorded.

    What follows is only for page faults in U-mode. `retried_at` is the cycle in which the
    instruction at the same pc retired at last, or None until then. `refused` and `looked_up` are
    packed `Lookup`s, one of each side: those that were refused last when it was raised, and the
    first that the hart made on its way to `retried_at`; empty if the hart cannot be followed.
    """

    cycle: int
    pc: int
    cause: int
    tval: int
    mode: int
    retried_at: int | None = None
    refused: bytes = b""
    looked_up: bytes = b""

    @property
    def lookup(self) -> Lookup | None:
        """The look-up that was refused with this page fault."""
        fetch = self.cause == Cause.FETCH_PAGE
        return lookup_of(self.refused, FETCH if fetch else DATA)

    @property
    def retry(self) -> tuple[Lookup | None, Lookup | None]:
        """What had to be looked up for the retry: the instruction, and its data."""
        return lookup_of(self.looked_up, FETCH), lookup_of(self.looked_up, DATA)


#: Page faults that wait for their instruction to retire, by its pc.
_Waiting = dict[int, list[TrapRecord]]


@dataclass
class TrapLog:
    """What an engine keeps of the retire port: counts, and records of the last exceptions.

    An engine tells it of every exception, and either of every instruction that retires (`retired`),
    or of those that are `expected` and the counts itself (`reached`).
    """

    instructions: int = 0
    #: Those of them that retired in user mode.
    user_instructions: int = 0
    #: Exceptions, and page faults among them, so far.
    trap_count: int = 0
    page_faults: int = 0
    #: The last KEPT_TRAPS exceptions.
    traps: deque[TrapRecord] = field(default_factory=lambda: deque(maxlen=KEPT_TRAPS))
    _waiting: _Waiting = field(default_factory=dict)
    #: What waits of the processes that do not run, by process.
    _held: dict[int, _Waiting] = field(default_factory=dict)
    #: The process that runs.
    _process: int = 0

    @property
    def expected(self) -> Collection[int]:
        """Where a page fault was raised in user mode and no instruction has retired since.

        The oldest first; at most MOST_EXPECTED, and only those of the process that runs.
        """
        return self._waiting.keys()

    def trapped(
        self, cycle: int, pc: int, cause: int, tval: int, mode: int, refused: bytes = b""
    ) -> None:
        """Takes an instruction that raised an exception; see `TrapRecord.refused`."""
        record = TrapRecord(cycle, pc, cause, tval, mode)
        self.trap_count += 1
        self.traps.append(record)
        if cause in PAGE_FAULTS:
            self.page_faults += 1
            if mode == Priv.U:
                record.refused = refused
                waiting = self._waiting.get(pc)
                if waiting is None:
                    self._waiting[pc] = [record]
                    if len(self._waiting) > MOST_EXPECTED:
                        _forget(self._waiting)
                    return
                waiting.append(record)
                if len(waiting) > MOST_EXPECTED:
                    del waiting[0]

    def retired(self, cycle: int, pc: int, mode: int, looked_up: bytes = b"") -> None:
        """Takes an instruction that retired; see `TrapRecord.looked_up`."""
        self.instructions += 1
        if mode == Priv.U:
            self.user_instructions += 1
            self.reached(cycle, pc, looked_up)

    def reached(self, cycle: int, pc: int, looked_up: bytes = b"") -> None:
        """An instruction at `pc` retired in user mode: what it has raised before was retried."""
        for record in self._waiting.pop(pc, ()):
            record.retried_at = cycle
            record.looked_up = looked_up

    def switch(self, process: int) -> None:
        """Another process runs from now on: its page faults wait, and no other's.

        Two processes have instructions at the same pc, but a fault is over only when the process
        that raised it goes on.
        """
        if self._waiting:
            self._held[self._process] = self._waiting
            if len(self._held) > _MOST_PROCESSES:
                _forget(self._held)
        self._process = process
        self._waiting = self._held.pop(process, {})


def _forget(kept: dict[int, Any]) -> None:
    """The oldest is given up."""
    del kept[next(iter(kept))]
