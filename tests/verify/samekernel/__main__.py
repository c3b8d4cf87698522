"""`python -m tests.verify.samekernel`: the same kernel on the hart and on Spike."""

import argparse
import random
import sys
import time

from sim.engines.base import EngineError
from sim.host.toolchain import ToolchainError
from tests.spike import SpikeMissing, find
from tests.verify.options import require_at_least
from tests.verify.samekernel.cases import MORE_CASES
from tests.verify.samekernel.record import difference
from tests.verify.samekernel.silicon import run_on_silicon
from tests.verify.samekernel.spike_hart import run_on_spike
from tests.verify.samekernel.wild import WildBench


def main() -> int:
    """Returns 0 if both do the same, 1 if they do not, 2 if nothing can be run."""
    options = _options()
    try:
        find()
        return 1 if _compare(options) else 0
    except (SpikeMissing, EngineError, ToolchainError) as error:
        print(f"samekernel: {error}", file=sys.stderr)
        return 2


def _options():
    parser = argparse.ArgumentParser(prog="python -m tests.verify.samekernel", description=__doc__)
    parser.add_argument("text", nargs="?", default="", help="only the programs whose name has it")
    parser.add_argument("--wild", type=int, default=200, metavar="N", help="wild programs, besides")
    parser.add_argument("--seed", type=int, help="of the first wild one; by default a new one")
    options = parser.parse_args()
    require_at_least(parser, options, wild=0, seed=0)
    options.cases = [case for case in MORE_CASES if options.text in case.name]
    # None compared would be no difference.
    if not options.cases:
        parser.error(f"no program has {options.text!r} in its name")
    if options.seed is None:
        options.seed = random.SystemRandom().getrandbits(32)
    return options


def _compare(options):
    """Runs all on both harts; returns how many were different."""
    cases, start, different, traps, faults = options.cases, time.monotonic(), 0, 0, 0
    wild = f"{options.wild} wild ones, seeds from {options.seed}"
    print(f"{len(cases)} programs, and {wild}", flush=True)
    for case in cases:
        try:
            silicon = run_on_silicon(case)
            found = difference(silicon, run_on_spike(case))
        except AssertionError as error:
            # One of them has not ended.
            different += _tell(case.name, str(error).removeprefix(f"{case.name}: "))
            continue
        different += _tell(case.name, found)
        traps += len(silicon.traps)
        faults += len(silicon.faults)
    benches = WildBench(), WildBench(svadu=True)
    for seed in range(options.seed, options.seed + options.wild):
        comparison = benches[seed % 2].compare(seed)
        different += _tell(f"wild {seed}", comparison.difference)
        traps += comparison.traps
    seconds = time.monotonic() - start
    print(f"{traps:,} traps, {faults:,} page faults, {different} different, in {seconds:.0f} s")
    return different


def _tell(name, found):
    if found is not None:
        print(f"{name}: {found}", flush=True)
    return found is not None


if __name__ == "__main__":
    sys.exit(main())
