"""A page table of three tables that can be taken in at a glance."""

from hdl.arch import PTE_SIZE, Pte, make_pte
from sim.exercises.mmu import Access, Context
from sim.exercises.tables import USER

__all__ = ["LEAF", "MEMORY", "MIDDLE", "PAGE", "ROOT", "VA", "fetch", "load", "store"]

#: VPN[2] is 1, VPN[1] is 2, VPN[0] is 3, and the offset 0x458.
VA = 1 << 30 | 2 << 21 | 3 << 12 | 0x458
TOP, LEVEL1, LEVEL0, PAGE = 0x8010_0000, 0x8010_1000, 0x8010_2000, 0x8020_0000
#: Where the entries for `VA` are, from the root's to the leaf.
ROOT, MIDDLE, LEAF = TOP + 1 * PTE_SIZE, LEVEL1 + 2 * PTE_SIZE, LEVEL0 + 3 * PTE_SIZE
MEMORY = {
    ROOT: make_pte(LEVEL1, Pte.V),
    MIDDLE: make_pte(LEVEL0, Pte.V),
    LEAF: make_pte(PAGE, USER),
}


def load(va=VA, **state):
    return Access("ld a0, (a1)", "load", va, Context(TOP, **state))


def store(va=VA, **state):
    return Access("sd a0, (a1)", "store", va, Context(TOP, **state))


def fetch(va=VA, **state):
    return Access("the instruction", "fetch", va, Context(TOP, **state), 4)
