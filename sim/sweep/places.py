"""Where a key of a TOML file stands, which Python's parser does not say."""

import re

__all__ = ["line_of"]

_TABLE = re.compile(r"\s*(\[\[?)\s*([^\[\]]+?)\s*\]\]?\s*(?:#.*)?")


def line_of(text: str, table: str, key: str = "", number: int = 0) -> int | None:
    """The line, from 1 on, of `key` in `[table]`, "" at the top, or in `[[table]]` `number`.

    Without `key` it is the line of the table's head. None if it is written in another way.
    """
    current, counts, wanted = "", {"": 0}, re.compile(rf"\s*[\"']?{re.escape(key)}[\"']?\s*=")
    for line, content in enumerate(text.splitlines(), 1):
        head = _TABLE.fullmatch(content)
        if head is not None:
            current = head[2]
            counts[current] = counts.get(current, -1) + 1
        here = current == table and counts[current] == number
        if here and (head is not None if not key else wanted.match(content)):
            return line
    return None
