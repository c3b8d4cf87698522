"""A console without a terminal: its input is given beforehand, its output kept."""

__all__ = ["Captured"]


class Captured:
    """See `kernel_model.dev.state.Console`: a pipe that holds `data`, and then ends.

    Members
    -------
    printed : bytearray
        What has been printed so far.
    """

    echo = False
    interrupts = False

    def __init__(self, data: bytes = b""):
        self.printed = bytearray()
        self._data = data
        self._given = 0

    def write(self, data: bytes) -> None:
        """Keeps `data`."""
        self.printed += data

    write_echo = write

    def poll(self, now: int, room: int) -> bytes:
        """The next line, or `room` bytes of it."""
        end = self._data.find(b"\n", self._given) + 1 or len(self._data)
        data = self._data[self._given : min(end, self._given + room)]
        self._given += len(data)
        return data

    def next_arrival(self, now: int) -> int | None:
        """Not known: whoever wants input gets it at once."""
        return None

    def wait(self, now: int) -> bool:
        """Nothing to wait for: all that will ever come is there."""
        return not self.ended(now)

    def ended(self, now: int) -> bool:
        """All has been given."""
        return self._given == len(self._data)
