"""Random sequences: a few PTEs of a few tables change all the time while everybody asks.

Several changes are without a fence at once, tables are shared between address spaces and between
levels, and commands fall into any cycle of a walk. `tests.verify.campaign.sequences` judges.
"""

import random
from dataclasses import replace

from tests.verify.campaign.bench import DATA, FETCH, UPDATE
from tests.verify.campaign.sequences import Sequence
from tests.verify.golden.sv39 import ACCESSES, Request

__all__ = ["wander"]

V, R, W, X, U, G, A, D = (1 << i for i in range(8))
ROOTS = (0x80000, 0x87FFF)
#: (asid, root): one root has two ASIDs, one ASID has two roots.
SPACES = ((1, ROOTS[0]), (2, ROOTS[0]), (3, ROOTS[1]), (1, ROOTS[1]))
#: Tables by level; the last page serves at both.
TABLES = ((0x80001, 0x80002, 0x80003), (0x80004, 0x80003), ROOTS)
VA = 0x12_3456_7000
ADDRESSES = (VA, VA ^ 1 << 12, VA ^ 1 << 21, VA ^ 1 << 30)
PERMISSIONS = (R, R | W, R | W | X, R | W | X, R | W | X, X)
DATA_KINDS = tuple(kind for kind in ACCESSES if kind != "FETCH")
STEPS = 16


def wander(seed: str) -> Sequence:
    """The sequence of `seed`."""
    rng = random.Random(seed)
    sequence = Sequence(f"wander {seed!r}")
    latency, stalls = rng.choice((1, 1, 2, 5)), rng.choice((0, 0, 100))
    sequence.memory(rng.getrandbits(60), latency, stalls)
    for table_level, tables in enumerate(TABLES):
        for table in tables:
            for va in ADDRESSES:
                sequence.poke(_slot(table, table_level, va), _pte(rng, table_level, 0.9))
    for number in range(STEPS):
        _step(sequence, rng, full=number % 5 == 4)
    return sequence


def _step(sequence, rng, *, full):
    """Some changes and requests; `full` says that everything is fenced first."""
    if full:
        sequence.fence()
    elif rng.random() < 0.4:
        sequence.fence(*_some_fence(rng))
    asid, root = rng.choice(SPACES)
    updating = rng.random() < 0.25
    context = _request(rng, asid, root)
    if updating:
        context = replace(context, sv39=1, adue=1)
    sequence.context(context)
    for _ in range(rng.choice((0, 1, 1, 2))):
        level = rng.choice((0, 0, 0, 1, 1, 2))
        slot = _slot(rng.choice(TABLES[level]), level, rng.choice(ADDRESSES))
        sequence.poke(slot, _pte(rng, level, 0.8), _when(rng))
    if rng.random() < 0.3:
        sequence.fence(*_some_fence(rng), when=1 + rng.randrange(14))
    if updating:
        request = _request(rng, asid, root, context)
        sequence.ask(request, UPDATE)
        if rng.random() < 0.5:
            # Wherever the leaf is, if it is a small page's: it changes when it has been read.
            when = 4 + rng.randrange(4)
            for table in TABLES[0]:
                sequence.poke(_slot(table, 0, request.va), _pte(rng, 0, 0.9), when)
    ports = rng.choice((DATA, DATA, FETCH, FETCH, None))
    for port in (DATA, FETCH):
        if ports in (port, None):
            asked = _request(rng, asid, root, context, port)
            sequence.ask(asked, port, when=rng.choice((1, 1, 1, 2, 3, 5)))
            if rng.random() < 0.1:
                sequence.squash(port, rng.randrange(1, 14))
    rest = rng.choice((0, 0, 3))
    if not updating and rng.random() < 0.2:
        other = _request(rng, *rng.choice(SPACES))
        sequence.context(other, 1 + rng.randrange(14))
        # A walk for the context that has gone may still be under way.
        rest = 60
    sequence.run(rest)


def _when(rng):
    return 0 if rng.random() < 0.6 else 1 + rng.randrange(14)


def _slot(table, level, va):
    return (table << 12) + (va >> 12 + 9 * level & 511) * 8


def _pte(rng, level, good):
    """A pointer or a leaf for a table of `level`, with `good` chance a usable one."""
    flags = rng.choice((0, 0, 0, 0, G))
    if level and rng.random() < 0.7:
        pte = rng.choice(TABLES[level - 1]) << 10 | V | flags
    else:
        ppn = rng.choice((0x80000, 0x84000, 0x87E00)) + rng.randrange(512)
        flags |= rng.choice((0, U)) | rng.choice((0, A, A | D, A | D, A | D))
        pte = ppn >> 9 * level << 9 * level + 10 | V | rng.choice(PERMISSIONS) | flags
    return pte if rng.random() < good else rng.choice((0, 0, pte ^ 1 << rng.choice((0, 1, 54, 63))))


def _some_fence(rng):
    return rng.choice((None, *ADDRESSES)), rng.choice((None, 1, 2, 3))


def _request(rng, asid, root, context=None, port=UPDATE):
    """A request, in `context` if there is one."""
    kinds = {DATA: DATA_KINDS, FETCH: ("FETCH",)}.get(port, tuple(ACCESSES))
    request = Request(
        rng.choice(ADDRESSES) | rng.getrandbits(12),
        rng.choice(kinds),
        rng.choice("SSU"),
        rng.random() < 0.95,
        root,
        asid,
        rng.getrandbits(1),
        rng.getrandbits(1),
        rng.getrandbits(1),
    )
    if context is None:
        return request
    return Request(
        request.va,
        request.access,
        request.priv,
        context.sv39,
        root,
        asid,
        context.sum_,
        context.mxr,
        context.adue,
    )
