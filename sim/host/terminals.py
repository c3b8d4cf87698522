"""Terminals: how wide one is, and who has it, us or another job of the user's shell."""

import os
from typing import TextIO

__all__ = ["columns_of", "in_foreground", "visible"]

#: What is shown of control characters.
_VISIBLE = {code: f"^{chr(code ^ 0x40)}" for code in (*range(0x20), 0x7F)} | {
    code: f"\\x{code:02x}" for code in range(0x80, 0xA0)
}


def columns_of(file: TextIO) -> int | None:
    """How many columns the terminal `file` has; None if it is none, or does not say."""
    try:
        return os.get_terminal_size(file.fileno()).columns or None if file.isatty() else None
    except OSError:  # io.UnsupportedOperation is one: a file without a descriptor
        return None


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


def visible(text: str) -> str:
    """`text` with its control characters as `^` and a letter: a terminal would obey them.

    An arrow key sends one, and so it may be in a name.
    """
    return text.translate(_VISIBLE)
