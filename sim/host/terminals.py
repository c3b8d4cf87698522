"""Terminals: how wide one is, and who has it, us or another job of the user's shell."""

import os
from typing import TextIO

__all__ = ["columns_of", "in_foreground", "visible", "visible_line"]

#: Characters that end a line, or turn the direction of what follows.
_TURNS = (0x200E, 0x200F, *range(0x2028, 0x202F), *range(0x2066, 0x206A))
#: Halves of characters, but those that stand for a byte that is no text.
_HALVES = (*range(0xD800, 0xDC80), *range(0xDD00, 0xE000))
#: What is shown of control characters, and of what has no encoding.
_VISIBLE = (
    {code: f"^{chr(code ^ 0x40)}" for code in (*range(0x20), 0x7F)}
    | {code: f"\\x{code:02x}" for code in range(0x80, 0xA0)}
    | {code: f"\\u{code:04x}" for code in (*_TURNS, *_HALVES)}
)


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


def visible_line(text: str) -> str:
    """The same of a line whose tabs remain: it may have names, and text of a source."""
    return "\t".join(map(visible, text.split("\t")))
