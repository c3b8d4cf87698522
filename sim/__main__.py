"""`python -m sim` is the command `trapline`, and both begin here."""

import sys

from sim.host.interrupts import leaving_at_once

__all__ = ["main"]


def main() -> int:
    """Runs the process's command line; returns the exit status."""
    with leaving_at_once():
        from sim.cli.main import main as command

    return command()


if __name__ == "__main__":
    sys.exit(main())
