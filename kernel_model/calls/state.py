"""What of the kernel system calls, traps and the scheduler use: all of it."""

from typing import Protocol

from kernel_model.facts.costs import Meter
from kernel_model.facts.doorbell import Doorbell
from kernel_model.fs.state import FileState
from kernel_model.proc.state import Cpu, Proc

__all__ = ["KernelState"]


class KernelState(FileState, Protocol):
    """All that is global; `Kernel` has it."""

    cpu: Cpu
    doorbell: Doorbell
    #: The first program's process: the run ends with it.
    first: Proc | None
    #: Frames that are the kernel's for good.
    own_frames: int
    meter: Meter
    #: Pages that a process's stack may grow to.
    stack_pages: int

    def halt(self, status: int) -> None:
        """The run has ended."""
