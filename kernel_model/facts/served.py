"""The record of one page fault, for the table that a run prints."""

from typing import NamedTuple

__all__ = ["Fault"]


class Fault(NamedTuple):
    """A page fault as the kernel served it."""

    #: Where the process was; None if the kernel touched the page for a system call.
    pc: int | None
    #: `Cause.FETCH_PAGE`, `LOAD_PAGE` or `STORE_PAGE`; what it would have been for the kernel.
    cause: int
    #: The virtual address touched.
    stval: int
    #: "mapped" or "killed".
    outcome: str
    #: None for a trap from user mode, else "copyin" or "copyout".
    via: str | None
    #: What the kernel did, to be read by people.
    what: str
    #: Whose fault it is.
    pid: int
