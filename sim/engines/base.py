"""The interface of every engine, and the log of traps that each keeps in the same way."""

from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from hdl.arch import PAGE_FAULTS, Priv
from sim.platform.events import Event

__all__ = ["CYCLE_FS", "KEPT_TRAPS", "Engine", "EngineError", "TrapLog", "TrapRecord"]

#: The most exceptions that a log keeps, and page faults that it still expects to be retried. More
#: of those have never waited at once: the oldest are of instructions that were killed.
KEPT_TRAPS = 10_000
_KEPT_UNRETIRED = 2_000

#: Femtoseconds of a clock cycle in waveforms: 1 µs, so that cycle 1234 begins at 1234 µs.
CYCLE_FS = 10**9


class EngineError(Exception):
    """The engine cannot work here; the message is one line that says why and what to do."""


@dataclass(slots=True)
class TrapRecord:
    """An exception as the retire port reported it; interrupts are not recorded.

    `retried_at` is only for page faults in U-mode: the cycle in which the instruction at the same
    pc retired at last, or None until then.
    """

    cycle: int
    pc: int
    cause: int
    tval: int
    mode: int
    retried_at: int | None = None


@dataclass
class TrapLog:
    """What an engine keeps of the retire port: counts, and records of the last exceptions."""

    instructions: int = 0
    #: Those of them that retired in user mode.
    user_instructions: int = 0
    #: Exceptions, and page faults among them, so far.
    trap_count: int = 0
    page_faults: int = 0
    #: The last KEPT_TRAPS exceptions.
    traps: deque[TrapRecord] = field(default_factory=lambda: deque(maxlen=KEPT_TRAPS))
    #: Page faults of user mode that wait for their instruction to retire, by pc.
    _waiting: dict[int, list[TrapRecord]] = field(default_factory=dict)
    #: Those of the processes that do not run, by process, as each engine keeps them.
    held: dict[int, object] = field(default_factory=dict)
    #: Page faults of user mode that have not been retried, by their number among the exceptions,
    #: counted from 0, for an engine that looks out for the retries itself.
    _unretired: dict[int, TrapRecord] = field(default_factory=dict)
    #: The process that runs.
    process: int = 0

    def trapped(self, cycle: int, pc: int, cause: int, tval: int, mode: int) -> None:
        """Takes an instruction that raised an exception."""
        record = self.add(cycle, pc, cause, tval, mode)
        if mode == Priv.U and cause in PAGE_FAULTS:
            self._waiting.setdefault(pc, []).append(record)

    def add(self, cycle: int, pc: int, cause: int, tval: int, mode: int) -> TrapRecord:
        """Takes an exception of an engine that looks out for the retries itself."""
        record = TrapRecord(cycle, pc, cause, tval, mode)
        if cause in PAGE_FAULTS:
            self.page_faults += 1
            if mode == Priv.U:
                _put(self._unretired, self.trap_count, record)
        self.trap_count += 1
        self.traps.append(record)
        return record

    def retried(self, number: int, cycle: int) -> None:
        """The exception `number`, a page fault of user mode, was retried and retired in `cycle`."""
        record = self._unretired.pop(number, None)
        if record is not None:
            record.retried_at = cycle

    def retired(self, cycle: int, pc: int, mode: int) -> None:
        """Takes an instruction that retired."""
        self.instructions += 1
        if mode != Priv.U:
            return
        self.user_instructions += 1
        for record in self._waiting.pop(pc, ()):
            record.retried_at = cycle

    def switch(self, process: int) -> None:
        """Another process runs from now on: its page faults wait, and no other's.

        Two processes have instructions at the same pc, but a fault is over only when the process
        that raised it goes on.
        """
        self._waiting = self.exchange(process, self._waiting) or {}

    def exchange(self, process: int, waiting: object) -> object:
        """Another process runs from now on; keeps what `waiting` is of the one that ran so far.

        Returns what was kept of this one, or None.
        """
        if waiting:
            _put(self.held, self.process, waiting)
        self.process = process
        return self.held.pop(process, None)


def _put(kept: dict, key: int, value: object) -> None:
    """Keeps `value`; of too many, the oldest is given up."""
    kept[key] = value
    if len(kept) > _KEPT_UNRETIRED:
        del kept[next(iter(kept))]


class Engine(ABC):
    """Runs a hart and the bus in front of it.

    Cycles count from 0 at reset. In cycle `c` the hart sees `mtime` = `c`. Between two calls of
    `run` the machine stands still between two cycles, and Python may read and write RAM.

    Members
    -------
    cycle : int
        Cycles passed, which is the number of the cycle that comes next.
    log : TrapLog
        Instructions retired and exceptions so far.
    chunk : int
        Cycles that this engine runs in about a tenth of a second: how often to look around.
    fast_forward : bool
        Cycles that change nothing but counters may be passed over without being computed. That
        changes no result, and an engine need not be able to.
    skipped : int
        How many of `cycle` were passed over.
    """

    fast_forward = False
    skipped = 0
    name: str
    cycle: int
    log: TrapLog
    chunk: int

    @abstractmethod
    def run(self, cycles: int, work: int | None = None) -> Event:
        """Runs for at most `cycles` cycles, of which it computes at most `work`.

        Returns what ended it.
        An event ends the run with the cycle in which it happened; another one of the same cycle
        ends the next run before its first cycle. `ProtocolError` is raised if the hart breaks a
        rule of its memory port.
        """

    @abstractmethod
    def answer(self, delay: int) -> None:
        """Answers the doorbell's store, `delay` cycles later than at the earliest."""

    def switch(self, process: int) -> None:
        """Says which process, any number, runs in user mode from now on."""
        self.log.switch(process)

    @abstractmethod
    def read_register(self, number: int) -> int:
        """The value of x`number` (0 to 31)."""

    @abstractmethod
    def write_register(self, number: int, value: int) -> None:
        """Sets x`number` to `value`; x0 stays 0."""

    @abstractmethod
    def set_line(self, name: str, level: bool) -> None:
        """Drives an interrupt line, one of `sim.platform.device.LINES`."""

    @abstractmethod
    def observe(self, callback: Callable[[int, Mapping[str, int]], None]) -> None:
        """Calls `callback(cycle, fields)` for every record of the retire port from now on.

        `fields` maps the names of `hdl.pipeline.retire.RetirePort` to integers.
        """

    @abstractmethod
    def start_trace(self, path: Path) -> None:
        """Writes a VCD to `path` from this cycle on, 1 µs a cycle; raises OSError."""

    @abstractmethod
    def stop_trace(self) -> None:
        """Ends the VCD; does nothing if none is being written."""

    def keep_recent(self, cycles: int) -> None:
        """Keeps the last `cycles` cycles for `write_recent`, from now on; 0 forgets them.

        Raises EngineError if the engine cannot.
        """
        raise EngineError(f"the engine {self.name} cannot keep the cycles before something happens")

    def write_recent(self, path: Path, first: int, last: int) -> bool:
        """Writes a VCD to `path` of the cycles `first` to `last`, as far as they are kept.

        Returns whether there was any; raises OSError.
        """
        return False

    def snapshot(self) -> object:
        """The state of the hart and the bus, the log, and what is traced and kept.

        Neither RAM nor devices are part of it.
        """
        raise NotImplementedError(f"the engine {self.name} cannot take snapshots")

    def restore(self, snapshot: object) -> None:
        """Returns to a `snapshot`; the devices on the bus have to be as they were then."""
        raise NotImplementedError(f"the engine {self.name} cannot restore snapshots")

    def close(self) -> None:
        """Ends what runs beside the simulation, such as a trace."""
        self.stop_trace()
