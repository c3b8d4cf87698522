"""What of the kernel its memory management uses, and where paging policies differ."""

from typing import TYPE_CHECKING, Protocol

from kernel_model.facts.abi import Abi
from kernel_model.facts.accounts import Account
from kernel_model.facts.costs import Meter, Step
from kernel_model.mm.kalloc import Kmem
from kernel_model.mm.memory import PhysicalMemory
from kernel_model.mm.regions import Region
from kernel_model.mm.served import FaultOutcome, ServedFault
from kernel_model.mm.space import AddressSpace, AreaUse, HeapUse

if TYPE_CHECKING:  # what is kept here is looked into elsewhere
    from kernel_model.fs.state import File
    from kernel_model.mm.areas import Backing

__all__ = ["MemoryState", "Policy", "User"]


class User(Protocol):
    """A process, as far as its memory is concerned."""

    pid: int
    #: That of its program.
    name: str
    abi: Abi
    space: AddressSpace
    account: Account


class MemoryState(Protocol):
    """RAM, its frames, and what is noted when they are used; `Kernel` has it all."""

    memory: PhysicalMemory
    kmem: Kmem
    policy: "Policy"
    #: The A and D bits that the kernel sets in every leaf because the hart does not (Svade), or 0
    #: because it does (Svadu).
    leaf_flags: int
    #: A page that can be executed was written: the next return to user mode fences.
    wrote_code: bool
    #: The frame of zeros that a policy lets processes share; 0 if there is none.
    zero_frame: int
    heap: HeapUse
    areas: AreaUse
    meter: Meter
    #: Where the pages of areas come from, by the key that `Area.backing` has.
    backings: "dict[int, Backing]"

    @property
    def promised(self) -> int:
        """Frames that all processes that live may still want: for pages that wait for theirs, and
        for page tables below their sizes and for their areas."""

    def file_page(self, file: "File", offset: int) -> bytes:
        """What the file has in the page at `offset`: fewer bytes at its end, none behind it."""

    def charge(self, step: Step, n: int = 1) -> None:
        """Count what doing `step` `n` times costs."""

    def record(self, proc: User, fault: ServedFault) -> None:
        """Take a page fault of the process into the books."""


class Policy(Protocol):
    """When the pages of a process get their frames. It has no state of its own.

    A hook that fails has changed nothing but what the kernel frees with the address space.
    """

    def boot(self, kernel: MemoryState) -> None:
        """The kernel starts: take the frames that it needs for good. Panics if one lacks."""

    def grow(self, kernel: MemoryState, space: AddressSpace, size: int, eager: bool) -> bool:
        """`sbrk` makes the process `size` bytes large, which is more than now.

        `eager` if it has asked for the frames at once. False if a frame lacks.
        """

    def fault(self, kernel: MemoryState, space: AddressSpace, va: int, access: int) -> FaultOutcome:
        """The process has faulted at `va`; `access` is the right that it needs, Pte.R, W or X."""

    def map(self, kernel: MemoryState, space: AddressSpace, area: Region) -> bool:
        """`mmap` gives the process one more area. False, and none of it is mapped, if a frame
        lacks."""

    def copy(self, kernel: MemoryState, space: AddressSpace, va: int, access: int) -> FaultOutcome:
        """A system call copies to or from `va`: nothing is mapped there, or it is shared."""

    def fork(self, kernel: MemoryState, old: AddressSpace, new: AddressSpace) -> bool:
        """Make the empty address space `new` a copy of `old`. False if a frame lacks."""

    def exec(self, kernel: MemoryState, space: AddressSpace, start: int, end: int) -> bool:
        """The program has a segment from `start` to `end`, in whole pages, which are to be filled.

        See that they are mapped, and what else is to be there at once. False if a frame lacks.
        """
