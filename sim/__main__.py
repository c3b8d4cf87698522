"""`python -m sim` is the command `trapline`, and both begin here."""

import gc
import sys

from sim.host.interrupts import leaving_at_once

__all__ = ["main"]

#: New objects after which Python looks for those that nobody needs. What is imported makes a
#: hundred thousand that stay: with Python's own 700 a fifth of the start goes by in looking.
_NEW_OBJECTS = 50_000


def main() -> int:
    """Runs the process's command line; returns the exit status."""
    gc.set_threshold(_NEW_OBJECTS)
    with leaving_at_once():
        from sim.cli.main import main as command
        from sim.engines.recipe import trust_sources

        trust_sources()

    return command()


if __name__ == "__main__":
    sys.exit(main())
