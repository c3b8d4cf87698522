"""The kernel's own messages."""

from kernel_model.costs import Step

__all__ = ["printf"]


def printf(kernel, text: str) -> None:
    """Print a message of the kernel's own on the console."""
    kernel.charge(Step.CONSOLE_CHAR, len(text))
    kernel.console.write(text.encode(errors="surrogateescape"))
