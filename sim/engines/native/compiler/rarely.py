"""Which state of a design rarely changes, as whoever has it translated says."""

from dataclasses import dataclass

__all__ = ["NEVER", "Rarely"]


@dataclass(frozen=True)
class Rarely:
    """Which state rarely changes: that of `modules`, but for the signals `often`; all by name.

    Of each signal in `upper` those bits rarely change that stand from the bit beside it up: of an
    address the number of its page.
    """

    modules: frozenset[str] = frozenset()
    often: frozenset[str] = frozenset()
    upper: frozenset[tuple[str, int]] = frozenset()

    def __repr__(self) -> str:
        return f"Rarely({sorted(self.modules)}, {sorted(self.often)}, {sorted(self.upper)})"


#: No state at all.
NEVER = Rarely()
