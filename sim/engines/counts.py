"""How often the events of the hart happen: both engines count the bits of `Hart.probe.events`.

docs/counters.md says what each event is.
"""

from collections.abc import Sequence
from typing import Any

from hdl.events import Event
from sim.engines.hart import HartPorts

__all__ = ["Counts", "counted", "difference", "named"]

#: How often each event has happened, by its number.
Counts = Sequence[int]


def counted(hart: HartPorts) -> list[Any]:
    """The signal that is counted; none if `hart` has no probe, or one without events."""
    events = getattr(getattr(hart, "probe", None), "events", None)
    return [] if events is None else [events.as_value()]


def difference(after: Counts, before: Counts) -> list[int]:
    """What has happened between the two."""
    return [now - then for now, then in zip(after, before, strict=True)]


def named(counts: Counts) -> dict[str, int]:
    """The counts by the events' names, in small letters."""
    return {event.name.lower(): counts[event] for event in Event}
