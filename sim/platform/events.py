"""Events: why an engine stopped running and came back to Python."""

from dataclasses import dataclass

__all__ = ["Budget", "Ring", "Event", "Halt"]


@dataclass(frozen=True, slots=True)
class Budget:
    """The cycles that `run` was given have passed."""


@dataclass(frozen=True, slots=True)
class Ring:
    """The doorbell rang with `reason`; the hart's store waits for `Engine.answer`."""

    reason: int


@dataclass(frozen=True, slots=True)
class Halt:
    """A device has ended the program: nothing more is to be run."""


Event = Budget | Ring | Halt
