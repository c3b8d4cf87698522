"""Which state of a design rarely changes or mostly rests, as whoever has it translated says."""

from dataclasses import dataclass

__all__ = ["NEVER", "Rarely"]


@dataclass(frozen=True)
class Rarely:
    """Which state rarely changes: that of `modules`, but for the signals `often`; all by name.

    Of each signal in `upper` those bits rarely change that stand from the bit beside it up: of an
    address the number of its page. Signals in `resting`, written as "module.signal", hold in most
    cycles what they hold after reset: a state machine that is idle, a flag of what seldom happens.
    """

    modules: frozenset[str] = frozenset()
    often: frozenset[str] = frozenset()
    upper: frozenset[tuple[str, int]] = frozenset()
    resting: frozenset[str] = frozenset()

    def __repr__(self) -> str:
        parts = self.modules, self.often, self.upper, self.resting
        return f"Rarely({', '.join(str(sorted(part)) for part in parts)})"


#: No state at all.
NEVER = Rarely()
