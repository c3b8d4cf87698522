"""`python -m tests.verify NAME`: compares what NAME says, at any length, from any seed."""

import sys
import warnings
from importlib import import_module

from amaranth.hdl import UnusedElaboratable

from tests.verify import runner

#: Each is in a folder of its name, where `check.py` defines it as CHECK.
NAMES = (
    *("oracle", "campaign", "lockstep", "samekernel", "twokernels", "formal", "mutants", "fuzz"),
    "circuits",
)
USAGE = f"usage: python -m tests.verify {{{','.join(NAMES)}}} [options]; --help lists them"


def main(arguments: list[str]) -> int:
    """Runs the check that the first of `arguments` names; returns the status."""
    if not arguments or arguments[0] not in NAMES:
        wants_help = arguments[:1] in (["-h"], ["--help"])
        print(USAGE, file=sys.stdout if wants_help else sys.stderr)
        return 0 if wants_help else 2
    name, *options = arguments
    return runner.main(import_module(f"tests.verify.{name}.check").CHECK, options)


if __name__ == "__main__":
    # A hart that was found in the cache is never elaborated, and may live until the end.
    warnings.simplefilter("ignore", UnusedElaboratable)
    sys.exit(main(sys.argv[1:]))
