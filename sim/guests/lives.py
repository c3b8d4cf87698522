"""The life of a page fault: which part of the machine had each of its cycles.

It begins with the cycle in which the translation was asked for that was refused, and ends with the
one in which the same instruction retires; or with the kernel's answer, if the process was killed.
Its spans follow each other without a gap, so their lengths add up to its cycles.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import Enum
from typing import NamedTuple

from kernel_model.facts.costs import Step
from kernel_model.mm.served import Decision, ServedFault
from sim.engines.story import Passage
from sim.engines.traps import TrapRecord

__all__ = [
    "BUS",
    "NO_ANSWER",
    "NO_PASSAGE",
    "OTHER_WORK",
    "Answer",
    "KernelPart",
    "Life",
    "Lives",
    "Part",
    "Span",
]


class Part(Enum):
    """What a span is spent on; the values are short names for people."""

    #: The translation is asked for, until the MMU refuses it: the page-table walk.
    WALK = "walk"
    #: Until the exception is raised: what is older has to be done.
    RAISE = "raise"
    #: Until the first instruction of the handler has retired.
    ENTRY = "trap entry"
    #: Until the handler has written `satp`: it saves the registers.
    SAVE = "save"
    #: Until it rings the doorbell: it reads what it needs of the kernel's page table.
    SWITCH = "switch"
    #: Until the store to the doorbell is answered.
    KERNEL = "kernel"
    #: Until the process's page table is in `satp` again.
    BACK = "switch back"
    #: Until `sret` has retired.
    RESTORE = "restore"
    #: The walk for the instruction that is fetched again, and for its data.
    REFETCH = "fetch walk"
    REWALK = "data walk"
    #: All else until it retires, or until the next trap.
    RETRY = "retry"
    #: Another process runs, or another trap of this one is served.
    ELSEWHERE = "elsewhere"


class Span(NamedTuple):
    """From cycle `start` up to, not including, `end`."""

    part: Part
    start: int
    end: int

    @property
    def cycles(self) -> int:
        """How long it is."""
        return self.end - self.start


class Answer(NamedTuple):
    """What the kernel answered to a ring of the doorbell."""

    #: The way of the trap that led to it.
    passage: Passage
    #: Cycle in which the store was accepted, and in which it is answered.
    rung: int
    answered: int
    #: Cycles that the kernel's work cost.
    cost: int


#: Of the kernel's answer, what is no step of the fault's own, and the access to the doorbell.
OTHER_WORK, BUS = "other work", "bus"
#: Where the way of a trap is not known.
NO_PASSAGE = Passage()
NO_ANSWER = Answer(NO_PASSAGE, 0, 0, 0)


class KernelPart(NamedTuple):
    """A part of the kernel's answer: a step with how often it was done, or what is none."""

    name: str
    times: int
    cycles: int


class _Turn(NamedTuple):
    """The process ran: its answer, its page table, its `sret`, and what ended it."""

    answered: int
    back: int
    returned: int
    #: The next trap, or the cycle in which the instruction retired.
    until: int


@dataclass(slots=True)
class Life:
    """A page fault from beginning to end, as far as it has come.

    Members
    -------
    trap, served, answer
        What the hart raised, what the kernel did, and its answer.
    """

    trap: TrapRecord
    served: ServedFault
    answer: Answer
    _turns: list[_Turn] = field(default_factory=list)

    @property
    def begin(self) -> int:
        """The cycle in which it begins; for a system call, that in which the kernel's work does."""
        if self.served.via is not None:
            return self.answer.rung + self.served.outcome.work.begun
        lookup = self.trap.lookup
        return self.trap.cycle if lookup is None else lookup.asked

    @property
    def complete(self) -> bool:
        """It has come to its end: no more spans will follow."""
        if self.served.via is not None or self.served.outcome.decision is Decision.REFUSED:
            return True
        return self.trap.retried_at is not None and bool(self._turns)

    @property
    def cycles(self) -> int | None:
        """How long it has lasted; None if it is not `complete`."""
        return self.spans[-1].end - self.begin if self.complete else None

    @property
    def spans(self) -> tuple[Span, ...]:
        """All of it that is known, in order; none is empty, and there are no gaps."""
        marks = list(self._marks())
        starts = (self.begin, *(end for _, end in marks))
        spans = (Span(part, start, end) for start, (part, end) in zip(starts, marks, strict=False))
        return tuple(span for span in spans if span.cycles)

    @property
    def cycles_by_part(self) -> dict[Part, int]:
        """How long each part is in all, in the order in which they come first."""
        # Not by way of `spans`: the average of a run asks thousands.
        cycles: dict[Part, int] = {}
        start = self.begin
        for part, end in self._marks():
            if end > start:
                cycles[part] = cycles.get(part, 0) + end - start
            start = end
        return cycles

    @property
    def kernel_parts(self) -> tuple[KernelPart, ...]:
        """Of what the kernel's answer consists: its steps for this fault, and the rest.

        They add up to the span of `Part.KERNEL`.
        """
        work = self.served.outcome.work
        parts = [KernelPart(step.name.lower(), times, cycles) for step, times, cycles in work.steps]
        if self.served.via is not None:
            return tuple(parts)
        dispatch = work.costs[Step.DISPATCH]
        answer = self.answer
        parts.insert(0, KernelPart(Step.DISPATCH.name.lower(), 1, dispatch))
        others = answer.cost - dispatch - work.cycles
        parts.append(KernelPart(OTHER_WORK, 1, others))
        parts.append(KernelPart(BUS, 1, answer.answered - answer.rung - answer.cost))
        return tuple(part for part in parts if part.cycles)

    def _marks(self) -> Iterator[tuple[Part, int]]:
        """Each part with the cycle in which it ends."""
        answer, lookup = self.answer, self.trap.lookup
        if self.served.via is not None:
            yield Part.KERNEL, self.begin + self.served.outcome.work.cycles
            return
        if lookup is not None:
            yield Part.WALK, lookup.answered
        yield Part.RAISE, answer.passage.raised
        yield Part.ENTRY, answer.passage.entered
        yield Part.SAVE, answer.passage.left
        yield Part.SWITCH, answer.rung
        yield Part.KERNEL, answer.answered
        for turn in self._turns:
            yield Part.ELSEWHERE, turn.answered
            yield Part.BACK, turn.back
            yield Part.RESTORE, turn.returned
            yield from self._retry(turn)

    def _retry(self, turn: _Turn) -> Iterator[tuple[Part, int]]:
        """The instruction is made again, in vain unless it retired with the turn's end."""
        if turn.until == self.trap.retried_at:
            for part, lookup in zip((Part.REFETCH, Part.REWALK), self.trap.retry, strict=True):
                if lookup is not None and lookup.asked >= turn.returned:
                    yield Part.RETRY, lookup.asked
                    yield part, min(lookup.answered, turn.until)
        yield Part.RETRY, turn.until

    def went_on(self, answered: int, passage: Passage) -> None:
        """The process was let run by an answer, until the trap of `passage` or its end."""
        retired = self.trap.retried_at
        until = passage.raised if retired is None else retired
        self._turns.append(_Turn(answered, passage.back, passage.returned, until))


class Lives:
    """Brings up the lives of all page faults that have not ended."""

    def __init__(self) -> None:
        self._waiting: dict[int, list[Life]] = {}
        self._answered: dict[int, int] = {}

    def waits(self, pid: int) -> bool:
        """A life of the process `pid` has not come to its end."""
        return pid in self._waiting

    def trapped(self, pid: int, passage: Passage) -> None:
        """The process `pid` has run, and has come to the trap of `passage`."""
        waiting = self._waiting.pop(pid, None)
        if waiting is None:
            return
        for life in waiting:
            life.went_on(self._answered[pid], passage)
        waiting = [life for life in waiting if life.trap.retried_at is None]
        if waiting:
            self._waiting[pid] = waiting

    def begin(self, life: Life) -> None:
        """The kernel has served a page fault."""
        served = life.served
        if served.via is None and served.outcome.decision is Decision.MAPPED:
            self._waiting.setdefault(served.pid, []).append(life)

    def resumed(self, pid: int, answered: int) -> None:
        """The process `pid` runs from the answer of cycle `answered` on."""
        self._answered[pid] = answered

    def exited(self, pid: int) -> None:
        """The process `pid` never runs again."""
        self._waiting.pop(pid, None)
        self._answered.pop(pid, None)

    def finish(self, passage: Passage) -> None:
        """The run is over: `passage` is how far it came."""
        for pid, waiting in self._waiting.items():
            for life in waiting:
                answered = self._answered.get(pid)
                if life.trap.retried_at is not None and answered is not None:
                    life.went_on(answered, passage)
        self._waiting.clear()
