"""`python -m tests.verify.fuzz`: broken files, arguments and programs, as many as you like."""

import argparse
import random
import sys
import time

from tests.verify.fuzz.campaign import PARTS, run_part
from tests.verify.options import require_at_least


def main() -> int:
    """Returns 0 if nothing has misbehaved, else 1."""
    options = _options()
    seed = random.SystemRandom().getrandbits(32) if options.seed is None else options.seed
    failures = 0
    for name in options.part or PARTS:
        print(f"{name}: {options.count:,} cases, seeds from {seed}", flush=True)
        start = time.monotonic()
        result = run_part(name, range(seed, seed + options.count), _show)
        seconds = time.monotonic() - start
        print(f"{name}: {result.summary()}; {options.count / seconds:.1f} cases/s")
        for failure in result.failures:
            print(f"  seed {failure.seed}: {failure.message}")
        failures += len(result.failures)
    return 1 if failures else 0


def _show(done):
    if sys.stderr.isatty():
        print(f"\r{done:,} ", end="", file=sys.stderr, flush=True)


def _options():
    parser = argparse.ArgumentParser(prog="python -m tests.verify.fuzz", description=__doc__)
    parser.add_argument("--count", type=int, default=2000, metavar="N", help="cases of each part")
    parser.add_argument("--seed", type=int, help="of the first case; by default a new one")
    parser.add_argument("--part", action="append", choices=list(PARTS), help="may be repeated")
    options = parser.parse_args()
    require_at_least(parser, options, count=1, seed=0)
    return options


if __name__ == "__main__":
    sys.exit(main())
