"""What a campaign has compared, in numbers."""

from collections import Counter
from dataclasses import dataclass, field

__all__ = ["Statistics"]


@dataclass
class Statistics:
    """What has been compared.

    Members
    -------
    programs, ended
        How many, and how many of them came to their end.
    stopped
        How many of them waited for ever.
    instructions
        How many retired, by the privilege they ran in.
    names
        How many retired, by their names as Spike's disassembler gives them.
    traps
        Exceptions by cause, the privilege that raised them and the one that handled them.
    interrupts
        By number, the privilege interrupted and the one that handled them.
    csrs
        Accesses by address.
    written
        Writes by address, those of the way in and of the handlers left out.
    conditionals
        SC by its result, 0 if it succeeded.
    survived
        SC that succeeded after a trap since its LR: "exception" or "interrupt", the last one.
    fences
        `sfence.vma` behind a change of a PTE: its level, whether the fence names an address and
        whether it names an address space.
    straddling
        Instructions that lie in two pages: "retired", or "faulted" in the second one.
    misaligned
        Loads and stores that are: "retired", "two pages" of those, or "faulted" in the second one.
    refused
        Access faults of memory protection: of a "FETCH", "LOAD" or "STORE", and those of them whose
        "walk" it refused.
    early_updates
        PTEs with an A or D bit that only the hart has set; see `tests.verify.lockstep.early`.
    """

    programs: int = 0
    ended: int = 0
    stopped: int = 0
    instructions: Counter = field(default_factory=Counter)
    names: Counter = field(default_factory=Counter)
    traps: Counter = field(default_factory=Counter)
    interrupts: Counter = field(default_factory=Counter)
    csrs: Counter = field(default_factory=Counter)
    written: Counter = field(default_factory=Counter)
    conditionals: Counter = field(default_factory=Counter)
    survived: Counter = field(default_factory=Counter)
    fences: Counter = field(default_factory=Counter)
    straddling: Counter = field(default_factory=Counter)
    misaligned: Counter = field(default_factory=Counter)
    refused: Counter = field(default_factory=Counter)
    early_updates: int = 0

    def update(self, other: "Statistics") -> None:
        """Adds the counts of others."""
        for name, value in vars(other).items():
            mine = getattr(self, name)
            if isinstance(mine, Counter):
                mine.update(value)
            else:
                setattr(self, name, mine + value)
