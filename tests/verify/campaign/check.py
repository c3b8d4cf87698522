"""`python -m tests.verify campaign`: the MMU and the hart against the golden model."""

from functools import cached_property
from itertools import count

from sim.engines.native.compiler.circuit import Unsupported
from sim.engines.native.compiler.cxx import CompilerError
from sim.host.toolchain import ToolchainError
from tests.verify.campaign.bench import Bench, BenchError
from tests.verify.campaign.bins import reachable, reachable_on_hart, updates
from tests.verify.campaign.campaign import (
    FAMILIES,
    random_instructions,
    run_drills,
    run_script,
    run_sequence,
)
from tests.verify.campaign.hart import HartStuck, NativeHart
from tests.verify.campaign.translations import Disagreement
from tests.verify.check import Check, Failure, Part, Tally, blocks

__all__ = ["CHECK"]

#: Shares of the cases: in sequences, and as instructions.
SEQUENCES, INSTRUCTIONS = 10, 5
#: Instructions of a task.
BLOCK = 1000
#: From so many cases on every bin must be hit, whatever the seed. The rarest, fetches whose update
#: the bus refuses, come about 8 times in a million. CI's fewer cases have seeds that hit all.
EVERY_BIN = 2_000_000
#: Bins that are named, of those that a line is about.
SHOWN = 12


class Campaign(Check):
    """Compares the MMU, and the whole hart, with the golden model of Sv39."""

    name = "campaign"
    compares = "the MMU and the hart with the golden model"
    unit = "responses"
    cases = 200_000
    help = (
        "accesses of the MMU; a tenth more in sequences, and a fifth as instructions, without and "
        "with memory protection, and with misaligned accesses under it"
    )
    names = ("accesses", "sequences", "drills", "instructions", "protected", "misaligned")
    unusable = (CompilerError, ToolchainError, Unsupported)

    @cached_property
    def _bench(self):
        return Bench()

    @cached_property
    def _hart(self):
        return NativeHart()

    @cached_property
    def _protected_hart(self):
        return NativeHart(protected=True)

    @cached_property
    def _misaligned_hart(self):
        return NativeHart(protected=True, misaligned=True)

    def parts(self):
        first, cases = self.options.first, self.options.cases
        instructions = range(first, first + max(1, cases // INSTRUCTIONS))
        # Scripts and sequences have many responses each, so these are counted.
        parts = [
            Part("accesses", count(first), cases),
            Part("sequences", count(first), max(1, cases // SEQUENCES)),
            Part("drills", range(len(FAMILIES))),
            Part("instructions", blocks(instructions, BLOCK)),
            Part("protected", blocks(instructions, BLOCK)),
            Part("misaligned", blocks(instructions, BLOCK)),
        ]
        return [part for part in parts if self.wants(part.name)]

    def work(self, part, task):
        do = {
            "accesses": lambda: run_script(self._bench, self.options.seed, task),
            "sequences": lambda: run_sequence(self._bench, self.options.seed, task),
            "drills": lambda: run_drills(self._bench, FAMILIES[task]())[0],
            "instructions": lambda: random_instructions(
                self._hart, len(task), self.options.seed, first=task.start
            ),
            "protected": lambda: random_instructions(
                self._protected_hart, len(task), self.options.seed, first=task.start
            ),
            "misaligned": lambda: random_instructions(
                self._misaligned_hart, len(task), self.options.seed, first=task.start
            ),
        }[part]
        try:
            report = do()
        except (Disagreement, HartStuck, BenchError) as error:
            alone = task if part in ("accesses", "sequences") else getattr(error, "number", None)
            return Tally(failures=[Failure(str(error), alone)])
        return Tally(report.cases, data=report)

    def describe(self, part, tally):
        expected = self._expected(part)
        if expected is None or tally.data is None:
            return
        missing, others = _differences(expected, tally.data)
        yield (
            f"{len(expected) - len(missing)} of {len(expected)} bins"
            f"{_names('; not hit: ', missing)}{_names('; UNREACHABLE, but hit: ', others)}"
        )

    def conclude(self, tallies):
        for part, tally in tallies.items():
            expected = self._expected(part)
            if expected is None:
                continue
            missing, others = _differences(expected, tally.data)
            if others:
                yield Failure(f"{part}: {_names('unreachable, but hit: ', others)}")
            if missing and self.options.cases >= EVERY_BIN:
                yield Failure(f"{part}: {_names('not hit: ', missing)}")

    @staticmethod
    def _expected(part):
        """The bins that the part called so has to hit, if it has any."""
        if part == "accesses":
            return reachable() | updates()
        return reachable_on_hart() if part == "instructions" else None


def _differences(expected, report):
    """The bins that are not hit, and those that should not be."""
    return expected - report.bins.keys(), report.bins.keys() - expected


def _names(title, bins):
    """`title` and the first of `bins`; nothing if there are none."""
    if not bins:
        return ""
    names = sorted(" ".join("-" if part is None else str(part) for part in bin) for bin in bins)
    more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return title + ", ".join(names[:SHOWN]) + more


CHECK = Campaign
