"""The console as the kernel sees it, and printing on it."""

from typing import Protocol

from kernel_model.costs import Step

__all__ = ["Console", "printf"]


class Console(Protocol):
    """A stream of bytes each way."""

    def write(self, data: bytes) -> None:
        """Print `data`."""

    def read(self, n: int) -> bytes:
        """Up to `n` bytes of input; none at its end."""


def printf(kernel, text):
    """Print a message of the kernel's own."""
    kernel.charge(Step.CONSOLE_CHAR, len(text))
    kernel.console.write(text.encode())
