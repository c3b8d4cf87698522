"""Events: why an engine stopped running and came back to Python."""

from dataclasses import dataclass

__all__ = ["Budget", "Doorbell", "Event", "HtifWrite"]


@dataclass(frozen=True, slots=True)
class Budget:
    """The cycles that `run` was given have passed."""


@dataclass(frozen=True, slots=True)
class Doorbell:
    """The doorbell rang with `reason`; the hart's store waits for `Engine.answer`."""

    reason: int


@dataclass(frozen=True, slots=True)
class HtifWrite:
    """The watched word was written in `cycle`, in the byte lanes of `strobe` (8 bits)."""

    cycle: int
    strobe: int


Event = Budget | Doorbell | HtifWrite
