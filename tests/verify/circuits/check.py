"""`python -m tests.verify circuits`: random circuits natively and on Amaranth's own simulator."""

import traceback
from pathlib import Path
from tempfile import TemporaryDirectory

from sim.engines.native.compiler.cxx import CompilerError
from tests.sim.engines.native.testbench import many_clocks, one_clock
from tests.verify.check import Check, Failure, Part, Tally

__all__ = ["CHECK"]

#: Lines of a failure that are shown.
SHOWN = 5


class Circuits(Check):
    """Compares random circuits, natively, with what Amaranth's own simulator makes of them.

    Those with one clock signal by signal in every cycle; designs of ten with several clocks,
    falling edges, asynchronous resets, prints and claims in values, in what is printed, in who is
    woken when, in the waveform, and in what ends the run.
    """

    name = "circuits"
    compares = "random circuits on the native engine with pysim"
    unit = "circuits"
    cases = 500
    help = "circuits of each part"
    names = ("clock", "clocks")
    unusable = (CompilerError,)

    def parts(self):
        sizes = {"clock": one_clock.BATCH, "clocks": many_clocks.BATCH}
        return [Part(name, self._tasks(sizes[name])) for name in self.names if self.wants(name)]

    def _tasks(self, size):
        """Numbers of circuits that are compiled together, for all seeds the same ones."""
        first, seed = self.options.first, self.options.seed
        end = first + self.options.cases
        while first < end:
            after = min(end, first + size - (seed + first) % size)
            yield range(first, after)
            first = after

    def work(self, part, task):
        seeds = range(self.options.seed + task.start, self.options.seed + task.stop)
        with TemporaryDirectory() as folder:
            try:
                if part == "clock":
                    lines = one_clock.disagreements(seeds, Path(folder))
                else:
                    # A circuit reads the others': its design is made whole.
                    lines = many_clocks.disagreements(seeds[0] // many_clocks.BATCH, Path(folder))
            except CompilerError:
                raise
            except Exception:
                lines = [f"seeds {seeds[0]} to {seeds[-1]}: {traceback.format_exc()}"]
        text = "\n".join(lines[:SHOWN])
        return Tally(len(task), [Failure(text, task.start)] if lines else [])


CHECK = Circuits
