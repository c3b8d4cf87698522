"""Compares the golden model with Spike on generated cases, and shrinks what they disagree on."""

from collections import Counter, deque
from dataclasses import dataclass, field
from itertools import combinations
from random import Random

import hypothesis

from tests.verify.golden.cases import Case, cases, make_case
from tests.verify.oracle.delivery import Delivery, deliver
from tests.verify.oracle.differences import explain
from tests.verify.oracle.expected import Outcome, expect, settle
from tests.verify.oracle.spike_hart import SpikeHart

__all__ = ["Disagreement", "Report", "compare", "make_numbered_case", "shrink"]

#: Cases that hypothesis may try for one choice of bends.
ATTEMPTS = 500


@dataclass(frozen=True)
class Disagreement:
    """`number` is the case's, if it has one."""

    delivery: Delivery
    expected: Outcome
    actual: Outcome
    number: int | None = None


@dataclass
class Report:
    """What was compared.

    `outcomes` counts cases by access, effective privilege, kind of response and number of PTEs;
    `explained` by the name of the difference. `impossible` are cases that this machine cannot be
    brought into. `disagreement` is the first, which ends the comparison.
    """

    cases: int = 0
    impossible: int = 0
    outcomes: Counter = field(default_factory=Counter)
    bends: Counter = field(default_factory=Counter)
    explained: Counter = field(default_factory=Counter)
    disagreement: Disagreement | None = None

    def update(self, other: "Report") -> None:
        """Adds what another comparison has counted."""
        self.cases += other.cases
        self.impossible += other.impossible
        for name in ("outcomes", "bends", "explained"):
            getattr(self, name).update(getattr(other, name))


def make_numbered_case(seed: int, number: int, **mode: bool) -> Case:
    """Case `number` of those that belong to `seed`; `mode` as for `make_case`."""
    return make_case(Random(seed << 64 | number), **mode)


def compare(
    hart: SpikeHart,
    seed: int,
    count: int,
    *,
    first: int = 0,
    **mode: bool,
) -> Report:
    """Puts `count` cases from number `first` on to both, until they disagree.

    `mode`, that of `make_case`, is also that of the `hart`.
    """
    report, sent = Report(), deque()

    def deliveries():
        for number in range(first, first + count):
            delivery = deliver(make_numbered_case(seed, number, **mode), hart.stubs)
            report.cases += 1
            if delivery is None:
                report.impossible += 1
            else:
                sent.append((number, delivery))
                yield delivery

    # Spike performs a batch before it asks for the next: `sent` holds no more than one.
    for actual in hart.perform(deliveries()):
        number, delivery = sent.popleft()
        report.disagreement = _judge(delivery, actual, report, number)
        if report.disagreement:
            break
    return report


def _judge(delivery, actual, report=None, number=None):
    """The `Disagreement` that `actual` is, or None; counts the case in `report`."""
    case = delivery.case
    expected = expect(case, delivery.entry)
    response = settle(case, dict(case.memory))
    difference = explain(delivery, actual) if actual != expected else None
    if actual != expected and difference is None:
        return Disagreement(delivery, expected, actual, number)
    if report is not None:
        q = case.request
        privilege = q.mpp if q.mprv and q.access != "FETCH" else q.priv
        updated = expected.ptes != tuple(case.memory.values())
        kind = f"{response.kind} after an update" if updated else response.kind
        report.outcomes[q.access, privilege, kind, len(response.reads)] += 1
        report.bends.update(case.bends)
        if difference:
            report.explained[difference.name] += 1
    return None


def shrink(hart: SpikeHart, disagreement: Disagreement, **mode: bool) -> Disagreement:
    """A simpler disagreement, with as few bends as will do: the simplest that hypothesis finds."""
    bends = disagreement.delivery.case.bends
    settings = hypothesis.settings(max_examples=ATTEMPTS, database=None, deadline=None)
    for count in range(len(bends) + 1):
        for some in combinations(bends, count):
            strategy = cases(**mode, bends=some)
            try:
                case = hypothesis.find(
                    strategy, lambda case: _try(hart, case), settings=settings, random=Random(0)
                )
            except hypothesis.errors.NoSuchExample:
                continue
            return _try(hart, case)
    return disagreement


def _try(hart, case):
    """The disagreement about `case`, if there is one."""
    delivery = deliver(case, hart.stubs)
    if delivery is None:
        return None
    (actual,) = hart.perform([delivery])
    return _judge(delivery, actual)
