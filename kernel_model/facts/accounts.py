"""What each process has used, kept after its end; and whose each cycle of the run was."""

from dataclasses import dataclass

__all__ = ["Account", "Ledger"]


@dataclass(slots=True)
class Account:
    """The account of one process, its own even after `exec`."""

    pid: int
    name: str = ""
    #: Bytes at its end, or now.
    size: int = 0
    #: The most pages that it had in memory at once, and its page-table pages at its end.
    resident: int = 0
    page_tables: int = 0
    #: Pages that it got because it, or a system call for it, touched them.
    minor_faults: int = 0
    #: Page faults that it was killed for: one at most.
    fatal_faults: int = 0
    syscalls: int = 0
    #: Cycles in user mode, and those from its traps until a process ran again.
    user_cycles: int = 0
    kernel_cycles: int = 0
    #: Whose `sbrk` it calls, a value of `Abi`.
    abi: str = "lab"
    #: As in `Proc.xstate`; None if it has not ended.
    exit_status: int | None = None


class Ledger:
    """Whose each cycle is. Every one has one payer, so all that was paid is the length of the run.

    Members
    -------
    boot : int
        Cycles from reset until a process runs for the first time.
    idle : int
        Cycles from when no process can run until one runs again.
    """

    def __init__(self) -> None:
        self.boot = 0
        self.idle = 0
        self._until = 0
        self._payer: Account | Ledger = self
        self._member = "boot"

    def hand_over(self, cycle: int, payer: "Account | Ledger", member: str) -> None:
        """From `cycle` on it is `payer` who pays, in its `member`; up to there who did so far."""
        self.close(cycle)
        self._payer, self._member = payer, member

    def close(self, cycle: int) -> None:
        """Whoever pays now has paid for the cycles up to `cycle`."""
        paid = getattr(self._payer, self._member)
        setattr(self._payer, self._member, paid + cycle - self._until)
        self._until = cycle
