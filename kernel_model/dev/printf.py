"""The kernel's own messages."""

from kernel_model.dev.state import ConsoleState
from kernel_model.facts.costs import Step
from kernel_model.mm.peek import vmprint
from kernel_model.mm.space import AddressSpace

__all__ = ["print_pagetable", "printf"]


def printf(kernel: ConsoleState, text: str) -> None:
    """Print a message of the kernel's own on the console."""
    data = text.encode(errors="surrogateescape")
    kernel.charge(Step.CONSOLE_CHAR, len(data))
    kernel.console.write(data)


def print_pagetable(kernel: ConsoleState, space: AddressSpace) -> None:
    """Print a process's page table, in the format of the lab."""
    for line in vmprint(kernel.memory, space.root, letters=False):
        printf(kernel, line + "\n")
