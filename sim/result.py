"""The result of a run, as data."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from kernel_model.facts.accounts import Account
from sim.config import MachineConfig
from sim.guests.bus_errors import Injected
from sim.guests.counters import Counters
from sim.guests.fault_table import PageFault
from sim.machine import End

__all__ = ["STATUS", "Result"]

#: Exit statuses of runs that their program did not end.
STATUS = {End.LIMIT: 124, End.STUCK: 125, End.LIVELOCK: 125, End.STOPPED: 130}


@dataclass(frozen=True, kw_only=True)
class Result:
    """The result of a run, or of its part so far. Pages and frames are None without a kernel.

    Attributes
    ----------
    config : MachineConfig
        What was run, a `RunConfig` under a kernel.
    end : End
        Why it ended, or stands.
    exit_status : int
        The program's, 0 to 255; if it has not ended, that of STATUS.
    cycles, instructions : int
        Of the whole run.
    engine : str
        The name of what has simulated the hart.
    output : bytes or None
        What was printed, if it was kept.
    pages_promised, heap_frames_used, frames_used : int or None
        See `kernel_model.kernel.Kernel`.
    area_pages_promised, area_frames_used : int or None
        See `kernel_model.mm.space.AreaUse`.
    superpages : int or None
        Those that touches have brought.
    faults : sequence of PageFault
        Every page fault; of very many, see `FaultTable`.
    processes : list of Account
        What each process has used, init left out.
    boot_cycles, idle_cycles : int or None
        Those of no process: before the first runs, and while none can.
    injected : sequence of Injected
        The faults that it was given on command, and what became of each.
    abi : str or None
        Whose `sbrk` the first program calls.
    counters : Counters or None
        How often the hart's events have happened, if they were counted.
    """

    config: MachineConfig
    end: End
    exit_status: int
    cycles: int
    instructions: int
    engine: str
    output: bytes | None = None
    pages_promised: int | None = None
    heap_frames_used: int | None = None
    frames_used: int | None = None
    area_pages_promised: int | None = None
    area_frames_used: int | None = None
    superpages: int | None = None
    faults: Sequence[PageFault] = ()
    processes: list[Account] = field(default_factory=list)
    boot_cycles: int | None = None
    idle_cycles: int | None = None
    injected: Sequence[Injected] = ()
    abi: str | None = None
    counters: Counters | None = None

    @property
    def remainders(self) -> list[tuple[str, int]]:
        """The cycles that are no process's, by what they were for."""
        shares = [("boot", self.boot_cycles), ("idle", self.idle_cycles)]
        return [(name, cycles) for name, cycles in shares if cycles is not None]

    @property
    def ipc(self) -> float:
        """Instructions per cycle; 0 if no cycle has passed."""
        return self.instructions / self.cycles if self.cycles else 0.0
