"""`python -m sim` is the command `trapline`, and both begin here."""

import sys

from sim.host.garbage import collect_seldom
from sim.host.interrupts import leaving_at_once

__all__ = ["main"]


def main() -> int:
    """Runs the process's command line; returns the exit status."""
    collect_seldom()
    with leaving_at_once():
        from sim.cli.main import main as command
        from sim.engines.recipe import trust_sources

        trust_sources()

    return command()


if __name__ == "__main__":
    sys.exit(main())
