"""A program under several paging policies: what each costs in cycles and in frames."""

import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import zip_longest
from pathlib import Path

from hdl.arch import PAGE_SIZE, Pte
from kernel_model.facts.costs import Step
from kernel_model.facts.doorbell import Reason
from kernel_model.kernel import Kernel
from kernel_model.mm.peek import mapped
from kernel_model.mm.served import Decision, ServedFault, Why
from kernel_model.mm.state import User
from kernel_model.proc.state import KernelWatcher, Proc
from sim.api import start
from sim.config import RunConfig
from sim.guests.kernel_guest import Rung
from sim.machine import End
from sim.output.sentences import step_in_words
from sim.report.forks import ForkTimes
from sim.result import Result
from sim.session import KernelSession

__all__ = ["GROUPS", "Trial", "measure", "parts", "try_out", "verdict"]

#: Letters of a line that are shown.
_SHOWN = 60
_USER, _TRAPS = "user mode", "trap path"
#: What a page fault is called by what came of it.
_FAULTS = {
    Why.UNTOUCHED: "first touches",
    Why.COMMON: "touches of frames that are there",
    Why.NEVER_STORED: "reads of zeros",
    Why.SHARED: "copies of shared pages",
    Why.LAST_OWNER: "shared pages taken over",
    Why.NOT_ACCESSED: "A bits set again",
    Why.CLEAN: "first stores to pages of files",
}
_REFUSED = "refused"
#: The measures of a trial under their headings.
GROUPS = ("cycles", "fork, on average", "page faults", "memory", "translation")


#: Why a run was not to its end.
_ENDS = {
    End.LIMIT: "not finished after {:,} cycles",
    End.STUCK: "no process can ever run again",
    End.LIVELOCK: "traps come one after the other",
    End.STOPPED: "stopped",
}


@dataclass(frozen=True)
class Trial:
    """A run of the program under one policy.

    `measures` are by heading of GROUPS and name; None is what is not known. `unfinished` says why
    it was not to its end, if it was not.
    """

    policy: str
    cycles: int
    exit_status: int
    output: bytes
    measures: dict[str, dict[str, int | None]] = field(default_factory=dict)
    unfinished: str = ""

    @property
    def did(self) -> tuple[bytes, int]:
        """What a policy may not change."""
        return self.output, self.exit_status

    @property
    def frames(self) -> int:
        """The most that were in use at once."""
        return self.measures["memory"]["frames at most"] or 0


class _Books(KernelWatcher):
    """What a run does that is in no account."""

    def __init__(self, kernel: Kernel):
        self.work, self.faults = Counter[Step](), Counter[str]()
        self.ahead = self.untouched = self.at_end = 0
        self._kernel = kernel

    def rung(self, ring: Rung) -> None:
        """Adds up what the kernel was charged for between a trap and its return."""
        if ring.reason != Reason.USER_TRAP or self._kernel.halted:
            return  # no process pays for it
        meter = self._kernel.meter
        for step, count in zip(Step, meter.counts, strict=True):
            self.work[step] += count * meter.costs[step]

    def fault(self, proc: User, fault: ServedFault, now: int) -> None:
        outcome = fault.outcome
        served = outcome.decision is Decision.MAPPED
        self.faults[_FAULTS[outcome.why] if served else _REFUSED] += 1
        self.ahead += len(outcome.ahead)

    def exited(self, proc: Proc, now: int) -> None:
        pages = mapped(self._kernel.memory, proc.space.root, proc.space.size)
        for _, pte, size in pages:
            if pte & Pte.U and not pte & Pte.A:
                self.untouched += size // PAGE_SIZE
        if proc is self._kernel.first:
            self.at_end = self._kernel.kmem.used


def measure(
    config: RunConfig,
    policies: Sequence[str],
    program: str | Path,
    arguments: Sequence[str],
    max_cycles: int | None = None,
    progress: Callable[[str], object] = lambda policy: None,
) -> list[Trial]:
    """Runs the program once under each policy; it reads nothing. Raises what `start` raises.

    `progress` is told of each policy before it runs.
    """
    trials = []
    for policy in policies:
        progress(policy)
        trials.append(
            _trial(replace(config, policy=policy, counters=True), program, arguments, max_cycles)
        )
    return trials


def _trial(
    config: RunConfig, program: str | Path, arguments: Sequence[str], max_cycles: int | None
) -> Trial:
    with start(program, *arguments, config=config) as session:
        return try_out(session, config.policy, max_cycles)


def try_out(session: KernelSession, policy: str, max_cycles: int | None = None) -> Trial:
    """Runs a session, at cycle 0, to its end. Its hart's events must be counted."""
    books = _Books(session.kernel)
    session.kernel.watchers.append(books)
    forks = ForkTimes()
    session.kernel.watchers.append(forks)
    session.guest.watchers += [books.rung, forks.rung]
    session.run(max_cycles)
    session.finish()
    result = session.result()
    svadu = isinstance(session.config, RunConfig) and session.config.svadu
    measures = {
        "cycles": _cycles(result, books),
        "fork, on average": {
            "to the parent's next instruction": _average(forks.parents),
            "to the child's first instruction": _average(forks.children),
        },
        "page faults": _faults(books),
        "memory": {
            "frames at most": result.frames_used,
            "frames at the end": books.at_end,
            "pages mapped ahead": books.ahead,
            "superpages": session.kernel.heap.superpages,
            "no frames for a superpage": session.kernel.heap.without_run,
            "pages never touched": books.untouched if svadu else None,
            "page-table pages": sum(each.page_tables for each in result.processes),
        },
        "translation": _translation(result),
    }
    output = result.output or b""
    unfinished = _ENDS.get(result.end, "").format(result.cycles)
    return Trial(policy, result.cycles, result.exit_status, output, measures, unfinished)


def _cycles(result: Result, books: _Books) -> dict[str, int | None]:
    """Whose each cycle was; the trap path is the hart's way in and out, and the doorbell's."""
    user = sum(each.user_cycles for each in result.processes)
    kernel = sum(each.kernel_cycles for each in result.processes)
    work = {step_in_words(step.name.lower()): books.work[step] for step in Step}
    # What was charged may go beyond where a run was ended.
    traps = kernel - sum(work.values())
    return {_USER: user, _TRAPS: None if traps < 0 else traps, **work}


def _average(times: Sequence[int]) -> int | None:
    """In whole cycles; None of nothing."""
    return round(sum(times) / len(times)) if times else None


def _faults(books: _Books) -> dict[str, int | None]:
    return {name: books.faults[name] for name in (*_FAULTS.values(), _REFUSED)}


def _translation(result: Result) -> dict[str, int | None]:
    counters = {} if result.counters is None else result.counters.run

    def total(*starts: str) -> int:
        found = (n for name, n in counters.items() if name.startswith(starts))
        return sum(found) - sum(counters.get(f"{each}squashed", 0) for each in starts)

    return {
        "fetch TLB misses": total("itlb_miss_"),
        "data TLB misses": total("dtlb_miss_"),
        "entries read by walks": total("pte_read_"),
    }


def parts(trials: Sequence[Trial], group: str) -> list[str]:
    """The names of the measures of a group that any of the trials has; what is 0 everywhere not."""
    names = trials[0].measures[group]
    return [name for name in names if any(each.measures[group][name] for each in trials)]


def verdict(trials: Sequence[Trial]) -> list[str]:
    """Which policy is best for the program, and why: sentences.

    One under which it does something else than under the first, or does not come to its end, is not
    judged, and named.
    """
    said = [f"Under {each.policy}: {each.unfinished}." for each in trials if each.unfinished]
    finished = [each for each in trials if not each.unfinished]
    return [*said, *_judged(finished)] if finished else said


def _judged(trials: Sequence[Trial]) -> Iterator[str]:
    """Of those that have come to their end."""
    first = trials[0]
    alike = [each for each in trials if each.did == first.did]
    fastest, smallest = (
        min(alike, key=lambda each: each.cycles),
        min(alike, key=lambda each: each.frames),
    )
    fast = _names(each for each in alike if each.cycles == fastest.cycles)
    small = _names(each for each in alike if each.frames == smallest.frames)
    yield f"Fewest cycles: {fast}, {fastest.cycles:,}{_than(first, fastest)}."
    yield f"Fewest frames: {small}, {smallest.frames:,} at most."
    if first.exit_status and all(each.exit_status == first.exit_status for each in trials):
        yield f"The program has not ended well: the status is {first.exit_status} under each."
    for each in trials:
        if each.exit_status != first.exit_status:
            yield (
                f"Not alike: the status is {each.exit_status} under {each.policy}, "
                f"{first.exit_status} under {first.policy}."
            )
        elif each.output != first.output:
            line, texts = _first_difference(each.output, first.output)
            yield (
                f"Not alike: line {line:,} of the output is {texts[0]} under {each.policy}, "
                f"{texts[1]} under {first.policy}."
            )


def _names(trials: Iterable[Trial]) -> str:
    *names, last = (each.policy for each in trials)
    return f"{', '.join(names)} and {last}" if names else last


def _first_difference(one: bytes, other: bytes) -> tuple[int, list[str]]:
    """The number of the first line in which two outputs differ, and what each has there."""
    lines = zip_longest(one.split(b"\n"), other.split(b"\n"))
    for number, found in enumerate(lines, 1):
        if found[0] != found[1]:
            return number, ["missing" if text is None else _shown(text) for text in found]
    raise ValueError("the outputs are alike")


def _shown(line: bytes) -> str:
    text = line.decode("utf-8", "replace")
    return json.dumps(text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…", ensure_ascii=False)


def _than(first: Trial, best: Trial) -> str:
    """How much less than the first one, and where most of that comes from."""
    saved = first.cycles - best.cycles
    if saved <= 0:
        return ""
    one, other = first.measures["cycles"], best.measures["cycles"]
    gains = {name: (one[name] or 0) - (other[name] or 0) for name in one}
    name = max(gains, key=lambda each: gains[each])
    return (
        f", {saved / first.cycles:.1%} fewer than {first.policy}; "
        f"the largest part is {name}, {gains[name]:,} fewer"
    )
