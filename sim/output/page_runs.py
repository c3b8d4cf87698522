"""Pages that follow each other."""

from collections.abc import Iterable, Iterator

__all__ = ["runs"]


def runs(pages: Iterable[int]) -> Iterator[tuple[int, int]]:
    """Numbers of pages, in any order, as the first of each run and how many it has."""
    first = count = 0
    for page in sorted(pages):
        if count and page == first + count:
            count += 1
            continue
        if count:
            yield first, count
        first, count = page, 1
    if count:
        yield first, count
