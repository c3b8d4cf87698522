"""Sv39 as one combinational function: the walk unrolled, with all three PTEs in view at once.

Written from the numbered steps of the privileged specification, "Virtual Address Translation
Process", with bit numbers of its own; `hdl/mmu/walker.py` does the same in time.
"""

from functools import reduce
from operator import or_

from amaranth.hdl import Cat, Const, Mux, Signal

from hdl.mmu.vocabulary import Access, Fault
from tests.verify.formal.permission import WRITING, broken

__all__ = ["LEVELS", "Walk", "permits"]

LEVELS = (2, 1, 0)
READING = (Access.LOAD, Access.LR, Access.AMO)


def _one_of(access, kinds):
    return reduce(or_, (access == kind for kind in kinds))


def permits(pte, access, supervisor, sum_, mxr):
    """Steps 6 to 8: whether the leaf `pte` (64 bits, not malformed) lets `access` pass."""
    r, w, x, u = pte[1], pte[2], pte[3], pte[4]
    fetch = access == Access.FETCH
    reaches = Mux(supervisor, ~u | (sum_ & ~fetch), u)
    reads = Mux(_one_of(access, (Access.LOAD, Access.LR)), r | (x & mxr), r)
    return (
        reaches
        & (~fetch | x)
        & (~_one_of(access, READING) | reads)
        & (~_one_of(access, WRITING) | w)
    )


class Walk:
    """The walk for `key` (a `WalkKey`) through the PTEs `ptes[level]`, 64 bits each.

    It starts in the table with page number `root`. `errors[level]` says that the bus refused the
    read of that PTE, `is_ram` of an address whether page tables may lie there. PTEs that the walk
    does not reach do not matter.

    Attributes
    ----------
    address : dict of Signal(56)
        Of each level's PTE, given the PTEs above it.
    wanted : dict of Signal(1)
        The walk reaches this level, and its PTE lies where it may be read.
    pointed : dict of Signal(1)
        The walk reaches this level, wherever its PTE lies.
    g_above : dict of Signal(1)
        A pointer on the way to this level has G set.
    found : Signal(1)
        There is a leaf, whatever its permissions.
    fault : Signal(Fault)
        How it ends; NONE if the leaf is good or only lacks A or D.
    update : Signal(1)
        The access is permitted, but A or D has to be set first.
    level, leaf : Signal(2), Signal(64)
        The leaf, valid with `found`.
    g : Signal(1)
        The mapping is global: the leaf or a pointer to it has G set.
    """

    def __init__(self, m, key, root, ptes, errors, is_ram):
        self.address = {level: Signal(56) for level in LEVELS}
        self.wanted = {level: Signal() for level in LEVELS}
        self.pointed = {level: Signal() for level in LEVELS}
        self.g_above = {level: Signal() for level in LEVELS}
        self.found, self.fault, self.update = Signal(), Signal(Fault), Signal()
        self.level, self.leaf, self.g = Signal(2), Signal(64), Signal()
        table, reached, g = root, Const(1), Const(0)
        refused, broken_off, found = Const(0), Const(0), Const(0)
        for level in LEVELS:
            pte, field = ptes[level], key.vpn.word_select(level, 9)
            m.d.comb += [
                self.address[level].eq(Cat(Const(0, 3), field, table)),
                self.pointed[level].eq(reached),
                self.g_above[level].eq(g),
                self.wanted[level].eq(reached & is_ram(self.address[level])),
            ]
            read = self.wanted[level] & ~errors[level]
            bad = broken(pte, Const(level, 2))
            pointer = ~bad & ~pte[1] & ~pte[2] & ~pte[3]
            leaf = read & ~bad & ~pointer
            with m.If(leaf):
                m.d.comb += [self.level.eq(level), self.leaf.eq(pte), self.g.eq(g | pte[5])]
            refused |= reached & ~read
            broken_off |= read & bad
            found |= leaf
            table, reached, g = pte[10:54], read & pointer, g | pte[5]
        m.d.comb += self.found.eq(found)
        self._judge(m, key, refused, broken_off)

    def of(self, values, level):
        """The one of `values`, a dict by level, for `level` (2 bits)."""
        return Mux(level == 2, values[2], Mux(level == 1, values[1], values[0]))

    def _judge(self, m, key, refused, broken_off):
        """Steps 6 to 9: permission, then A and D."""
        access, leaf = key.access, self.leaf
        permitted = permits(leaf, access, key.priv[0], key.sum_, key.mxr)
        lacks = ~leaf[6] | (~leaf[7] & _one_of(access, WRITING))
        page = broken_off | (self.found & (~permitted | (lacks & ~key.adue)))
        with m.If(refused):
            m.d.comb += self.fault.eq(Fault.ACCESS)
        with m.Elif(page):
            m.d.comb += self.fault.eq(Fault.PAGE)
        m.d.comb += self.update.eq(self.found & permitted & lacks & key.adue)
