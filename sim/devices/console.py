"""The console: standard input and output of the process that runs the simulation."""

import sys
from collections.abc import Callable
from typing import BinaryIO

__all__ = ["Console"]


class Console:
    """Bytes out, which appear at once, and bytes in, a line at a time.

    Parameters
    ----------
    output, input : binary files
        By default standard output and input.
    before_write : function
        Called before every write, for what else stands on the terminal.
    """

    def __init__(
        self,
        output: BinaryIO | None = None,
        input: BinaryIO | None = None,
        before_write: Callable[[], None] = lambda: None,
    ):
        self._output = output if output is not None else sys.stdout.buffer
        self._input = input if input is not None else sys.stdin.buffer
        self._before_write = before_write

    def write(self, data: bytes) -> None:
        """Prints `data` at once."""
        self._before_write()
        self._output.write(data)
        self._output.flush()

    def read(self, n: int) -> bytes:
        """Waits for a line and returns up to `n` bytes of it; nothing at the end of input."""
        return self._input.readline(n)

    def __deepcopy__(self, memo):
        """The same: files of the process cannot be copied."""
        return self
