"""`python -m tests.spike_kernel`: more programs under the same kernel on the hart and on Spike."""

import argparse
import sys
import time

from tests.spike import SpikeMissing, find
from tests.spike_kernel.cases import MORE_CASES
from tests.spike_kernel.record import difference
from tests.spike_kernel.silicon import run_on_silicon
from tests.spike_kernel.spike_hart import run_on_spike


def main() -> int:
    """Returns 0 if both do the same, 1 if they do not, 2 if Spike is missing."""
    parser = argparse.ArgumentParser(prog="python -m tests.spike_kernel", description=__doc__)
    parser.add_argument("text", nargs="?", default="", help="only the cases whose name has it")
    wanted = parser.parse_args().text
    try:
        find()
    except SpikeMissing as missing:
        print(f"spike_kernel: {missing}", file=sys.stderr)
        return 2
    start, different, traps, faults = time.monotonic(), 0, 0, 0
    cases = [case for case in MORE_CASES if wanted in case.name]
    for case in cases:
        silicon = run_on_silicon(case)
        found = difference(silicon, run_on_spike(case))
        if found is not None:
            different += 1
            print(f"{case.name}: {found}", flush=True)
        traps += len(silicon.traps)
        faults += len(silicon.faults)
    seconds = time.monotonic() - start
    print(f"{len(cases)} programs, {traps:,} traps, {faults:,} page faults, {different} different, "
          f"in {seconds:.0f} s")  # fmt: skip
    return 1 if different else 0


if __name__ == "__main__":
    sys.exit(main())
