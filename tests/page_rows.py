"""Rows of tables in docs that `make docs` writes."""

from collections.abc import Iterable

__all__ = ["put_rows"]


def put_rows(text: str, head: str, rows: Iterable[str], what: str) -> str:
    """The text of a page with `rows` in the place of those that stand under `head`.

    Raises ValueError if the page has no such table, of `what`.
    """
    before, found, rest = text.partition(head)
    if not found:
        raise ValueError(f"the page has no table of {what} with the head of this one")
    lines = rest.splitlines(keepends=True)
    while lines and lines[0].startswith("|"):
        del lines[0]
    return "".join([before, head, *rows, *lines])
