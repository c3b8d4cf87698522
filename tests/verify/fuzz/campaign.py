"""The parts of the fuzzer, and what a run of one has shown."""

import traceback
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from tests.verify.fuzz.command import CommandLine
from tests.verify.fuzz.htif import HtifBench
from tests.verify.fuzz.loaders import BareLoader, UserLoader
from tests.verify.fuzz.wild import Bench

__all__ = ["PARTS", "Failure", "Result", "run_part"]

#: Failures of a part after which there is no point in going on.
_ENOUGH = 10


@dataclass(frozen=True)
class Failure:
    """A case that misbehaved: its seed, and in one line how."""

    seed: int
    message: str


@dataclass
class Result:
    """What the cases of a part did: how often what came about, and what went wrong."""

    counts: Counter = field(default_factory=Counter)
    failures: list[Failure] = field(default_factory=list)

    def summary(self) -> str:
        """One line."""
        counts = ", ".join(f"{count:,} {what}" for what, count in sorted(self.counts.items()))
        return f"{counts}; {len(self.failures)} misbehaved"


def _wild() -> Callable[[int], Counter]:
    benches = Bench(), Bench(svadu=True)

    def run(seed):
        outcome = benches[seed % 2].run(seed)
        return Counter({
            f"of {outcome.kind}": 1, "rings": outcome.rings, "page faults": outcome.faults,
            "processes": outcome.processes, "killed in the end": outcome.killed,
            "ran out of frames": outcome.exhausted,
        })  # fmt: skip

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
    "command": _command,
    "htif": _loader(HtifBench),
    "wild": _wild,
}


def run_part(
    name: str, seeds: Iterable[int], progress: Callable[[int], None] = lambda done: None
) -> Result:
    """Runs a part's cases of `seeds`; whatever they raise is a failure."""
    result, run = Result(), PARTS[name]()
    for done, seed in enumerate(seeds, start=1):
        try:
            result.counts += run(seed)
        except Exception as error:
            where = traceback.extract_tb((error.__cause__ or error).__traceback__)[-1]
            message = f"{type(error).__name__}: {error} ({where.filename}:{where.lineno})"
            result.failures.append(Failure(seed, message[:1000]))
            if len(result.failures) == _ENOUGH:
                break
        progress(done)
    return result
