"""`python -m tests.verify mutants`: breaks the hart, the kernel model and the simulator."""

import os
import random
import sys
from collections import Counter
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.verify.check import Check, Failure, Part, Tally
from tests.verify.mutants.campaign import Examiner
from tests.verify.mutants.harness import preload
from tests.verify.mutants.report import REASONS, percentage, read_reasons, table
from tests.verify.mutants.store import Results, observations_of
from tests.verify.mutants.targets import TARGETS, find, is_core, suite_name
from tests.verify.mutants.tree import PROJECT, Tree

__all__ = ["CHECK"]

RESULTS = PROJECT / "build" / "mutants.json"
OBSERVATIONS = PROJECT / "build" / "mutants-observations.json"
#: Killed of those not proven equivalent, in percent, in the core and elsewhere: less is a failure.
ENOUGH = {True: 98, False: 95}


class Mutants(Check):
    """Breaks the hart, the kernel model and the simulator; which tests notice?

    `--only` takes files and folders.
    """

    name = "mutants"
    compares = "the mutants that survive the tests with those that are listed"
    unit = "mutants"
    cases = sys.maxsize
    help = "so many at random; all by default"
    enough = None
    in_order = False

    def __init__(self, options):
        super().__init__(options)
        self._folder = self._observations = self._examiner = None

    @classmethod
    def add_options(cls, parser):
        parser.add_argument("--fresh", action="store_true", help="forget the results so far")

    def parts(self):
        first, count = self.options.first, self.options.cases
        mutants = find(tuple(self.options.only or TARGETS))
        self._reasons = read_reasons()
        self._complete = not self.options.only and count >= len(mutants)
        if first or count < len(mutants):
            order = random.Random(self.options.seed)
            mutants = order.sample(mutants, min(first + count, len(mutants)))[first:]
        self._mutants, self._results = mutants, Results(RESULTS, fresh=self.options.fresh)
        return [Part("mutants", self._tasks())]

    def _tasks(self):
        """Those that are not known of; what is observed first, every process has."""
        unknown = [mutant for mutant in self._mutants if self._results.known(mutant) is None]
        if not unknown:
            return
        print(f"{len(unknown)} mutants to examine", flush=True)
        preload()
        suites = sorted({suite_name(mutant.file) for mutant in unknown})
        self._observations = {suite: observations_of(suite, OBSERVATIONS) for suite in suites}
        # Their trees are in one folder, which goes in the end, however they end.
        self._folder = TemporaryDirectory(prefix="mutants-")
        yield from unknown

    def state(self):
        return self._observations

    def adopt(self, state):
        preload()
        self._observations = state
        self._folder = TemporaryDirectory(prefix="mutants-")

    def work(self, part, task):
        if self._examiner is None:
            # In a process of its own, or in this one: with a tree of its own.
            path = Path(self._folder.name).resolve() / str(os.getpid())
            path.mkdir()
            self._examiner = Examiner(Tree(path), self._observations)
        return Tally(1, data={task.name: self._examiner.examine(task)})

    def took(self, part, task, tally):
        result = tally.data[task.name]
        self._results.add(task, result)
        if result.status != "killed":
            print(f"{result.status} {task.name} {result.by}", flush=True)

    def close(self):
        self._results.save()
        if self._folder is not None:
            self._folder.cleanup()

    def conclude(self, tallies):
        found = [(mutant, self._results.known(mutant)) for mutant in self._mutants]
        print(table(found), flush=True)
        yield from _failures(found, self._reasons, complete=self._complete)


def _failures(found, reasons, *, complete):
    """What is wrong with the results `found`, given the `reasons` of survivors."""
    survivors = {mutant.name: mutant for mutant, result in found if result.status == "survived"}
    for name, mutant in survivors.items():
        if name not in reasons:
            where = f"{mutant.file}:{mutant.start[0]}"
            yield Failure(f"survived, without a reason: {where}: {name}", only=mutant.file)
    known = {mutant.name for mutant, _ in found}
    for name in reasons:
        if name not in survivors and (complete or name in known):
            yield Failure(f"{REASONS.name}: no survivor: {name}", only=name.partition(" ")[0])
    for core, enough in ENOUGH.items():
        counts = Counter(result.status for mutant, result in found if is_core(mutant.file) is core)
        if percentage(counts) < enough:
            where = "the core" if core else "the rest"
            yield Failure(f"{percentage(counts):.1f} % killed in {where}, less than {enough} %")


CHECK = Mutants
