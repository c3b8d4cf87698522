"""The interface of every engine."""

from abc import ABC, abstractmethod
from collections.abc import Collection, Iterable
from pathlib import Path

from sim.engines.counts import Counts
from sim.engines.inspection import Observer, Rules
from sim.engines.story import Passage
from sim.engines.transcripts import Form
from sim.engines.traps import TrapLog
from sim.platform.events import Event

__all__ = ["CYCLE_FS", "Engine", "EngineError"]

#: Femtoseconds of a clock cycle in waveforms: 1 µs, so that cycle 1234 begins at 1234 µs.
CYCLE_FS = 10**9


class EngineError(Exception):
    """The engine cannot work here; the message is one line that says why and what to do."""


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
    inspectable : collection of str
        What `inspect` knows: names of `sim.engines.inspection`.
    """

    name: str
    log: TrapLog
    chunk: int
    fast_forward: bool = False
    inspectable: Collection[str] = ()

    @property
    @abstractmethod
    def cycle(self) -> int:
        """See the class."""

    @property
    def skipped(self) -> int:
        """See the class."""
        return 0

    @abstractmethod
    def run(self, cycles: int, work: int | None = None) -> Event:
        """Runs for at most `cycles` cycles, of which it computes at most `work`.

        Returns what ended it.
        An event ends the run with the cycle in which it happened; another one of the same cycle
        ends the next run before its first cycle. `ProtocolError` is raised if the hart breaks a
        rule of its memory port.
        """

    @property
    def counts(self) -> Counts:
        """How often each event of the hart has happened; empty if they are not counted."""
        return ()

    @property
    def passage(self) -> Passage:
        """The way of the last trap from user mode, and of the last return; see `Passage`."""
        return Passage()

    @property
    def satp_written(self) -> int:
        """The cycle of a handler's last write of `satp`; 0 before the first."""
        return 0

    @property
    def timer(self) -> int | None:
        """The value of `stimecmp`: in that cycle `mtime` comes to it. None if there is none."""
        return None

    @abstractmethod
    def answer(self, delay: int) -> int:
        """Answers the doorbell's store, `delay` cycles later than at the earliest.

        Returns the cycle of the response.
        """

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
    def drop_translations(self) -> None:
        """Empties the TLBs and the walk cache, as a hart may at any time; nothing else changes."""

    @abstractmethod
    def set_line(self, name: str, level: bool) -> None:
        """Drives an interrupt line, one of `sim.platform.device.LINES`."""

    @abstractmethod
    def observe(self, callback: Observer, rules: Rules | None = None) -> None:
        """Calls `callback(cycle, fields)` for every record of the retire port from now on.

        `fields` maps the names of `hdl.pipeline.retire.RetirePort` to integers. With `rules` only
        for records that they want: the fewer, the faster.
        """

    @abstractmethod
    def stop_observing(self, callback: Observer) -> None:
        """Calls a `callback` that observes no more."""

    @abstractmethod
    def inspect(self, names: Iterable[str]) -> dict[str, int]:
        """The values of signals of the hart in the cycle that comes next, by name.

        That is behind the clock edge, and with the inputs of that cycle. KeyError for a name that
        is not `inspectable`.
        """

    @abstractmethod
    def transcribe(self, form: Form, path: Path, hart_id: int = 0) -> None:
        """Writes every record of the retire port from now on to `path`, as text.

        `hart_id` is what the text calls the hart. Raises OSError if the file cannot be made.
        """

    @abstractmethod
    def stop_transcripts(self) -> list[tuple[Form, OSError]]:
        """Ends all transcripts; returns what has gone wrong, with the files' names, with which."""

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

    @abstractmethod
    def snapshot(self) -> object:
        """The state of the hart and the bus, the log, and what is traced and kept.

        Neither RAM nor devices are part of it. Raises NotImplementedError if what is being written
        could not be taken back.
        """

    @abstractmethod
    def restore(self, snapshot: object) -> None:
        """Returns to a `snapshot`; the devices on the bus have to be as they were then."""

    def close(self) -> None:
        """Ends what runs beside the simulation, such as a trace; raises OSError."""
        failures = self.stop_transcripts()
        self.stop_trace()
        if failures:
            raise failures[0][1]
