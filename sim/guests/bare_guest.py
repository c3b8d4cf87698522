"""A bare-metal program, as a guest of the machine."""

from sim.machine import Machine
from sim.platform.devices.htif import Htif
from sim.platform.events import Event, Halt

__all__ = ["BareGuest"]


class BareGuest:
    """Runs until the program exits through HTIF, a device; see `sim.machine.Guest`."""

    def __init__(self, htif: Htif):
        self.htif = htif

    @property
    def finished(self) -> bool:
        """The program has exited."""
        return self.htif.exit_code is not None

    @property
    def idle_cycles(self) -> int:
        """None: the hart has something to do in every cycle."""
        return 0

    def handle(self, machine: Machine, event: Event) -> None:
        """Takes the exit."""
        assert isinstance(event, Halt), f"unexpected event {event}"
