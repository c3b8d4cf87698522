"""Translations that are dropped now and then, which a hart may do at any time."""

from sim.machine import Machine

__all__ = ["Drops"]


class Drops:
    """Empties the TLBs and the walk cache every `every` cycles; a watcher of the machine."""

    def __init__(self, every: int):
        self._every = every

    def next_stop(self, cycle: int) -> int:
        """The next multiple of them."""
        return (cycle // self._every + 1) * self._every

    def look(self, machine: Machine) -> None:
        """Drops all, if it is time."""
        if machine.engine.cycle % self._every == 0:
            machine.engine.drop_translations()
