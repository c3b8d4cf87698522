"""`python -m tests.verify.lockstep`: random programs on the hart and on Spike."""

import argparse
import random
import sys
import time

from sim.engines.base import EngineError
from tests.spike import SpikeMissing, find
from tests.verify.lockstep.campaign import Campaign
from tests.verify.lockstep.report import describe, summarize
from tests.verify.options import require_at_least


def main() -> int:
    """Returns 0 if all agree, 1 if one does not, 2 if Spike or the native engine is missing."""
    options = _options()
    try:
        find()
        campaign = Campaign()
    except (SpikeMissing, EngineError) as error:
        print(f"lockstep: {error}", file=sys.stderr)
        return 2
    seed = random.SystemRandom().getrandbits(32) if options.seed is None else options.seed
    print(f"{options.programs:,} programs, seeds from {seed}", flush=True)
    start = time.monotonic()

    def progress(done):
        if sys.stderr.isatty():
            speed = done / (time.monotonic() - start)
            text = f"\r{done:,} programs, {speed:.1f}/s "
            print(text, end="", file=sys.stderr, flush=True)

    failure = campaign.run(range(seed, seed + options.programs), progress)
    print("\r", end="", file=sys.stderr)
    if failure is not None:
        print(describe(failure.run, failure.difference))
        size, shrunk = (run.program.size() for run in (failure.run, failure.shrunk_run))
        print(f"\nshrunk from {size:,} parts to {shrunk:,}:\n")
        print(describe(failure.shrunk_run, failure.shrunk))
        return 1
    print(summarize(campaign.statistics))
    print(f"no difference, in {time.monotonic() - start:.0f} s")
    return 0


def _options():
    parser = argparse.ArgumentParser(prog="python -m tests.verify.lockstep", description=__doc__)
    parser.add_argument("--programs", type=int, default=1000, metavar="N")
    parser.add_argument("--seed", type=int, help="of the first program; by default a new one")
    options = parser.parse_args()
    require_at_least(parser, options, programs=1, seed=0)
    return options


if __name__ == "__main__":
    sys.exit(main())
