"""`python -m tests.verify.oracle`: the golden model against Spike, on as many cases as you like."""

import argparse
import random
import sys
import time

from tests.spike import SpikeMissing
from tests.verify.golden.cases import BENDS
from tests.verify.options import require_at_least
from tests.verify.oracle.compare import compare, shrink
from tests.verify.oracle.describe import describe
from tests.verify.oracle.differences import DIFFERENCES
from tests.verify.oracle.spike_hart import SpikeHart

MODES = {"svade": False, "svadu": True}


def main() -> int:
    """Returns 0 if they agree, 1 if they do not, 2 if Spike is missing or fails."""
    options = _options()
    seed = random.SystemRandom().getrandbits(32) if options.seed is None else options.seed
    print(f"seed {seed}, {options.cases:,} cases for each of {' and '.join(options.modes)}")
    try:
        for mode in options.modes:
            if not _run(mode, seed, options):
                return 1
    except (SpikeMissing, RuntimeError) as error:
        print(f"oracle: {error}", file=sys.stderr)
        return 2
    return 0


def _options():
    parser = argparse.ArgumentParser(prog="python -m tests.verify.oracle", description=__doc__)
    parser.add_argument("--cases", type=int, default=100_000, metavar="N", help="of each mode")
    parser.add_argument("--seed", type=int, help="by default a new one, which is printed")
    parser.add_argument("--first", type=int, default=0, metavar="N", help="number of the first")
    parser.add_argument("--mode", dest="modes", action="append", choices=MODES)
    options = parser.parse_args()
    # None compared would be no disagreement.
    require_at_least(parser, options, cases=1, first=0, seed=0)
    options.modes = options.modes or list(MODES)
    return options


def _run(mode, seed, options):
    """Compares in one mode and prints what came of it; returns whether they agree."""
    svadu, start = MODES[mode], time.monotonic()

    def progress(done):
        if not sys.stderr.isatty():
            return
        speed = done / (time.monotonic() - start)
        print(f"\r{mode}: {done:,} cases, {speed:,.0f}/s ", end="", file=sys.stderr, flush=True)

    with SpikeHart(svadu=svadu) as hart:
        report = compare(
            hart, seed, options.cases, first=options.first, svadu=svadu, progress=progress
        )
        print("\r", end="", file=sys.stderr)
        if report.disagreement:
            print(f"{mode}: DISAGREEMENT\n{describe(report.disagreement)}")
            print(f"shrunk:\n{describe(shrink(hart, report.disagreement, svadu=svadu))}")
            return False
    print(f"{mode}: {report.cases:,} cases in {time.monotonic() - start:.1f} s, no disagreement")
    _print_report(report)
    return True


def _print_report(report):
    kinds = {}
    for (_, _, kind, _), count in report.outcomes.items():
        kinds[kind] = kinds.get(kind, 0) + count
    total = sum(kinds.values())
    shares = ", ".join(f"{kind} {count / total:.1%}" for kind, count in sorted(kinds.items()))
    print(f"  answers: {shares}; {len(report.outcomes)} kinds of access, privilege, answer, depth")
    print(f"  bends: {len(report.bends)} of {len(BENDS)}; not possible: {report.impossible:,}")
    for difference in DIFFERENCES:
        print(f"  explained: {report.explained[difference.name]:,}, {difference.name}")


if __name__ == "__main__":
    sys.exit(main())
