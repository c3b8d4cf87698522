"""`python -m sim` is the command `trapline`."""

import sys

from sim.cli.main import main

__all__ = []

if __name__ == "__main__":
    sys.exit(main())
