"""Random physical memory protection around the addresses that a case accesses."""

from random import Random

from tests.verify.golden.pmp import NA4, NAPOT, OFF, TOR, Pmp, R, W, X, napot

__all__ = ["ENTRIES", "draw"]

#: How many entries there are.
ENTRIES = 8
EVERYTHING = (1 << 54) - 1
#: How many ones a NAPOT address ends in: regions of 8 bytes, around 4 KiB, and large ones.
ONES = (0, 0, 1, 2, 8, 9, 10, 18, 26, 27)


def draw(random: Random, places: list[int], always: range) -> Pmp:
    """Entries that matter for accesses at `places`; in `always` everything may be done.

    `always` is a naturally aligned power of two. No entry is locked.
    """
    pairs = [(NAPOT | R | W | X, napot(always.start, len(always)))]
    on = random.choice((1, 1, 1, 2, 2, 3, 6))
    pairs += [_entry(random, places) for _ in range(on)]
    pairs += [(OFF, random.choice(places) >> 2) for _ in range(ENTRIES - 2 - on)]
    kind = random.choice((NAPOT, NAPOT, NAPOT, NAPOT, NAPOT, NAPOT, NAPOT, OFF))
    pairs.append((kind | random.choice((R | W | X, R | W | X, R | W | X, R | W)), EVERYTHING))
    return Pmp(ENTRIES, [cfg for cfg, _ in pairs], [addr for _, addr in pairs])


def _entry(random, places):
    """One that is on, near one of the places."""
    kind = random.choice((TOR, NA4, NAPOT, NAPOT))
    address = (random.choice(places) >> 2) + random.choice((-2, -1, 0, 0, 0, 0, 1, 2))
    if kind == NAPOT:
        ones = random.choice(ONES)
        address = address >> ones + 1 << ones + 1 | (1 << ones) - 1
    permission = random.choice((R | W | X, R | W | X, R | W, R | X, R, X, 0))
    return kind | permission, address % (1 << 54)
