"""What a terminal is shown of what is typed."""

__all__ = ["Echo"]

_DELETED = b"\b \b"
#: Control characters that a terminal is given as they are: Ctrl-D, as it shows nothing, and what
#: stands for itself.
_PLAIN = b"\x04\b\t\n"


class Echo:
    """Turns what the kernel echoes into what is shown: a control character as `^` and a letter.

    An arrow key sends such a character, and what follows would move the cursor. The kernel takes a
    character away by one column, as it takes it to have; here as many as it was shown in are.
    """

    def __init__(self) -> None:
        #: Columns of the characters of this line.
        self._columns: list[int] = []

    def shown(self, data: bytes) -> bytes:
        """What is shown of `data`: one character, or what takes the last one away."""
        if data == _DELETED:
            return data * (self._columns.pop() if self._columns else 1)
        if data == b"\n":
            self._columns.clear()
            return data
        shown = b"".join(map(_caret, data))
        self._columns.append(len(shown))
        return shown


def _caret(c: int) -> bytes:
    control = (c < 0x20 or c == 0x7F) and c not in _PLAIN
    return bytes([ord("^"), c ^ 0x40] if control else [c])
