"""The kernel's own messages."""

from kernel_model.dev.state import ConsoleState
from kernel_model.facts.costs import Step

__all__ = ["printf"]


def printf(kernel: ConsoleState, text: str) -> None:
    """Print a message of the kernel's own on the console."""
    data = text.encode(errors="surrogateescape")
    kernel.charge(Step.CONSOLE_CHAR, len(data))
    kernel.console.write(data)
