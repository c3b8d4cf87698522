"""A key that is not the kernel's: Ctrl-A, as QEMU's console has it."""

from collections.abc import Callable

from sim.platform.devices.console import Source

__all__ = ["Escape"]

_CTRL_A = b"\x01"


class Escape:
    """Keys from `source`, but for Ctrl-A and the one behind it; see `sim.platform.devices.console`.

    Ctrl-A X calls `leave`; Ctrl-A Ctrl-A is one Ctrl-A for the kernel, and before any other key it
    is one, too.

    Parameters
    ----------
    source : Source
        Where keys come from.
    leave : function
        Ends the run; it may raise an exception.
    """

    def __init__(self, source: Source, leave: Callable[[], object]):
        self._source = source
        self._leave = leave
        self._begun = False  # Ctrl-A was typed
        self.echo = source.echo
        self.interrupts = source.interrupts

    @property
    def interactive(self) -> bool:
        """See `Source`."""
        return self._source.interactive

    def poll(self, now: int, room: int) -> bytes:
        """What has been typed for the kernel, at most `room` bytes of it."""
        given = bytearray()
        # A key may become two: the Ctrl-A that was held back, and itself.
        for key in map(int.to_bytes, self._source.poll(now, max(1, room // 2))):
            if not self._begun:
                self._begun = key == _CTRL_A
                given += b"" if self._begun else key
                continue
            self._begun = False
            if key in b"xX":
                self._leave()
            else:
                given += key if key == _CTRL_A else _CTRL_A + key
        return bytes(given)

    def next_arrival(self, now: int) -> int | None:
        """See `Source`."""
        return self._source.next_arrival(now)

    def wait(self, now: int) -> bool:
        """See `Source`."""
        return self._source.wait(now)

    def ended(self, now: int) -> bool:
        """See `Source`."""
        return self._source.ended(now)
