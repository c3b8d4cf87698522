"""What the kernel did about a page fault, as facts. Who shows them to people makes the words."""

from enum import Enum, auto
from typing import NamedTuple

from hdl.arch import Pte, pte_to_pa
from kernel_model.facts.costs import NO_WORK, Work
from kernel_model.mm.regions import Region

__all__ = ["Decision", "FaultOutcome", "PteWrite", "ServedFault", "Via", "Why"]

_RWX = int(Pte.R | Pte.W | Pte.X)


class Decision(Enum):
    """What becomes of an access that has faulted."""

    #: The page is mapped now: the access is made again.
    MAPPED = auto()
    #: Nothing has changed: the process is killed, or its system call fails.
    REFUSED = auto()
    #: Nothing yet: the run ended before the kernel came to it.
    UNSERVED = auto()


class Why(Enum):
    """The reason of a decision."""

    #: MAPPED: the page waited for its frame, and its owner allows the access.
    UNTOUCHED = auto()
    #: MAPPED: the page's frame is there, for a touch has brought it: the page is in a shared area,
    #: and all who have the area get that one.
    COMMON = auto()
    #: MAPPED: the page waited for its frame, but is only read, so that the page of zeros will do.
    NEVER_STORED = auto()
    #: MAPPED: others have the page's frame, too, so the process gets a copy to write to.
    SHARED = auto()
    #: MAPPED: nobody else has the page's frame any more, so the process may write to it.
    LAST_OWNER = auto()
    #: MAPPED: the page was there, but its A bit had been cleared, and the hart leaves it to the
    #: kernel to set it (Svade).
    NOT_ACCESSED = auto()
    #: MAPPED: the page of a file was there, and this is the first store to it. Where the hart does
    #: not, the kernel sets D, to know that the page has to be written back.
    CLEAN = auto()
    #: REFUSED, as all that follow: the address is not below the size, nor in an area.
    PAST_SIZE = auto()
    #: The page is mapped, but not the user's.
    GUARD_PAGE = auto()
    #: The page is mapped, and does not allow the access.
    PAGE_RIGHTS = auto()
    #: The page waits for its frame, and its owner does not allow the access.
    OWNER_RIGHTS = auto()
    #: No frame is left for the page.
    NO_FRAME = auto()
    #: No frame is left for a page-table page that it needs.
    NO_TABLE = auto()
    #: No frame is left for a copy of a page that is shared.
    NO_COPY = auto()
    #: UNSERVED.
    RUN_ENDED = auto()


class Via(Enum):
    """Which copy of a system call has touched a page; the values are its name."""

    COPYIN = "copyin"
    COPYOUT = "copyout"


class PteWrite(NamedTuple):
    """A page-table entry that was written."""

    #: Physical address of the entry, and the level of the page table that it is in.
    address: int
    level: int
    before: int
    after: int


# These two are tuples, for a run may have millions, and a frozen dataclass takes four times as long
# to make.


class FaultOutcome(NamedTuple):
    """What the kernel did about an access to a page that had faulted, or would have."""

    decision: Decision
    why: Why
    #: Bytes of the address space; its region at the address, None past the size.
    size: int
    region: Region | None
    #: The entry that the access found; 0 if there is none.
    pte: int = 0
    #: Physical address of the page's frame, a new one unless it was shared; 0 if it is REFUSED.
    frame: int = 0
    #: In order; the last one maps the page, those before point to page-table pages that were made.
    #: One that has replaced a superpage maps the same frames, by entries that are not here.
    writes: tuple[PteWrite, ...] = ()
    #: What it took. The dispatch, which any trap costs besides, is not in it.
    work: Work = NO_WORK
    #: Addresses of the other pages that were mapped with it, whose entries are not in `writes`.
    ahead: tuple[int, ...] = ()
    #: The process has areas of `mmap`'s: an access past the size is in none of them.
    has_areas: bool = False

    @property
    def tables(self) -> tuple[int, ...]:
        """Physical addresses of the page-table pages that were made."""
        made = (write for write in self.writes if write.level > 0 and not write.after & _RWX)
        return tuple(pte_to_pa(write.after) for write in made)

    @property
    def in_superpage(self) -> bool:
        """Whether the page is mapped by a leaf above level 0 that was written."""
        return bool(self.writes) and self.writes[-1].level > 0


class ServedFault(NamedTuple):
    """A page fault as the kernel served it."""

    #: Whose fault it is, and what that process ran.
    pid: int
    name: str
    #: Where the process was; None if the kernel touched the page for a system call.
    pc: int | None
    #: `Cause.FETCH_PAGE`, `LOAD_PAGE` or `STORE_PAGE`; what it would have been for the kernel.
    cause: int
    #: The virtual address touched.
    stval: int
    outcome: FaultOutcome
    #: None for a trap from user mode.
    via: Via | None = None
