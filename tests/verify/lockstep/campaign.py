"""Runs programs on the hart and compares them, until one differs; that one is shrunk."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from tests.verify.lockstep.compare import Difference, compare
from tests.verify.lockstep.generate import generate
from tests.verify.lockstep.hart import HartRunner, Run
from tests.verify.lockstep.pmp_blocks import ENTRIES
from tests.verify.lockstep.program import Program
from tests.verify.lockstep.shrink import shrink
from tests.verify.lockstep.statistics import Statistics

__all__ = ["Campaign", "Failure"]

#: Latencies of memory, in turn.
_LATENCIES = (1, 3)


@dataclass(frozen=True)
class Failure:
    """A program whose two sides differ, and the smallest one found that still does."""

    run: Run
    difference: Difference
    shrunk_run: Run
    shrunk: Difference


@dataclass
class Campaign:
    """Compares programs by their seeds.

    Parameters
    ----------
    bend
        Changes what a run has recorded, to see that a difference is found; by default nothing.
    hart
        Another hart than ours.
    attempts
        Programs that may be tried to find a smaller one.
    misaligned
        Both do misaligned loads and stores.
    protected
        Both have memory protection, and the programs change it.
    """

    bend: Callable[[Run], Run] = lambda run: run
    hart: object = None
    attempts: int = 600
    misaligned: bool = False
    protected: bool = False

    def __post_init__(self):
        self._features = {
            "misaligned": self.misaligned,
            "pmp_entries": ENTRIES if self.protected else 0,
        }
        self._runners = [
            HartRunner(latency=n, hart=self.hart, **self._features)
            for n in _LATENCIES[: self._kinds]
        ]

    @property
    def _kinds(self):
        # Another hart can be in one machine only.
        return len(_LATENCIES) if self.hart is None else 1

    def run(self, seeds: Iterable[int]) -> tuple[Statistics, Failure | None]:
        """Compares the programs of `seeds` until one differs; the statistics are of the others."""
        total = Statistics()
        for seed in seeds:
            program = generate(seed, misaligned=self.misaligned, protected=self.protected)
            run, difference, statistics = self._compare(program)
            if difference is not None:
                return total, self._shrunk(run, difference)
            total.update(statistics)
        return total, None

    def _compare(self, program: Program):
        runner = self._runners[program.seed % len(self._runners)]
        run = self.bend(runner.run(program))
        return run, *compare(run, **self._features)

    def _shrunk(self, run, difference):
        def fails(program):
            return self._compare(program)[1] is not None

        program = shrink(run.program, fails, attempts=self.attempts)
        small, remaining, _ = self._compare(program)
        return Failure(run, difference, small, remaining)
