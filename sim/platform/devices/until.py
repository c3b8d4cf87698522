"""A console that ends the run when a text has been printed."""

from kernel_model.dev.state import Console
from sim.platform.device import Device
from sim.platform.events import Halt

__all__ = ["Until"]


class Until(Device):
    """Stands in front of `console`, and raises `Halt` in the cycle in which `text` is complete.

    It has no registers. See `kernel_model.dev.state.Console` for what is the console's.

    Members
    -------
    found : bool
        The text was printed. Whoever wants to wait for it once more makes it False.

    Parameters
    ----------
    console : Console
        Gets all that is printed, and has the input.
    text : bytes
        What is waited for, at least one byte.
    """

    def __init__(self, console: Console, text: bytes):
        if not text:
            raise ValueError("text must have at least one byte")
        self._console = console
        self._text = text
        self._last = b""
        self.found = False
        self.deadline: int | None = None
        self.echo = console.echo
        self.interrupts = console.interrupts

    def write(self, data: bytes) -> None:
        """Prints `data`; the run ends with the cycle if that makes the text complete."""
        self._console.write(data)
        seen = self._last + data
        if self._text in seen:
            self.found = True
            self.deadline = 0  # at once: the end of a cycle looks at all that have passed
            seen = b""
        self._last = seen[max(0, len(seen) - len(self._text) + 1) :]

    def tick(self, cycle: int) -> Halt:
        """The text was printed in the cycle before."""
        self.deadline = None
        return Halt()

    def write_echo(self, data: bytes) -> None:
        """See `Console.write_echo`."""
        self._console.write_echo(data)

    def poll(self, now: int, room: int) -> bytes:
        """See `Console.poll`."""
        return self._console.poll(now, room)

    def next_arrival(self, now: int) -> int | None:
        """See `Console.next_arrival`."""
        return self._console.next_arrival(now)

    def wait(self, now: int) -> bool:
        """See `Console.wait`."""
        return self._console.wait(now)

    def ended(self, now: int) -> bool:
        """See `Console.ended`."""
        return self._console.ended(now)
