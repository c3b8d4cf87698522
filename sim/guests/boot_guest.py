"""A kernel on the devices of `virt`, as a guest of the machine."""

from sim.machine import Machine
from sim.platform.devices.finisher import Finisher
from sim.platform.devices.until import Until
from sim.platform.events import Event, Halt

__all__ = ["BootGuest"]

#: What waits for this cycle or a later one waits for ever.
_NEVER = 1 << 62


class BootGuest:
    """Runs until the kernel powers off; see `sim.machine.Guest`, and `Watcher`, which it is too.

    Parameters
    ----------
    finisher : Finisher
        The device that powers off.
    until : Until or None
        What may end the run, too.
    """

    def __init__(self, finisher: Finisher, until: Until | None = None):
        self.finisher = finisher
        self.until = until

    @property
    def finished(self) -> bool:
        """The kernel has powered off, or has printed what was waited for."""
        return self.finisher.exit_code is not None or (self.until is not None and self.until.found)

    @property
    def idle_cycles(self) -> int:
        """None: a kernel that waits for ever for its own timer is to be ended, too."""
        return 0

    def handle(self, machine: Machine, event: Event) -> None:
        """Takes the end."""
        assert isinstance(event, Halt), f"unexpected event {event}"

    def next_stop(self, cycle: int) -> int | None:
        """None: see `sim.machine.Watcher`."""
        return None

    def look(self, machine: Machine) -> None:
        """A hart that waits for a timer, or for input, is not stuck."""
        cycle = machine.engine.cycle
        for due in (machine.bus.deadline, machine.engine.timer):
            if due is not None and cycle <= due < _NEVER:
                machine.expect_quiet(due - cycle)
