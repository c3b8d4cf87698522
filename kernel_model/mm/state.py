"""What of the kernel its memory management uses."""

from typing import Protocol

from kernel_model.facts.abi import Abi
from kernel_model.facts.accounts import Account
from kernel_model.facts.costs import Step
from kernel_model.facts.served import Fault
from kernel_model.mm.kalloc import Kmem
from kernel_model.mm.memory import PhysicalMemory
from kernel_model.mm.space import AddressSpace, HeapUse

__all__ = ["MemoryState", "User"]


class User(Protocol):
    """A process, as far as its memory is concerned."""

    pid: int
    abi: Abi
    space: AddressSpace
    account: Account


class MemoryState(Protocol):
    """RAM, its frames, and what is noted when they are used; `Kernel` has it all."""

    memory: PhysicalMemory
    kmem: Kmem
    #: The A and D bits that the kernel sets in every leaf because the hart does not (Svade), or 0
    #: because it does (Svadu).
    leaf_flags: int
    #: A page that can be executed was written: the next return to user mode fences.
    wrote_code: bool
    heap: HeapUse

    def charge(self, step: Step, n: int = 1) -> None:
        """Count what doing `step` `n` times costs."""

    def record(self, proc: User, fault: Fault) -> None:
        """Take a page fault of the process into the books."""
