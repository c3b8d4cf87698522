"""What a waveform shows of a page fault: the cycles that have a name, and those on the screen."""

from typing import NamedTuple

from sim.engines.traps import TrapRecord
from sim.guests.lives import Life, Part

__all__ = ["Mark", "Shown", "of_life", "of_moment", "of_trap"]


class Mark(NamedTuple):
    """A cycle in which something happened, and what."""

    cycle: int
    name: str


class Shown(NamedTuple):
    """A page fault that may be on the screen, or what else has happened."""

    #: The cycle in which it was raised, or has happened, and its name.
    raised: Mark
    #: What has names when it is on the screen, in order; and the cycles on the screen.
    moments: tuple[Mark, ...]
    begin: int
    end: int


def of_moment(cycle: int, name: str) -> Shown:
    """Something that is no page fault, and takes no time."""
    mark = Mark(cycle, name)
    return Shown(mark, (mark,), cycle, cycle)


def of_life(life: Life, name: str) -> Shown:
    """A page fault of a process, from the look-up to the retirement."""
    raised = Mark(life.trap.cycle, name)
    spans = life.spans
    if life.served.via is not None or not spans:
        return of_moment(*raised)
    marks = {"miss": life.begin, "raised": raised.cycle}
    marks |= {"doorbell": life.answer.rung, "answer": life.answer.answered}
    # What comes last has ended, or the run has.
    returns = [span.end for span in spans[:-1] if span.part is Part.RESTORE]
    walks = [span.start for span in spans if span.part in (Part.REFETCH, Part.REWALK)]
    if returns:
        marks["sret"] = returns[-1]
    if walks:
        marks["retry"] = walks[-1]
    if life.trap.retried_at is not None:
        marks["retired"] = life.trap.retried_at
    marks = {name: cycle for name, cycle in marks.items() if cycle <= spans[-1].end}
    # Another process may run for very long.
    away = [span.start for span in spans if span.part is Part.ELSEWHERE]
    end = min(spans[-1].end, *away) if away else spans[-1].end
    return Shown(raised, _distinct(marks), life.begin, end)


def of_trap(trap: TrapRecord, name: str) -> Shown:
    """A page fault of a run without a kernel."""
    marks = {} if trap.lookup is None else {"miss": trap.lookup.asked}
    marks["raised"] = trap.cycle
    if trap.retried_at is not None:
        marks["retired"] = trap.retried_at
    cycles = marks.values()
    return Shown(Mark(trap.cycle, name), _distinct(marks), min(cycles), max(cycles))


def _distinct(marks: dict[str, int]) -> tuple[Mark, ...]:
    """The marks in order; of two in the same cycle the first."""
    named: dict[int, str] = {}
    for name, cycle in marks.items():
        named.setdefault(cycle, name)
    return tuple(Mark(cycle, name) for cycle, name in sorted(named.items()))
