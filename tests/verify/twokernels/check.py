"""`python -m tests.verify twokernels`: the same programs under two kernels."""

from random import Random

from kernel_model.facts.abi import Syscall
from kernel_model.mm.policy import LAZY
from sim.engines.base import EngineError
from sim.host.toolchain import ToolchainError
from tests.verify.check import Check, Failure, Part, Tally, add_policy
from tests.verify.twokernels.cases import MORE_CASES
from tests.verify.twokernels.compare import compare, compare_scripts, lines, shrunk
from tests.verify.twokernels.run import refuses
from tests.verify.twokernels.scripts import make

__all__ = ["CHECK"]

#: What fills memory, and sees what is possible then, which is not the same under each policy.
FILLS = "oom"
PROGRAMS, SCRIPTS = "programs", "scripts"
#: Scripts of one boot: each has a directory on the disk, and what it makes there.
BLOCK = 16
#: MiB of RAM for a program: few, since some of them use all.
MEMORY = 16


class TwoKernels(Check):
    """Runs bundled programs, and random scripts of system calls and accesses to memory, under the
    kernel model and under the kernel in C. What they print, their status and their page faults are
    to be the same.

    `--only` takes the programs in whose command the given text is, and the scripts if it is
    `scripts`.
    """

    name = "twokernels"
    compares = "programs under the kernel model with the same under the kernel in C"
    unit = "programs"
    cases, least = 200, 0
    help = "scripts, besides"
    enough = None
    unusable = (EngineError, ToolchainError)

    @classmethod
    def add_options(cls, parser):
        add_policy(parser)

    def parts(self):
        only, policy = self.options.only, self.options.policy
        cases = [
            case
            for case in MORE_CASES
            if (not only or any(text in str(case) for text in only))
            and (policy == LAZY or FILLS not in str(case))
        ]
        # Most programs promise more than such a kernel has: they can tell it.
        parts = [Part(PROGRAMS, cases)] if cases and not refuses(policy) else []
        if self.wants(SCRIPTS) and self.options.cases:
            parts.append(Part(SCRIPTS, self.numbers(BLOCK)))
        # None compared would be no difference.
        if not parts:
            raise ValueError(f"no command has {' or '.join(map(repr, only))} in it")
        return parts

    def work(self, part, task):
        return self._compare_scripts(task) if part == SCRIPTS else self._compare(task)

    def _compare_scripts(self, numbers):
        policy = self.options.policy
        scripts = [make(Random(f"two {self.options.seed + number}")) for number in numbers]
        if refuses(policy):
            scripts = [[each for each in script if not promises(each)] for script in scripts]
        tally = Tally(len(scripts))
        try:
            found = compare_scripts(scripts, policy=policy)
        except AssertionError as error:
            tally.failures.append(Failure(str(error), numbers[0], only=SCRIPTS))
            return tally
        for number, script, difference in zip(numbers, scripts, found, strict=True):
            if difference is not None:
                text = "\n".join([difference, *lines(shrunk(script, self._differs))])
                tally.failures.append(Failure(text, number, only=SCRIPTS))
        return tally

    def _differs(self, script) -> bool:
        """Whether it shows a difference alone; a run without an end is one."""
        try:
            return compare_scripts([script], policy=self.options.policy) != [None]
        except AssertionError:
            return True

    def _compare(self, case):
        try:
            (difference,) = compare([case], memory_mib=MEMORY, policy=self.options.policy)
        except AssertionError as error:
            difference = f"{case}: {error}"
        failures = [] if difference is None else [Failure(difference, only=str(case))]
        return Tally(1, failures)


def promises(operation) -> bool:
    """Whether it is an `sbrk` of more than there is."""
    return operation.number == Syscall.SBRK and operation.arguments[0] >= 1 << 28


CHECK = TwoKernels
