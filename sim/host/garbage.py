"""How often Python looks for objects in circles that nobody needs any more."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["collect_seldom", "seldom_collected"]

#: New objects after which it looks. What is imported makes a hundred thousand that stay, and a page
#: fault a dozen that are kept, none in a circle: with Python's own 700 a fifth of the start and a
#: twentieth of a run go by in looking. If all of so many were in circles, they would be some 50 MB.
_NEW_OBJECTS = 500_000


def collect_seldom() -> None:
    """From now on it looks less often, if at all."""
    threshold, *others = gc.get_threshold()
    if 0 < threshold < _NEW_OBJECTS:  # 0 is never
        gc.set_threshold(_NEW_OBJECTS, *others)


@contextmanager
def seldom_collected() -> Iterator[None]:
    """Meanwhile it does so."""
    before = gc.get_threshold()
    collect_seldom()
    try:
        yield
    finally:
        gc.set_threshold(*before)
