"""What each process has used; kept after its end."""

from dataclasses import dataclass

__all__ = ["Account"]


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
    syscalls: int = 0
    #: Cycles in user mode, and those from its traps until a process ran again.
    user_cycles: int = 0
    kernel_cycles: int = 0
    #: Whose `sbrk` it calls, a value of `Abi`.
    abi: str = "lab"
    #: As in `Proc.xstate`; None if it has not ended.
    exit_status: int | None = None
