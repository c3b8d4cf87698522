"""`python -m tests.verify samekernel`: the same kernel on the hart and on Spike."""

from collections import Counter
from dataclasses import replace
from functools import cached_property

from sim.engines.base import EngineError
from sim.host.toolchain import ToolchainError
from tests.spike import SpikeMissing, find
from tests.verify.check import Check, Failure, Part, Tally, add_policy
from tests.verify.samekernel.cases import MORE_CASES
from tests.verify.samekernel.record import difference
from tests.verify.samekernel.silicon import run_on_silicon
from tests.verify.samekernel.spike_hart import run_on_spike
from tests.verify.samekernel.wild import WildBench

__all__ = ["CHECK"]

WILD = "wild"
#: What fills memory by forks, which cannot be where these share it.
FILLS = "oom"
#: Wild programs of a task.
BLOCK = 4


class SameKernel(Check):
    """Runs bundled programs, and wild ones, under the same kernel on the hart and on Spike.

    `--only` takes the programs whose name has the given text in it, and the wild ones if it is
    `wild`.
    """

    name = "samekernel"
    compares = "programs under the kernel model on the hart with the same on Spike"
    unit = "programs"
    cases, least = 200, 0
    help = "wild programs, besides"
    enough = None
    unusable = (SpikeMissing, EngineError, ToolchainError)

    @classmethod
    def add_options(cls, parser):
        add_policy(parser)

    @cached_property
    def _benches(self):
        return tuple(WildBench(svadu=s, policy=self.options.policy) for s in (False, True))

    def parts(self):
        only, policy = self.options.only, self.options.policy
        cases = [
            replace(case, policy=policy)
            for case in MORE_CASES
            if (not only or any(text in case.name for text in only))
            and not (FILLS in case.name and "cow" in policy)
        ]
        parts = [Part("programs", cases)] if cases else []
        if self.wants(WILD) and self.options.cases:
            parts.append(Part(WILD, self.numbers(BLOCK)))
        # None compared would be no difference.
        if not parts:
            raise ValueError(f"no program has {' or '.join(map(repr, only))} in its name")
        find()
        return parts

    def work(self, part, task):
        return self._compare_wild(task) if part == WILD else _compare(task)

    def _compare_wild(self, task):
        tally = Tally(len(task), data=Counter())
        for number in task:
            seed = self.options.seed + number
            comparison = self._benches[seed % 2].compare(seed)
            tally.data["traps"] += comparison.traps
            if comparison.difference is not None:
                text = f"wild program of seed {seed}: {comparison.difference}"
                tally.failures.append(Failure(text, number, only=WILD))
        return tally

    def describe(self, part, tally):
        yield ", ".join(f"{count:,} {what}" for what, count in tally.data.items())


def _compare(case):
    try:
        silicon = run_on_silicon(case)
        found = difference(silicon, run_on_spike(case))
    except AssertionError as error:
        # One of them has not ended.
        silicon, found = None, str(error).removeprefix(f"{case.name}: ")
    tally = Tally(1, data=Counter())
    if silicon is not None:
        tally.data.update({"traps": len(silicon.traps), "page faults": len(silicon.faults)})
    if found is not None:
        tally.failures.append(Failure(f"{case.name}: {found}", only=case.name))
    return tally


CHECK = SameKernel
