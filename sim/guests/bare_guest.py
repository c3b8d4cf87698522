"""A bare-metal program, as a guest of the machine."""

from sim.machine import Machine
from sim.platform.devices.htif import Htif
from sim.platform.events import Event, HtifWrite

__all__ = ["BareGuest"]


class BareGuest:
    """Serves HTIF until the program exits through it; see `sim.machine.Guest`."""

    def __init__(self, htif: Htif):
        self.htif = htif

    @property
    def finished(self) -> bool:
        """The program has exited."""
        return self.htif.exit_code is not None

    @property
    def deadline(self) -> int | None:
        """Cycle in which a word that was written in part is taken as it stands."""
        return self.htif.deadline

    @property
    def idle_cycles(self) -> int:
        """None: the hart has something to do in every cycle."""
        return 0

    def handle(self, machine: Machine, event: Event) -> None:
        """Takes a store to `tohost`."""
        assert isinstance(event, HtifWrite), f"unexpected event {event}"
        self.htif.stored(event.cycle, event.strobe)

    def tick(self, machine: Machine) -> None:
        """Takes a word that stayed incomplete."""
        self.htif.serve()
