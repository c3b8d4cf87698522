"""Random blocks that change page-table entries, and fence them in every way that is enough."""

from hdl.arch import PAGE_SIZE, Csr, Mstatus, Pte, make_pte
from tests.verify.lockstep import encode
from tests.verify.lockstep.encode import amo, csr, i_type, jal, li, s_type, sfence
from tests.verify.lockstep.handlers import RESUME
from tests.verify.lockstep.maker import NEXT_BLOCK, POINTERS, TEMPORARY, Maker
from tests.verify.lockstep.world import DATA, DATA_PAGES, EDITABLE, RAM, Editable, asids, bent

__all__ = ["edit"]

_T0, _T1, _T2 = TEMPORARY
#: No `satp` has this one.
_UNUSED_ASID = 0x5A5A
_FLAGS = (0xCF, 0xCF, 0xC7, 0x4F, 0x0F, 0xCB)


def edit(m: Maker) -> None:
    """Changes a PTE and fences it; accesses what it maps before and after."""
    random = m.random
    if m.mode == 0:
        m.access()
        return
    live = [place for place in EDITABLE if m.root in place.roots]
    place = random.choice(live if random.random() < 0.8 else EDITABLE)
    index = place.first + random.randrange(place.count)
    va, pointer = _address(random, place, index), random.choice(POINTERS)
    # Where it is not allowed to fence, the PTE stays as it is.
    m.put(*li(_T2, _UNUSED_ASID), sfence(_T2, _T2))
    _permit(m, place.user)
    m.put(*li(pointer, va))
    if random.random() < 0.75:
        _before(m, pointer)
    # If a trap does not come back to what follows, `RESUME` leads to a fence of everything.
    _otherwise(m, sfence(0, 0), target=NEXT_BLOCK)
    pte = _entry(random, place, index)
    m.put(*li(_T0, place.table + 8 * index), *li(_T1, pte))
    m.put(s_type(3, _T0, _T1, 0) if random.random() < 0.8 else amo(1, 3, 0, _T0, _T1))
    _fence(m, place, index)
    for _ in range(random.randrange(1, 4)):
        load = i_type(0x03, random.choice((3, 3, 0)), m.dest(), pointer, 0)
        m.put(load if random.random() < 0.6 else s_type(3, pointer, m.source(), 0))
    if m.mode == 3:
        m.put(*li(_T1, 1 << Mstatus.MPRV), csr(3, 0, Csr.MSTATUS, _T1))


def _permit(m, user):
    """Lets S-mode access user pages where there is need, and M-mode access as S-mode does."""
    bits = (1 << Mstatus.SUM) * (user is not False and m.random.random() < 0.9)
    if m.mode == 3:
        m.put(*li(_T0, 3 << Mstatus.MPP), csr(3, 0, Csr.MSTATUS, _T0))
        bits |= 1 << Mstatus.MPRV | 1 << Mstatus.MPP
    if bits:
        m.put(*li(_T0, bits), csr(2, 0, Csr.MSTATUS if m.mode == 3 else Csr.SSTATUS, _T0))


def _before(m, pointer):
    """An access which goes on behind itself if it faults."""
    # The jump, where to resume, the access.
    after = m.number + 4
    _otherwise(m, target=after)
    m.put(i_type(0x03, m.random.choice(encode.LOADS), m.dest(), pointer, 0))
    assert m.number + 1 == after


def _otherwise(m, *words, target):
    """From here on, after an exception `words` are executed, and what follows at `target`."""
    m.put(jal(RESUME, 0), fix="jal", target=m.number + 3 + len(words))
    m.put(*words)
    m.put(jal(0, 0), fix="jal", target=target)


def _address(random, place, index):
    """An address that the entry maps, of a doubleword of data."""
    start = place.base + (index << 12 + 9 * place.level)
    if place.level:
        start += DATA - RAM + random.randrange(DATA_PAGES) * PAGE_SIZE
    return start + random.choice((0, 0, random.randrange(0, PAGE_SIZE, 8)))


def _entry(random, place, index):
    """What an entry becomes."""
    user = random.random() < 0.5 if place.user is None else place.user
    flags = random.choice(_FLAGS) | user * Pte.U
    if place.level == 0:
        pte = make_pte(DATA + (index - place.first) * PAGE_SIZE, flags)
        return bent(random, pte, 0, shared=place.shared) if random.random() < 0.4 else pte
    pte = make_pte(RAM + (random.random() < 0.25) * (1 << 21), flags)
    if place.below is None:
        return pte & ~Pte.V if random.random() < 0.15 else pte
    if random.random() < 0.45:
        return make_pte(place.below, Pte.V)
    return bent(random, pte, 1, shared=False) if random.random() < 0.3 else pte


def _fence(m: Maker, place: Editable, index: int) -> None:
    """One fence that is enough, or one for each address space that may have used the entry.

    A fence of an address orders leaves only. What both roots share may be mapped a second time, and
    may be global, for which a fence of an address space is not enough.
    """
    random = m.random
    address = 0
    if place.below is None and not place.shared and random.random() < 0.6:
        address = _T0
        size = PAGE_SIZE << 9 * place.level
        m.put(*li(_T0, place.base + index * size + random.choice((0, random.randrange(size)))))
    if place.shared or random.random() < 0.5:
        m.put(sfence(address, 0))
        return
    (root,) = place.roots
    for asid in random.sample(asids(root), len(asids(root))):
        m.put(*li(_T1, asid), sfence(address, _T1))
