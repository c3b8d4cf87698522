"""`python -m tests.verify campaign`: the MMU and the hart against the golden model."""

from functools import cached_property
from itertools import count

from hdl.hart import Hart
from hdl.memory.pma import Pma
from hdl.mmu.mmu import Mmu
from hdl.mmu.tlb import Tlb
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
    run_stay,
)
from tests.verify.campaign.hart import HartStuck, NativeHart
from tests.verify.campaign.translations import Disagreement
from tests.verify.check import Check, Failure, Part, Tally, blocks

__all__ = ["CHECK", "with_second_level"]

#: Shares of the cases: in sequences, and as instructions.
SEQUENCES, INSTRUCTIONS = 10, 5
#: The share of each of them that is done with a second-level TLB, too.
SECOND = 5
#: Instructions of a task.
BLOCK = 1000
#: From so many cases on every bin must be hit, whatever the seed. The rarest, fetches whose update
#: the bus refuses, come about 8 times in a million. CI's fewer cases have seeds that hit all.
EVERY_BIN = 2_000_000
#: Bins that are named, of those that a line is about.
SHOWN = 12


#: A page in each TLB, and behind them two sets of two.
_SMALL = {"itlb_entries": 1, "dtlb_entries": 1, "l2_tlb": (2, 2)}


class _Forgetful(Tlb):
    """A TLB that forgets its pages in the cycle after it was filled."""

    def elaborate(self, platform):
        m = super().elaborate(platform)
        with m.If(~self.fill.valid):
            m.d.sync += self.valid.eq(0)
        return m


def with_second_level(**parameters: object) -> Mmu:
    """An MMU whose second-level TLB is asked for each page, since the first ones forget theirs."""
    mmu = Mmu(**(_SMALL | parameters))
    for side in (mmu.fetch_side, mmu.data_side):
        side.tlb = _Forgetful(entries=1)
    return mmu


class Campaign(Check):
    """Compares the MMU, and the whole hart, with the golden model of Sv39."""

    name = "campaign"
    compares = "the MMU and the hart with the golden model"
    unit = "responses"
    cases = 200_000
    help = (
        "accesses of the MMU; a tenth more in sequences, and a fifth as instructions, without and "
        "with memory protection, and with misaligned accesses under it; with a second-level TLB a "
        "fifth of all but the last two"
    )
    names = (
        *("accesses", "sequences", "drills", "instructions", "protected", "misaligned"),
        *(f"l2-{name}" for name in ("accesses", "stays", "sequences", "drills", "instructions")),
    )
    unusable = (CompilerError, ToolchainError, Unsupported)

    @cached_property
    def _bench(self):
        return Bench()

    @cached_property
    def _l2_bench(self):
        return Bench(mmu=with_second_level())

    @cached_property
    def _l2_hart(self):
        return NativeHart(hart=Hart(hpm_counters=0, pma=Pma(adjustable=True), **_SMALL))

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
        some = range(first, first + max(1, len(instructions) // SECOND))
        # Scripts and sequences have many responses each, so these are counted.
        parts = [
            Part("accesses", count(first), cases),
            Part("sequences", count(first), max(1, cases // SEQUENCES)),
            Part("drills", range(len(FAMILIES))),
            Part("instructions", blocks(instructions, BLOCK)),
            Part("protected", blocks(instructions, BLOCK)),
            Part("misaligned", blocks(instructions, BLOCK)),
            Part("l2-accesses", count(first), max(1, cases // SECOND)),
            Part("l2-stays", count(first), max(1, cases // SECOND)),
            Part("l2-sequences", count(first), max(1, cases // SECOND // SEQUENCES)),
            Part("l2-drills", range(len(FAMILIES))),
            Part("l2-instructions", blocks(some, BLOCK)),
        ]
        return [part for part in parts if self.wants(part.name)]

    def work(self, part, task):
        seed = self.options.seed
        try:
            match part.removeprefix("l2-"):
                case "accesses":
                    report = run_script(self._bench_of(part), seed, task)
                case "stays":
                    report = run_stay(self._bench_of(part), seed, task)
                case "sequences":
                    report = run_sequence(self._bench_of(part), seed, task)
                case "drills":
                    report = run_drills(self._bench_of(part), FAMILIES[task]())[0]
                case _:
                    hart = self._hart_of(part)
                    report = random_instructions(hart, len(task), seed, first=task.start)
        except (Disagreement, HartStuck, BenchError) as error:
            alone = (
                task
                if part.endswith(("accesses", "stays", "sequences"))
                else getattr(error, "number", None)
            )
            return Tally(failures=[Failure(str(error), alone)])
        return Tally(report.cases, data=report)

    def _bench_of(self, part):
        return self._l2_bench if part.startswith("l2-") else self._bench

    def _hart_of(self, part):
        return {
            "instructions": lambda: self._hart,
            "protected": lambda: self._protected_hart,
            "misaligned": lambda: self._misaligned_hart,
            "l2-instructions": lambda: self._l2_hart,
        }[part]()

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
