"""`python -m tests.verify.mutants`: breaks the hart, the kernel model and the simulator."""

import argparse
import os
import random
import sys
from collections import Counter
from concurrent.futures import ProcessPoolExecutor, as_completed
from multiprocessing import get_context
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.verify.mutants.campaign import Examiner
from tests.verify.mutants.harness import preload
from tests.verify.mutants.report import REASONS, percentage, read_reasons, table
from tests.verify.mutants.store import Results, observations_of
from tests.verify.mutants.targets import TARGETS, find, is_core, suite_name
from tests.verify.mutants.tree import PROJECT, Tree
from tests.verify.options import require_at_least

RESULTS = PROJECT / "build" / "mutants.json"
OBSERVATIONS = PROJECT / "build" / "mutants-observations.json"
#: Killed of those not proven equivalent, in percent, in the core and elsewhere: less is a failure.
ENOUGH = {True: 98, False: 95}


def main() -> int:
    """Returns 0 if enough are killed, 1 if not, 2 if what is asked for makes no sense."""
    options = _options()
    try:
        mutants = find(tuple(options.only or TARGETS))
        reasons = read_reasons()
    except ValueError as error:
        print(f"mutants: {error}", file=sys.stderr)
        return 2
    if options.sample:
        mutants = random.Random(options.seed).sample(mutants, min(options.sample, len(mutants)))
    results = Results(RESULTS, fresh=options.fresh)
    try:
        _campaign([m for m in mutants if results.known(m) is None], results, options.jobs)
    finally:
        results.save()
    found = [(mutant, results.known(mutant)) for mutant in mutants]
    return _conclude(found, reasons, complete=not (options.only or options.sample))


def _options():
    parser = argparse.ArgumentParser(prog="python -m tests.verify.mutants", description=__doc__)
    parser.add_argument("--only", metavar="FILE", action="append", help="a file or folder")
    parser.add_argument("--sample", metavar="N", type=int, help="N mutants at random")
    parser.add_argument("--seed", metavar="S", type=int, default=0, help="of the sample")
    parser.add_argument("--jobs", metavar="J", type=int, default=1, help="processes")
    parser.add_argument("--fresh", action="store_true", help="forget the results so far")
    options = parser.parse_args()
    # None examined would be all killed.
    require_at_least(parser, options, sample=1, seed=0, jobs=1)
    return options


def _campaign(mutants, results, jobs):
    """Examines `mutants`, and tells about each."""
    if not mutants:
        return
    print(f"{len(mutants)} mutants to examine", flush=True)
    preload()
    suites = sorted({suite_name(mutant.file) for mutant in mutants})
    observations = {suite: observations_of(suite, OBSERVATIONS) for suite in suites}
    # Processes, since every run of the tests is a fork, and threads and forks do not mix. Their
    # trees are in one folder, which goes in the end, however they end.
    with (
        TemporaryDirectory(prefix="mutants-") as folder,
        ProcessPoolExecutor(
            jobs, get_context("fork"), initializer=_start, initargs=(folder, observations)
        ) as pool,
    ):
        futures = {pool.submit(_examine, mutant): mutant for mutant in mutants}
        for number, future in enumerate(as_completed(futures), 1):
            mutant, result = futures[future], future.result()
            results.add(mutant, result)
            if result.status != "killed":
                print(f"{number}: {result.status} {mutant.name} {result.by}", flush=True)
            elif number % 50 == 0:
                print(f"{number} of {len(mutants)}", flush=True)


_examiner = None


def _start(folder, observations):
    """Makes a worker, with a tree of its own."""
    global _examiner
    path = Path(folder).resolve() / str(os.getpid())
    path.mkdir()
    _examiner = Examiner(Tree(path), observations)


def _examine(mutant):
    return _examiner.examine(mutant)


def _conclude(found, reasons, *, complete):
    """Prints the table and what is wrong; returns the exit status."""
    print(table(found))
    survivors = {mutant.name: mutant for mutant, result in found if result.status == "survived"}
    unexplained = [name for name in survivors if name not in reasons]
    for name in unexplained:
        print(
            f"survived, without a reason: {survivors[name].file}:{survivors[name].start[0]}: {name}"
        )
    known = {mutant.name for mutant, _ in found}
    stale = [name for name in reasons if name not in survivors and (complete or name in known)]
    for name in stale:
        print(f"{REASONS.name}: no survivor: {name}")
    return 1 if unexplained or stale or not _enough(found) else 0


def _enough(found):
    """Whether so many were killed as must be."""
    for core, enough in ENOUGH.items():
        counts = Counter(result.status for mutant, result in found if is_core(mutant.file) is core)
        if percentage(counts) < enough:
            return False
    return True


if __name__ == "__main__":
    sys.exit(main())
