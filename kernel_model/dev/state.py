"""The console: what is global about it, and the host's side of it."""

from dataclasses import dataclass, field
from typing import Protocol

from kernel_model.facts.param import INPUT_BUF_SIZE
from kernel_model.proc.state import ProcessState

__all__ = ["Cons", "Console", "ConsoleState"]


class Console(Protocol):
    """The host's side: bytes out, and bytes in that come at a cycle."""

    #: What is typed is to be shown: nobody else does.
    echo: bool
    #: Input comes by itself. Else `poll` may make the host wait, and is called for a reader only.
    interrupts: bool

    def write(self, data: bytes) -> None:
        """Print `data`."""

    def write_echo(self, data: bytes) -> None:
        """Show a character that was typed, or, as `\\b \\b`, that the last one is taken away."""

    def poll(self, now: int, room: int) -> bytes:
        """What has come by cycle `now`, at most `room` bytes of it."""

    def next_arrival(self, now: int) -> int | None:
        """The cycle in which more comes, if that is known."""

    def wait(self, now: int) -> bool:
        """Make the host wait for input, for no process can run; False at its end."""

    def ended(self, now: int) -> bool:
        """Nothing will ever come again."""


@dataclass(slots=True)
class Cons:
    """Input that was not read yet. The indexes only grow; r <= w <= e."""

    buf: bytearray = field(default_factory=lambda: bytearray(INPUT_BUF_SIZE))
    #: Where the next read starts, the whole lines end, and the next character goes.
    r: int = 0
    w: int = 0
    e: int = 0
    #: A process has read the console.
    used: bool = False

    @property
    def room(self) -> int:
        """Characters that still fit."""
        return INPUT_BUF_SIZE - (self.e - self.r)


class ConsoleState(ProcessState, Protocol):
    """The console, and the processes that use it; `Kernel` has it all."""

    cons: Cons
    #: The host's side.
    console: Console
