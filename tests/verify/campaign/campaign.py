"""The campaign: the parts in turn, as many cases as are wanted, and the bins they hit."""

import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from tests.verify.campaign import drills
from tests.verify.campaign.bench import Bench
from tests.verify.campaign.bins import hart_bin_of
from tests.verify.campaign.hart import HartStuck, NativeHart
from tests.verify.campaign.sequences import judge
from tests.verify.campaign.translations import (
    BentCases,
    Disagreement,
    Lingering,
    Translations,
    check_translations,
)
from tests.verify.campaign.wander import wander
from tests.verify.golden.cases import content, make_case
from tests.verify.golden.sv39 import respond
from tests.verify.oracle import compare
from tests.verify.oracle.delivery import deliver
from tests.verify.oracle.describe import describe
from tests.verify.oracle.expected import expect

__all__ = [
    "FAMILIES",
    "Report",
    "first_disagreement",
    "random_cases",
    "random_instructions",
    "random_sequences",
    "random_stays",
    "run_drills",
    "run_script",
    "run_sequence",
    "run_stay",
]

#: All drills.
FAMILIES = (
    drills.update_fences,
    drills.drills,
    drills.races,
    drills.context_sweeps,
    drills.fence_sweeps,
)
#: Bends that chance brings about too seldom, alone or together.
SELDOM = (
    ("misaligned", "bare"),
    ("misaligned", "modified_privilege"),
    ("misaligned", "modified_privilege", "bare"),
    ("not_accessed",),
    ("not_accessed",),
    ("not_accessed_nor_dirty",),
    ("physical_address", "bare"),
)
#: Every so many scripts of requests about worlds there is one of single cases.
_BENT = 4


@dataclass
class Report:
    """What has been done.

    Members
    -------
    cases : int
        Responses compared.
    exact, old : int
        Of sequences: responses about which there was no choice, and responses that came from a
        cache and not from memory as it was.
    retries : int
        Updates that found their PTE changed and walked again.
    bins : Counter
        How many scripts, or instructions, hit each bin.
    """

    cases: int = 0
    exact: int = 0
    old: int = 0
    retries: int = 0
    bins: Counter = field(default_factory=Counter)

    def update(self, other: "Report") -> None:
        """Adds what else has been done."""
        for name, value in vars(other).items():
            if name == "bins":
                self.bins.update(value)
            else:
                setattr(self, name, getattr(self, name) + value)


def run_script(bench: Bench, seed: object, number: int) -> Report:
    """The script of that number: accesses to tables that stand still; raises Disagreement."""
    kind = Translations if number % _BENT else BentCases
    checked = check_translations(bench, f"{seed}/{number}", kind)
    return Report(checked.cases, bins=Counter(checked.bins))


def run_stay(bench: Bench, seed: object, number: int) -> Report:
    """The script of that number of such as come back to the same pages; raises Disagreement."""
    checked = check_translations(bench, f"{seed}/{number}", Lingering)
    return Report(checked.cases, bins=Counter(checked.bins))


def run_sequence(bench: Bench, seed: object, number: int) -> Report:
    """The sequence of that number: accesses to tables that change; raises Disagreement."""
    report = Report()
    _judge(bench, wander(f"{seed}/{number}"), report)
    return report


def random_cases(bench: Bench, cases: int, seed: str) -> Report:
    """Random accesses to tables that stand still; raises Disagreement."""
    return _until(cases, lambda number: run_script(bench, seed, number))


def random_stays(bench: Bench, cases: int, seed: str) -> Report:
    """Random accesses that come back to the same pages; raises Disagreement."""
    return _until(cases, lambda number: run_stay(bench, seed, number))


def random_sequences(bench: Bench, cases: int, seed: str) -> Report:
    """Random accesses to tables that change; raises Disagreement."""
    return _until(cases, lambda number: run_sequence(bench, seed, number))


def _until(cases, run):
    """All reports of `run`, called with 0, 1, …, until there are so many cases."""
    report, number = Report(), 0
    while report.cases < cases:
        report.update(run(number))
        number += 1
    return report


def run_drills(bench: Bench, family: Iterator[drills.Drill]) -> tuple[Report, set]:
    """A family of `tests.verify.campaign.drills`; raises Disagreement.

    Also returns what has been seen: (change, fence, page, step, port, kind, old).
    """
    report, seen = Report(), set()
    for drill in family:
        judged = _judge(bench, drill.sequence, report)
        seen |= {
            (drill.change, drill.fence, drill.page, step, port, kind, old)
            for step, _, port, kind, old in judged.responses
        }
    return report, seen


def random_instructions(hart: NativeHart, cases: int, seed: object, *, first: int = 0) -> Report:
    """Random instructions of the whole hart from number `first` on; raises Disagreement."""
    report, sent = Report(), []

    def deliveries():
        for number in range(first, first + cases):
            rng = random.Random(f"{seed}/{number}")
            bends = rng.choice(SELDOM) if rng.random() < 0.3 else None
            mode = {"protected": hart.protected, "misaligned": hart.misaligned}
            case = make_case(rng, svadu=number % 2 == 1, bends=bends, **mode)
            delivery = deliver(case, hart.stubs)
            if delivery is not None:
                sent.append((number, delivery))
                yield delivery

    def outcomes():
        done = 0
        try:
            for done, actual in enumerate(hart.perform(deliveries()), 1):
                yield sent[done - 1], actual
        except HartStuck as error:
            stuck, last = sent[done][0], sent[-1][0]
            text = f"instructions {seed}/{stuck} to {seed}/{last}: {error}"
            raise Disagreement(text, number=stuck) from error

    for (name, delivery), actual in outcomes():
        expected = expect(delivery.case, delivery.entry)
        if actual != expected:
            found = describe(compare.Disagreement(delivery, expected, actual))
            raise Disagreement(f"instruction {seed}/{name}\n{found}", number=name)
        report.bins[_bin_on_hart(delivery.case)] += 1
    report.cases = len(sent)
    return report


def _bin_on_hart(case):
    def read(address):
        return case.memory.get(address, content(address))

    return hart_bin_of(case.request, respond(case.request, read), read)


def first_disagreement(bench: Bench, cases: int = 20_000, seed: str = "0") -> str | None:
    """What the campaign first finds wrong, or None."""
    try:
        random_cases(bench, cases, seed)
        random_sequences(bench, cases // 2, seed)
        for family in FAMILIES:
            run_drills(bench, family())
    except Disagreement as error:
        return str(error)
    return None


def _judge(bench, sequence, report):
    judged = judge(bench, sequence)
    if judged.wrong:
        raise Disagreement(judged.wrong)
    report.cases += len(judged.responses)
    report.exact += judged.exact
    report.retries += judged.retries
    report.old += sum(old for *_, old in judged.responses)
    return judged
