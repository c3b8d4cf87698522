"""`python -m tests.verify lockstep`: random programs on the hart and on Spike."""

from functools import cache

from sim.engines.base import EngineError
from tests.spike import SpikeMissing, find
from tests.verify.check import Check, Failure, Part, Tally
from tests.verify.lockstep.campaign import Campaign
from tests.verify.lockstep.report import describe, summarize

__all__ = ["CHECK"]

#: Programs of a task: some tenths of a second.
BLOCK = 4


class Lockstep(Check):
    """Runs random programs on the hart and on Spike, instruction by instruction."""

    name = "lockstep"
    compares = "random programs on the hart, instruction by instruction, with Spike"
    unit = "programs"
    cases = 1000
    help = "of each part; by default only programs on a hart with neither run"
    names = ("programs", "misaligned", "pmp", "both")
    unusable = (SpikeMissing, EngineError)

    def parts(self):
        find()
        names = self.options.only or self.names[:1]
        return [Part(name, self.numbers(BLOCK)) for name in names]

    def work(self, part, task):
        seed = self.options.seed
        numbers = range(seed + task.start, seed + task.stop)
        statistics, failure = _campaign(part).run(numbers)
        tally = Tally(statistics.programs, data=statistics)
        if failure is not None:
            tally.cases += 1
            number = failure.run.program.seed - seed
            tally.failures.append(Failure(_describe(failure), number))
        return tally

    def describe(self, part, tally):
        return summarize(tally.data).splitlines()


@cache
def _campaign(part):
    return Campaign(misaligned=part in ("misaligned", "both"), protected=part in ("pmp", "both"))


def _describe(failure):
    size, shrunk = (run.program.size() for run in (failure.run, failure.shrunk_run))
    return (
        f"{describe(failure.run, failure.difference)}\n"
        f"\nshrunk from {size:,} parts to {shrunk:,}:\n\n"
        f"{describe(failure.shrunk_run, failure.shrunk)}"
    )


CHECK = Lockstep
