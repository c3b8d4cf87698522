"""Random blocks that change physical memory protection, which then holds for what follows.

On the hart nothing of an entry is in a TLB, but what a walk has read before is; on Spike a write of
an entry empties the TLB. So a fence follows the writes.
"""

from hdl.arch import PAGE_SIZE, PMPADDRS, PMPCFGS
from tests.verify.golden.pmp import NA4, NAPOT, OFF, TOR, L, R, W, X, napot
from tests.verify.lockstep.blocks import borrow, memory
from tests.verify.lockstep.encode import csr, li, sfence
from tests.verify.lockstep.handlers import OPEN
from tests.verify.lockstep.maker import TEMPORARY, Maker
from tests.verify.lockstep.world import BOOT, CODE, CODE_PAGES, DATA, DATA_PAGES, ROOTS, TABLES

__all__ = ["ENTRIES", "SETTINGS", "protect"]

_T0, _T1, _ = TEMPORARY
ENTRIES = 8
#: The entries that change. The ones before are those without which there is no way on: the way in
#: and the handlers, and the root page tables. The one behind lets everything happen.
_OWN = range(2, ENTRIES - 1)
#: The CSRs at first.
SETTINGS = (
    (PMPADDRS[0], napot(BOOT, CODE - BOOT)),
    (PMPADDRS[1], napot(ROOTS[0], 2 * PAGE_SIZE)),
    (PMPADDRS[ENTRIES - 1], (1 << 54) - 1),
    (PMPCFGS[0], OPEN),
)
#: What may be protected, and how often each is; what the entries let happen there. Code and page
#: tables must be there for M-mode, and at last for the others, too: see `handlers`.
_DATA = range(DATA, DATA + DATA_PAGES * PAGE_SIZE)
_PLACES = {
    _DATA: 6,
    range(CODE, CODE + CODE_PAGES * PAGE_SIZE): 4,
    range(TABLES + len(ROOTS) * PAGE_SIZE, TABLES + 16 * PAGE_SIZE): 3,
}
_PERMISSIONS = (0, R, R, R | W, R | X, X, W, R | W | X)
#: Bytes of NAPOT regions, as powers of two; each place consists of the largest ones.
_SIZES = (3, 3, 4, 5, 8, 12, 12, 13, 14)


def protect(m: Maker) -> None:
    """Writes entries, and accesses memory that they may protect."""
    random = m.random
    if m.mode != 3:
        memory(m)
        return
    for _ in range(random.choice((1, 1, 2, 3))):
        _write_entry(m)
    if random.random() < 0.2:
        _write_what_is_not_there(m)
    m.put(sfence(0, 0))
    if random.random() < 0.5:
        m.put(csr(2, m.dest(), random.choice((PMPCFGS[0], *PMPADDRS[:ENTRIES])), 0))
    if random.random() < 0.8:
        borrow(m)


def _write_entry(m):
    """Puts another region into an entry, and perhaps something senseless before."""
    random = m.random
    number, byte = random.choice(_OWN), 0xFF
    place = random.choices(list(_PLACES), list(_PLACES.values()))[0]
    kind = random.choice((TOR, TOR, NAPOT, NAPOT, NAPOT, NA4 if m.grain == 4 else NAPOT, OFF))
    first, last = _region(m, place, kind)
    config = kind | random.choice(_PERMISSIONS) | random.getrandbits(2) << 5
    if place is _DATA:
        m.edges = [*m.edges[-9:], first, (first + last) // 2 & -8, last]
        config |= L * (random.random() < 0.06)
    m.put(*li(_T0, byte << 8 * number), csr(3, m.dest(), PMPCFGS[0], _T0))
    if random.random() < 0.2:
        m.put(*li(_T0, m.value()), csr(random.randrange(1, 4), m.dest(), PMPADDRS[number], _T0))
    if kind == TOR and number - 1 in _OWN:
        m.put(*li(_T0, first >> 2), csr(1, m.dest(), PMPADDRS[number - 1], _T0))
    encoded = napot(first, last - first) if kind == NAPOT else (last if kind == TOR else first) >> 2
    m.put(*li(_T0, encoded), csr(1, m.dest(), PMPADDRS[number], _T0))
    m.put(*li(_T0, config << 8 * number), csr(2, m.dest(), PMPCFGS[0], _T0))


def _region(m, place, kind):
    """Where a region in `place` begins, and where it ends."""
    random = m.random
    if kind == TOR:
        ends = (random.randrange(place.start, place.stop, m.grain) for _ in range(2))
        first, last = sorted(ends)
        return first, last
    size = 4 if kind == NA4 else max(m.grain, 1 << random.choice(_SIZES))
    first = random.randrange(place.start, place.stop) & -size
    return first, first + size


def _write_what_is_not_there(m):
    """Entries of a larger hart, whose CSRs read 0."""
    absent = m.random.choice((PMPCFGS[1], *PMPADDRS[ENTRIES:]))
    m.put(*li(_T0, m.value()), csr(1, 0, absent, _T0), csr(2, m.dest(), absent, 0))
