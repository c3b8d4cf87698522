"""`python -m tests.spike_kernel`: more programs under the same kernel on the hart and on Spike."""

import argparse
import sys
import time

from tests.spike import SpikeMissing, find
from tests.spike_kernel.cases import MORE_CASES
from tests.spike_kernel.record import difference
from tests.spike_kernel.silicon import run_on_silicon
from tests.spike_kernel.spike_hart import run_on_spike
from tests.spike_kernel.wild import WildBench


def main() -> int:
    """Returns 0 if both do the same, 1 if they do not, 2 if Spike is missing."""
    parser = argparse.ArgumentParser(prog="python -m tests.spike_kernel", description=__doc__)
    parser.add_argument("text", nargs="?", default="", help="only the cases whose name has it")
    parser.add_argument("--wild", type=int, default=200, metavar="N", help="wild programs, besides")
    options = parser.parse_args()
    try:
        find()
    except SpikeMissing as missing:
        print(f"spike_kernel: {missing}", file=sys.stderr)
        return 2
    start, different, traps, faults = time.monotonic(), 0, 0, 0
    cases = [case for case in MORE_CASES if options.text in case.name]
    for case in cases:
        silicon = run_on_silicon(case)
        different += _tell(case.name, difference(silicon, run_on_spike(case)))
        traps += len(silicon.traps)
        faults += len(silicon.faults)
    benches = WildBench(), WildBench(svadu=True)
    for seed in range(options.wild):
        comparison = benches[seed % 2].compare(seed)
        different += _tell(f"wild {seed}", comparison.difference)
        traps += comparison.traps
    seconds = time.monotonic() - start
    print(
        f"{len(cases)} programs and {options.wild} wild ones, {traps:,} traps, {faults:,} page "
        f"faults, {different} different, in {seconds:.0f} s"
    )
    return 1 if different else 0


def _tell(name, found):
    if found is not None:
        print(f"{name}: {found}", flush=True)
    return found is not None


if __name__ == "__main__":
    sys.exit(main())
