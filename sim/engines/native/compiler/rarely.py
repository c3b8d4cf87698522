"""Which state of a design rarely changes, as whoever has it translated says."""

from dataclasses import dataclass

__all__ = ["NEVER", "Rarely"]


@dataclass(frozen=True)
class Rarely:
    """Which state rarely changes: that of `modules`, but for the signals `often`; all by name."""

    modules: frozenset[str] = frozenset()
    often: frozenset[str] = frozenset()

    def __repr__(self) -> str:
        return f"Rarely({sorted(self.modules)}, {sorted(self.often)})"


#: No state at all.
NEVER = Rarely()
