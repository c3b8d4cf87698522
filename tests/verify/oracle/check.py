"""`python -m tests.verify oracle`: the golden model of Sv39 against Spike."""

from collections import Counter

from tests.spike import SpikeMissing, find
from tests.verify.check import Check, Failure, Part, Tally
from tests.verify.golden.cases import BENDS
from tests.verify.oracle.compare import compare, shrink
from tests.verify.oracle.describe import describe
from tests.verify.oracle.differences import DIFFERENCES
from tests.verify.oracle.spike_hart import SpikeHart

__all__ = ["CHECK"]

#: What each mode is to Spike, and to the generator of cases.
MODES = {
    "svade": {},
    "svadu": {"svadu": True},
    "protected": {"svadu": True, "protected": True},
    "misaligned": {"svadu": True, "misaligned": True},
}
#: Cases of a task: some tenths of a second.
BLOCK = 2000


class Oracle(Check):
    """Compares the golden model of Sv39 with Spike, on random accesses."""

    name = "oracle"
    compares = "the golden model of Sv39 with Spike"
    cases = 100_000
    help = "of each mode"
    names = tuple(MODES)
    unusable = (SpikeMissing, RuntimeError)

    def __init__(self, options):
        super().__init__(options)
        self._harts = {}

    def parts(self):
        find()
        return [Part(mode, self.numbers(BLOCK)) for mode in MODES if self.wants(mode)]

    def work(self, part, task):
        mode = MODES[part]
        if part not in self._harts:
            # In another process it ends with that, from whose end its input comes.
            self._harts[part] = SpikeHart(**mode)
        hart = self._harts[part]
        report = compare(hart, self.options.seed, len(task), first=task.start, **mode)
        failures, found = [], report.disagreement
        if found is not None:
            small = shrink(hart, found, **mode)
            text = f"{part}\n{describe(found)}\nshrunk:\n{describe(small)}"
            failures.append(Failure(text, number=found.number))
        return Tally(report.cases, failures, report)

    def close(self):
        for hart in self._harts.values():
            hart.close()

    def describe(self, part, tally):
        report, kinds = tally.data, Counter()
        for (_, _, kind, _), count in report.outcomes.items():
            kinds[kind] += count
        shares = (f"{kind} {n / kinds.total():.1%}" for kind, n in sorted(kinds.items()))
        yield (
            f"responses: {', '.join(shares)}; "
            f"{len(report.outcomes)} kinds of access, privilege, response, depth"
        )
        yield f"bends: {len(report.bends)} of {len(BENDS)}; not possible: {report.impossible:,}"
        for difference in DIFFERENCES:
            if difference.where and not MODES[part].get(difference.where):
                continue
            yield f"explained: {report.explained[difference.name]:,}, {difference.name}"


CHECK = Oracle
