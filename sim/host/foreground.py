"""Who has the terminal: us, or another job of the user's shell."""

import os
from typing import TextIO

__all__ = ["in_foreground"]


def in_foreground(terminal: int | TextIO) -> bool:
    """Nobody else uses the terminal now, which is a descriptor or a file.

    Who changes its modes from the background is stopped, and what is written there lands between
    what the user types.
    """
    try:
        descriptor = terminal if isinstance(terminal, int) else terminal.fileno()
        return os.tcgetpgrp(descriptor) == os.getpgrp()
    except OSError:  # not the terminal that controls this process: no shell's job control
        return True
