"""The console of a program that is debugged: input comes when somebody gives it, and then for good.

A piece of input has the cycle in which it was given, and comes in that cycle again whenever the
run goes over it once more. Output is kept, and is taken back with the run.
"""

from sim.platform.devices.captured import Captured

__all__ = ["InputWanted", "Typed"]


class InputWanted(Exception):
    """No process can run before there is input, and none was given: the kernel cannot go on."""


class Typed(Captured):
    """A console for `sim.debug.debugger.Debugger`; see `kernel_model.dev.state.Console`."""

    interrupts = True

    def __init__(self) -> None:
        super().__init__()
        self._pieces: list[tuple[int, bytes]] = []
        self._end: int | None = None

    def give(self, cycle: int, data: bytes) -> None:
        """Input from `cycle` on; what was given for later cycles is forgotten. b"" is its end."""
        self._pieces = [piece for piece in self._pieces if piece[0] <= cycle]
        self._end = None if self._end is None or self._end > cycle else self._end
        if data:
            self._pieces.append((cycle, data))
        else:
            self._end = cycle

    def end_by(self, now: int) -> int | None:
        """The cycle in which the end of all input was given, if it was by cycle `now`."""
        return None if self._end is None or self._end > now else self._end

    def poll(self, now: int, room: int) -> bytes:
        """What has been given by cycle `now`, at most `room` bytes of it."""
        come = b"".join(data for cycle, data in self._pieces if cycle <= now)
        data = come[self._given : self._given + room]
        self._given += len(data)
        return data

    def next_arrival(self, now: int) -> int | None:
        """The cycle of the next piece."""
        count = 0
        for cycle, data in self._pieces:
            count += len(data)
            if count > self._given:
                return cycle
        return None if self._end is None else max(self._end, now)

    def wait(self, now: int) -> bool:
        """Raises InputWanted if nothing was given that has not been read."""
        arrival = self.next_arrival(now)
        if arrival is None or arrival > now:
            raise InputWanted
        return not self.ended(now)

    def ended(self, now: int) -> bool:
        """The end has come, and all has been read."""
        size = sum(len(data) for _, data in self._pieces)
        return self._end is not None and self._end <= now and self._given == size

    def save_state(self) -> tuple[bytes, int]:
        """See `sim.checkpoint.Restorable`: what was given is no part of it, for it stays."""
        return bytes(self.printed), self._given

    def load_state(self, state: tuple[bytes, int]) -> None:
        """Output and how much was read are again what they were."""
        self.printed[:], self._given = state
