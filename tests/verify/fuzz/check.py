"""`python -m tests.verify fuzz`: broken files, arguments and programs."""

import traceback
from collections import Counter
from collections.abc import Callable

from sim.engines.base import EngineError
from sim.host.toolchain import ToolchainError
from tests.verify.check import Check, Failure, Part, Tally
from tests.verify.fuzz.command import CommandLine
from tests.verify.fuzz.htif import HtifBench
from tests.verify.fuzz.kernels import Kernels
from tests.verify.fuzz.loaders import BareLoader, UserLoader
from tests.verify.fuzz.results import Comparer
from tests.verify.fuzz.wild import Bench

__all__ = ["CHECK"]

#: Cases of a task.
BLOCK = 20


def _wild() -> Callable[[int], Counter]:
    benches = Bench(), Bench(svadu=True)

    def run(seed):
        outcome = benches[seed % 2].run(seed)
        return Counter(
            {
                f"of {outcome.kind}": 1,
                "rings": outcome.rings,
                "page faults": outcome.faults,
                "processes": outcome.processes,
                "killed in the end": outcome.killed,
                "ran out of frames": outcome.exhausted,
            }
        )

    return run


def _loader(make) -> Callable[[], Callable[[int], Counter]]:
    """A loader: a file is refused or not."""

    def start():
        loader = make()
        return lambda seed: Counter({"accepted" if loader.run(seed) is None else "refused": 1})

    return start


def _command() -> Callable[[int], Counter]:
    command = CommandLine()
    return lambda seed: Counter({f"with status {command.run(seed)}": 1})


#: Name -> what makes a function that runs the case of a seed and counts what came about.
PARTS = {
    "exec": _loader(UserLoader),
    "bare": _loader(BareLoader),
    "boot": _loader(Kernels),
    "command": _command,
    "htif": _loader(HtifBench),
    "result": _loader(Comparer),
    "wild": _wild,
}


class Fuzz(Check):
    """Feeds random bad input to all that reads some; whatever it raises is a failure."""

    name = "fuzz"
    compares = "what bad input does with what it may do"
    cases = 2000
    help = "of each part"
    names = tuple(PARTS)
    # After so many failures of a part there is no point in going on.
    enough = 10
    unusable = (EngineError, ToolchainError)

    def __init__(self, options):
        super().__init__(options)
        self._benches = {}

    def parts(self):
        return [Part(name, self.numbers(BLOCK)) for name in PARTS if self.wants(name)]

    def work(self, part, task):
        if part not in self._benches:
            self._benches[part] = PARTS[part]()
        run, tally = self._benches[part], Tally(len(task), data=Counter())
        for number in task:
            seed = self.options.seed + number
            try:
                tally.data += run(seed)
            except Exception as error:
                where = traceback.extract_tb((error.__cause__ or error).__traceback__)[-1]
                message = f"{type(error).__name__}: {error} ({where.filename}:{where.lineno})"
                tally.failures.append(Failure(f"{part}, seed {seed}: {message[:1000]}", number))
        return tally

    def describe(self, part, tally):
        yield ", ".join(f"{count:,} {what}" for what, count in sorted(tally.data.items()))


CHECK = Fuzz
