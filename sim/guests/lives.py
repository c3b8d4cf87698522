"""The life of a page fault: which part of the machine had each of its cycles.

It begins with the cycle in which the translation was asked for that was refused, and ends with the
one in which the same instruction retires; or with the kernel's answer, if the process was killed.
The end of the run ends it before. Its spans follow each other without a gap, so their lengths add
up to its cycles.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from enum import Enum
from operator import sub
from typing import NamedTuple

from kernel_model.facts.costs import NO_WORK, Step, Work
from kernel_model.mm.served import Decision, ServedFault
from sim.engines.story import Passage
from sim.engines.traps import TrapRecord

__all__ = [
    "BUS",
    "NEVER",
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
    """What a span is spent on, in the order of time; the values are short names for people."""

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
    #: Another process runs, or another trap of this one is served.
    ELSEWHERE = "elsewhere"
    #: Until the process's page table is in `satp` again.
    BACK = "switch back"
    #: Until `sret` has retired.
    RESTORE = "restore"
    #: The walk for the instruction that is fetched again, and for its data.
    REFETCH = "fetch walk"
    REWALK = "data walk"
    #: All else until it retires, or until the next trap.
    RETRY = "retry"

    __hash__ = object.__hash__  # an Enum's own is a call of Python, and every fault needs dozens


_PARTS = tuple(Part)


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
    #: Cycles that the kernel's work cost, and of what it consisted.
    cost: int
    work: Work = NO_WORK


#: Of the kernel's answer, what is no step of the fault's own, and the access to the doorbell.
OTHER_WORK, BUS = "other work", "bus"
#: The cycle of what the run has ended before.
NEVER = 1 << 63
#: Where the way of a trap is not known.
NO_PASSAGE = Passage()
NO_ANSWER = Answer(NO_PASSAGE, 0, 0, 0)
_MAPPED = Decision.MAPPED  # found once, for every fault


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
    run_ended : int
        The cycle in which the run was over: nothing is told of what would have been later.
    """

    trap: TrapRecord
    served: ServedFault
    answer: Answer
    run_ended: int = NEVER
    _turns: list[_Turn] = field(default_factory=list)

    @property
    def begin(self) -> int:
        """The cycle in which it begins; for a system call, that in which the kernel's work does."""
        if self.served.via is not None:
            return min(self.answer.rung + self.served.outcome.work.begun, self.run_ended)
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
        """How long each part is in all, in the order of `Part`."""
        # Not by way of `spans`: the average of a run asks thousands.
        cycles = dict.fromkeys(_PARTS, 0)
        start = self.begin
        for part, end in self._marks():
            if end > start:
                cycles[part] += end - start
            start = end
        return {part: spent for part, spent in cycles.items() if spent}

    @property
    def kernel_parts(self) -> tuple[KernelPart, ...]:
        """Of what the kernel's answer consists: its steps for this fault, and the rest.

        They add up to the span of `Part.KERNEL`: what the run has ended before is not in it.
        """
        started = self.begin if self.served.via is not None else self.answer.rung
        return tuple(_within(max(0, self.run_ended - started), self._all_kernel_parts()))

    def other_steps(self, cycles: int) -> tuple[KernelPart, ...]:
        """Of which steps the other work consists, if it has so many cycles."""
        if not cycles:
            return ()
        answer, own = self.answer.work, self.served.outcome.work
        counts = list(map(sub, answer.counts, own.counts))
        counts[Step.DISPATCH] -= 1
        steps = answer._replace(counts=tuple(counts)).steps
        return tuple(
            _within(cycles, (KernelPart(step.name.lower(), *rest) for step, *rest in steps))
        )

    def _all_kernel_parts(self) -> list[KernelPart]:
        """As far as the kernel was charged for them."""
        work = self.served.outcome.work
        parts = [KernelPart(step.name.lower(), times, cycles) for step, times, cycles in work.steps]
        if self.served.via is not None:
            return parts
        dispatch, answer = work.costs[Step.DISPATCH], self.answer
        others = answer.cost - dispatch - sum(part.cycles for part in parts)
        parts.insert(0, KernelPart(Step.DISPATCH.name.lower(), 1, dispatch))
        parts.append(KernelPart(OTHER_WORK, 1, others))
        parts.append(KernelPart(BUS, 1, answer.answered - answer.rung - answer.cost))
        return parts

    def _marks(self) -> Iterator[tuple[Part, int]]:
        """Each part with the cycle in which it ends, as far as the run came."""
        for part, end in self._all_marks():
            yield part, min(end, self.run_ended)

    def _all_marks(self) -> Iterator[tuple[Part, int]]:
        """As if the run had gone on: `NEVER` ends what it has ended in."""
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

    def was_away(self) -> None:
        """The process does not run any more from its last trap to the end of the run."""
        self._turns.append(_Turn(NEVER, NEVER, NEVER, NEVER))


def _within(cycles: int, parts: Iterable[KernelPart]) -> Iterator[KernelPart]:
    """The parts that took time; of the one that is not over after so many cycles, what had been."""
    for part in parts:
        if cycles > 0 and part.cycles:
            whole = part.cycles <= cycles
            yield part if whole else KernelPart(part.name, 1, cycles)
        cycles -= part.cycles


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
        answered = self._answered.pop(pid)
        for life in waiting:
            life.went_on(answered, passage)
        waiting = [life for life in waiting if life.trap.retried_at is None]
        if waiting:
            self._waiting[pid] = waiting

    def begin(self, life: Life) -> None:
        """The kernel has served a page fault."""
        served = life.served
        if served.via is None and served.outcome.decision is _MAPPED:
            self._waiting.setdefault(served.pid, []).append(life)
            self._answered.pop(served.pid, None)

    def resumed(self, pid: int, answered: int) -> None:
        """The process `pid` runs from the answer of cycle `answered` on."""
        self._answered[pid] = answered

    def exited(self, pid: int) -> None:
        """The process `pid` never runs again."""
        self._waiting.pop(pid, None)
        self._answered.pop(pid, None)

    def finish(self, cycle: int, passage: Passage, satp_written: int) -> None:
        """The run is over in `cycle`; `passage` and the last write of `satp` are how far it came.

        What has not come to its end has the cycles up to there.
        """
        for pid, waiting in self._waiting.items():
            answered = self._answered.get(pid)
            for life in waiting:
                if answered is not None:
                    life.went_on(answered, _so_far(answered, passage, satp_written))
                if life.trap.retried_at is None:
                    life.run_ended = cycle
                    life.was_away()
        self._waiting.clear()


def _so_far(answered: int, passage: Passage, satp_written: int) -> Passage:
    """The way back from an answer, and the trap behind it, with `NEVER` for what has not been."""
    if passage.returned < answered:
        back = satp_written if satp_written > answered else NEVER
        return Passage(raised=NEVER, back=back, returned=NEVER)
    return passage if passage.raised > passage.returned else passage._replace(raised=NEVER)
